//! `lenet-infer board eval`: a board's score on a data set that goes over the link.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::idx;
use lenet_infer::link::Classification;
use lenet_infer::{Engine, Model, Prediction};
use serde_json::json;

use super::Board;
use super::args::BoardEvalArgs;
use crate::text::{STDOUT, percent, printable, progress_bar, thousands};

/// The board's answers about the images, summed up.
#[derive(Debug, Default)]
struct Score {
    correct: usize,
    /// The images, counted from 0, on which the host's answer differs.
    mismatches: Vec<usize>,
    /// The cycles of each image, in order.
    cycles: Vec<u32>,
    /// The largest stack of any image, in bytes.
    stack: u32,
}

impl Score {
    fn add(&mut self, said: &Classification, expected: &Prediction<'_>, label: u8) {
        let equal = said.logits() == expected.logits
            && (said.class, said.confidence) == (expected.class, expected.confidence);
        if !equal {
            self.mismatches.push(self.cycles.len());
        }
        self.correct += usize::from(said.class == label);
        self.cycles.push(said.cycles);
        self.stack = self.stack.max(said.stack);
    }

    /// The fewest, median and most cycles of an image.
    ///
    /// # Panics
    ///
    /// If there is no image.
    fn cycles(&self) -> [u32; 3] {
        let mut sorted = self.cycles.clone();
        sorted.sort_unstable();
        [sorted[0], sorted[sorted.len() / 2], sorted[sorted.len() - 1]]
    }
}

pub(super) fn run(
    board: &mut Board,
    args: &BoardEvalArgs,
    model: &Model<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let samples = load(args)?;
    let mut engine = Engine::new(model);
    let mut score = Score::default();
    let bar = progress_bar(samples.len());
    let start = Instant::now();
    for (index, (image, label)) in bar.wrap_iter(samples.iter()).enumerate() {
        let said = board
            .client
            .classify(image)
            .with_context(|| format!("image {} of {}", index + 1, samples.len()))?;
        score.add(&said, &engine.classify(image), *label);
    }
    let rate = samples.len() as f64 / start.elapsed().as_secs_f64();
    bar.finish_and_clear();

    if json {
        writeln!(out, "{}", object(board, &score, rate)).context(STDOUT)?;
    } else {
        print(board, &score, rate, out).context(STDOUT)?;
    }
    Ok(if score.mismatches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Loads the first images of the set, as many as the flags ask for, each with its label.
pub(super) fn load(args: &BoardEvalArgs) -> Result<Vec<([u8; IMAGE_PIXELS], u8)>> {
    let set = idx::load(&args.data, args.part.idx())?;
    let limit = args.limit.map_or(set.len(), |limit| limit as usize);
    Ok(set.images.into_iter().zip(set.labels).take(limit).collect())
}

fn object(board: &Board, score: &Score, rate: f64) -> serde_json::Value {
    let [min, median, max] = score.cycles();
    json!({
        "board": board.about.board,
        "unit": board.about.unit,
        "images": score.cycles.len(),
        "correct": score.correct,
        "accuracy": score.correct as f64 / score.cycles.len() as f64,
        "mismatches": score.mismatches.len(),
        "min": min,
        "median": median,
        "max": max,
        "stack": score.stack,
        "images_per_second": rate,
        "resent": board.client.resent(),
    })
}

fn print(board: &Board, score: &Score, rate: f64, out: &mut impl Write) -> io::Result<()> {
    let count = score.cycles.len();
    let images = thousands(count as u64);
    let correct = thousands(score.correct as u64);
    let accuracy = percent(score.correct as f64 / count as f64);
    let mismatches = thousands(score.mismatches.len() as u64);
    let [min, median, max] = score.cycles().map(|cycles| thousands(cycles.into()));
    let resent = thousands(board.client.resent());
    writeln!(out, "board     {}", printable(&board.about.board))?;
    writeln!(out, "accuracy  {accuracy} ({correct} of {images} images)")?;
    writeln!(out, "mismatch  {mismatches} of {images} images with a logit that is not the host's")?;
    if let Some(first) = score.mismatches.first() {
        writeln!(out, "          the first is image {first} (counted from 0)")?;
    }
    writeln!(
        out,
        "time      min {min}, median {median}, max {max} {} an image",
        printable(&board.about.unit)
    )?;
    writeln!(out, "stack     {} bytes for an image", thousands(score.stack.into()))?;
    writeln!(out, "speed     {rate:.1} images/s over the link, {resent} requests sent again")
}
