//! `lenet-infer classify`: tells which class each picture shows.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use lenet_infer::{Metadata, Model, ModelFile, Prediction};
use serde_json::{Value, json};

use crate::cli::ClassifyArgs;
use crate::confidence::{enough, is_confident};
use crate::picture::{Image, Reader, digit_object};
use crate::preview;
use crate::text::{STDOUT, class_name, odds, printable};
use lenet_infer::host::PreparedEngine;
use lenet_infer::host::evaluation::{CONFIDENCE_STEPS, logit_scale};

/// The width of a full bar, in columns.
const BAR_COLUMNS: usize = 24;
/// The largest number of bars: the lines that a preview has left.
const BARS: usize = preview::LINES - 4;
/// A confidence of at least this is sure: odds of 1,000 to 1.
const SURE_FROM: u16 = 1_768;

pub(crate) fn run(
    args: &ClassifyArgs,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let mut engine = PreparedEngine::new(&file.model);
    let mut reader = Reader::new(args);
    let style = Style::of_stdout(args.show);
    let (mut images, mut failed) = (Vec::new(), Vec::new());
    for path in &args.pictures {
        match reader.read(path, &mut engine, enough(&file.model))? {
            Ok(image) => {
                let mut answer = Answer::new(&file.model, &file.metadata, engine.classify(image.pixels()));
                answer.confident &= !image.is_guess();
                if json {
                    images.push(object(path, &image, &answer));
                } else {
                    print(out, style, path, &image, &answer).context(STDOUT)?;
                }
            }
            Err(failure) => failed.push(failure.report(path)),
        }
    }
    let code = if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if json {
        writeln!(out, "{}", json!({ "images": images, "failed": failed })).context(STDOUT)?;
    }
    Ok(code)
}

/// How to print for the terminal.
#[derive(Clone, Copy, Debug)]
struct Style {
    preview: bool,
    color: bool,
}

impl Style {
    fn of_stdout(show: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        // <https://no-color.org>
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { preview: show || terminal, color: terminal && !refused && !dumb }
    }
}

/// A prediction, with what the model file adds to it.
struct Answer<'a> {
    metadata: Metadata<'a>,
    confident: bool,
    prediction: Prediction<'a>,
    /// What the model gives each class, 0 to 1: the softmax of the logits. The engine itself needs none.
    probabilities: Vec<f64>,
}

impl<'a> Answer<'a> {
    fn new(model: &Model<'_>, metadata: &Metadata<'a>, prediction: Prediction<'a>) -> Self {
        let probabilities = softmax(prediction.logits, logit_scale(model));
        let confident = is_confident(model, &prediction);
        Self { metadata: *metadata, confident, prediction, probabilities }
    }

    fn name(&self, class: usize) -> String {
        class_name(&self.metadata, class)
    }

    fn in_words(&self) -> &'static str {
        match self.prediction.confidence {
            _ if !self.confident => "unsure: perhaps none of the classes",
            ..SURE_FROM => "fairly sure",
            _ => "sure",
        }
    }

    /// The class with the second largest logit.
    fn runner_up(&self) -> usize {
        let Prediction { class, logits, .. } = &self.prediction;
        let others = (0..logits.len()).filter(|other| *other != usize::from(*class));
        others.rev().max_by_key(|other| logits[*other]).unwrap_or_default()
    }

    /// At most [`BARS`] of the likeliest classes, in the order of the classes.
    fn likeliest(&self) -> Vec<usize> {
        let mut classes: Vec<usize> = (0..self.probabilities.len()).collect();
        classes.sort_by_key(|class| std::cmp::Reverse(self.prediction.logits[*class]));
        classes.truncate(BARS);
        classes.sort_unstable();
        classes
    }
}

fn object(path: &Path, image: &Image, answer: &Answer<'_>) -> Value {
    let Prediction { class, logits, margin, confidence, .. } = &answer.prediction;
    json!({
        "path": path.to_string_lossy(),
        "inverted": image.inverted(),
        "digit": image.digit().map(digit_object),
        "class": class,
        "name": answer.metadata.class_name(*class),
        "confident": answer.confident,
        "confidence": confidence,
        "margin": margin,
        "logits": logits,
        "probabilities": answer.probabilities,
    })
}

fn print(
    out: &mut impl Write,
    style: Style,
    path: &Path,
    image: &Image,
    answer: &Answer<'_>,
) -> io::Result<()> {
    writeln!(out, "{}{}", printable(&path.to_string_lossy()), image.in_words())?;
    let text = lines(answer, style.color);
    let preview = if style.preview { preview::lines(image.pixels(), style.color) } else { Vec::new() };
    for index in 0..text.len().max(preview.len()) {
        let line = text.get(index).map_or("", String::as_str);
        match preview.get(index) {
            Some(pixels) => writeln!(out, "  {pixels}  {line}")?,
            None if line.is_empty() => writeln!(out)?,
            None => writeln!(out, "  {line}")?,
        }
    }
    writeln!(out)
}

/// The lines of an answer: the class, its confidence, and a bar for each of the likeliest classes.
fn lines(answer: &Answer<'_>, color: bool) -> Vec<String> {
    let Prediction { class, confidence, .. } = answer.prediction;
    let bold = |line: String| if color { format!("\x1b[1m{line}\x1b[0m") } else { line };
    let nats = f64::from(confidence) / CONFIDENCE_STEPS;
    let classes = answer.likeliest();
    let names: Vec<String> = classes.iter().map(|&class| answer.name(class)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let bars = classes.iter().zip(&names).map(|(&bar_class, name)| {
        let probability = answer.probabilities[bar_class];
        let line = format!("{name:width$} {} {:5.1} %", bar(probability), 100.0 * probability);
        if bar_class == usize::from(class) { bold(line) } else { line }
    });
    let head = [
        bold(format!("{}, {}", answer.name(usize::from(class)), answer.in_words())),
        format!("confidence {confidence} ({nats:.1} nats)"),
        format!("odds {} against {}", odds(confidence), answer.name(answer.runner_up())),
        String::new(),
    ];
    head.into_iter().chain(bars).collect()
}

/// The probability of each class by logits in units of `scale` nats.
fn softmax(logits: &[i32], scale: f64) -> Vec<f64> {
    let largest = logits.iter().copied().max().unwrap_or_default();
    let weights = logits.iter().map(|&logit| ((f64::from(logit) - f64::from(largest)) * scale).exp());
    let weights: Vec<f64> = weights.collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Draws a bar of [`BAR_COLUMNS`] columns for a fraction from 0 to 1, to an eighth of a column.
fn bar(fraction: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (fraction * (8 * BAR_COLUMNS) as f64).round() as usize;
    let filled = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    format!("{filled:BAR_COLUMNS$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_core::shape::IMAGE_PIXELS;
    use lenet_infer::SHIPPED;

    /// An answer of the shipped model with other logits.
    fn answer(logits: &[i32]) -> Answer<'_> {
        let engine = Box::leak(Box::new(PreparedEngine::new(&SHIPPED.model)));
        let mut prediction = engine.classify(&[0; IMAGE_PIXELS]);
        prediction.class = (0..logits.len()).rev().max_by_key(|class| logits[*class]).unwrap() as u8;
        prediction.logits = logits;
        Answer::new(&SHIPPED.model, &SHIPPED.metadata, prediction)
    }

    #[test]
    fn a_bar_is_as_long_as_its_fraction_to_an_eighth_of_a_column() {
        assert_eq!(bar(0.0), " ".repeat(BAR_COLUMNS));
        assert_eq!(bar(1.0), "█".repeat(BAR_COLUMNS));
        assert_eq!(bar(0.5), "█".repeat(12) + &" ".repeat(12));
        assert_eq!(bar(1.0 / 192.0), "▏".to_owned() + &" ".repeat(23));
    }

    #[test]
    fn probabilities_are_the_softmax_of_the_logits_in_nats() {
        let probabilities = softmax(&[0, 0, 1_000, 0, 0, 0, 0, 0, 0, 0], 3.0_f64.ln() / 1e3);
        assert!((probabilities[2] - 3.0 / 12.0).abs() < 1e-12);
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn extreme_logits_and_a_scale_of_zero_leave_probabilities_finite() {
        assert_eq!(softmax(&[i32::MIN, i32::MAX, 0], 1.0), [0.0, 1.0, 0.0]);
        assert_eq!(softmax(&[i32::MIN, i32::MAX, 0, 0], 0.0), [0.25; 4]);
    }

    #[test]
    fn the_runner_up_is_the_first_of_the_second_largest_logits() {
        assert_eq!(answer(&[3, 9, 1, 7, 7, 0, 0, 0, 0, 0]).runner_up(), 3);
        assert_eq!(answer(&[5; 10]).runner_up(), 1);
    }

    #[test]
    fn of_many_classes_the_likeliest_have_bars() {
        let logits: Vec<i32> = (0..30).map(|class| class * 7 % 30).collect();
        let likeliest = answer(&logits).likeliest();
        assert_eq!(likeliest.len(), BARS);
        assert!(likeliest.is_sorted() && likeliest.iter().all(|&class| logits[class] >= 20));
    }

    #[test]
    fn confidence_is_told_in_words_by_the_odds() {
        let mut told = answer(&[0; 10]);
        let mut in_words = |confident, confidence| {
            (told.confident, told.prediction.confidence) = (confident, confidence);
            told.in_words()
        };
        assert!(in_words(false, 5_000).starts_with("unsure"));
        assert_eq!((in_words(true, 768), in_words(true, 1_768)), ("fairly sure", "sure"));
    }
}
