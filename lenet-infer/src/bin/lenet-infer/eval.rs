//! `lenet-infer eval`: how well and how fast the model classifies a data set.

use std::hint::black_box;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use cpu_time::ThreadTime;
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use lenet_infer::evaluation::{Evaluation, evaluate};
use lenet_infer::{Engine, Model, idx};
use serde_json::json;

use crate::cli::EvalArgs;
use crate::text::{STDOUT, percent, progress_bar, thousands};

/// CPU time that a measurement lasts at least.
const MIN_TIME: Duration = Duration::from_millis(300);
/// Images between two looks at the clock, at least: some 10 ms.
const MIN_IMAGES: usize = 1_000;

pub(crate) fn run(args: &EvalArgs, model: &Model<'_>, json: bool, out: &mut impl Write) -> Result<ExitCode> {
    let set = idx::load(&args.data, args.part.idx())?;
    let bar = progress_bar(set.len());
    let evaluation = evaluate(model, bar.wrap_iter((&set).into_iter()));
    bar.finish_and_clear();
    let images_per_second = images_per_second(model, &set.images).context("cannot read the CPU time")?;
    if json {
        let object = json!({
            "accuracy": evaluation.accuracy(),
            "correct": evaluation.correct(),
            "images": evaluation.images(),
            "images_per_second": images_per_second,
            "recall": evaluation.recall(),
            "confusion": evaluation.confusion,
        });
        writeln!(out, "{object}").context(STDOUT)?;
    } else {
        print(out, &evaluation, images_per_second).context(STDOUT)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Images over the CPU time of this thread, over whole passes through `images`, which are not none.
fn images_per_second(model: &Model<'_>, images: &[[u8; IMAGE_PIXELS]]) -> io::Result<f64> {
    let mut engine = Engine::new(*model);
    let passes = MIN_IMAGES.div_ceil(images.len());
    let mut classified = 0;
    let start = ThreadTime::try_now()?;
    loop {
        for _ in 0..passes {
            for image in images {
                black_box(engine.classify(image));
            }
        }
        classified += passes * images.len();
        let elapsed = start.try_elapsed()?;
        if elapsed >= MIN_TIME {
            return Ok(classified as f64 / elapsed.as_secs_f64());
        }
    }
}

fn print(out: &mut impl Write, evaluation: &Evaluation, images_per_second: f64) -> io::Result<()> {
    let correct = thousands(evaluation.correct() as u64);
    let images = thousands(evaluation.images() as u64);
    let rate = thousands(images_per_second.round() as u64);
    writeln!(out, "accuracy  {} ({correct} of {images} images)", percent(evaluation.accuracy()))?;
    writeln!(out, "speed     {rate} images/s on one thread")?;
    writeln!(out)?;

    let predicted: String = (0..CLASSES).map(|class| format!("{class:>7}")).collect();
    writeln!(out, "label  predicted as")?;
    writeln!(out, "     {predicted}     recall")?;
    for (label, (row, recall)) in evaluation.confusion.iter().zip(evaluation.recall()).enumerate() {
        let cells: String = row.iter().map(|&images| format!("{:>7}", cell(images))).collect();
        let recall = recall.map_or("no images".to_owned(), percent);
        writeln!(out, "{label:>5}{cells}  {recall:>9}")?;
    }
    Ok(())
}

/// A dot for none, so that mistakes stand out.
fn cell(images: u32) -> String {
    if images == 0 { "·".to_owned() } else { images.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_label_and_a_dot_for_none() {
        let mut evaluation = Evaluation::default();
        evaluation.confusion[0][0] = 980;
        evaluation.confusion[1][7] = 20;
        let mut out = Vec::new();
        print(&mut out, &evaluation, 43_210.4).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "speed     43,210 images/s on one thread");
        assert_eq!(lines.len(), 5 + CLASSES);
        assert_eq!(lines[5].split_whitespace().collect::<Vec<_>>()[..3], ["0", "980", "·"]);
        assert!(lines[5].ends_with("  100.00 %") && lines[6].ends_with("    0.00 %"));
        assert!(lines[7].ends_with("no images"));
    }
}
