//! `lenet-infer classify`: which digit each picture shows.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use lenet_core::shape::CLASSES;
use lenet_infer::{Engine, Model, Prediction};
use serde_json::{Value, json};

use crate::cli::ClassifyArgs;
use crate::picture::{self, Picture};
use crate::preview;
use crate::text::{STDOUT, print_error, thousands};
use lenet_infer::evaluation::{CONFIDENCE_STEPS, logit_scale};

/// Columns of a full bar.
const BAR_COLUMNS: usize = 24;

pub(crate) fn run(
    args: &ClassifyArgs,
    model: &Model<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let mut engine = Engine::new(*model);
    let scale = logit_scale(model);
    let style = Style::of_stdout(args.show);
    let (mut images, mut failed) = (Vec::new(), Vec::new());
    for path in &args.images {
        match picture::load(path, args.invert) {
            Ok(picture) => {
                let prediction = engine.classify(&picture.pixels);
                if json {
                    images.push(object(path, &picture, &prediction, scale));
                } else {
                    print(out, style, path, &picture, &prediction, scale).context(STDOUT)?;
                }
            }
            Err(error) => {
                print_error(&error);
                failed.push(json!({ "path": path.to_string_lossy(), "error": format!("{error:#}") }));
            }
        }
    }
    let code = if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if json {
        writeln!(out, "{}", json!({ "images": images, "failed": failed })).context(STDOUT)?;
    }
    Ok(code)
}

/// How the terminal wants it.
#[derive(Clone, Copy, Debug)]
struct Style {
    preview: bool,
    colour: bool,
}

impl Style {
    fn of_stdout(show: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        // <https://no-color.org>
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { preview: show || terminal, colour: terminal && !refused && !dumb }
    }
}

fn object(path: &Path, picture: &Picture, prediction: &Prediction, scale: f64) -> Value {
    json!({
        "path": path.to_string_lossy(),
        "inverted": picture.inverted,
        "class": prediction.class,
        "confidence": prediction.confidence,
        "margin": prediction.margin,
        "logits": prediction.logits,
        "probabilities": probabilities(prediction, scale),
    })
}

fn print(
    out: &mut impl Write,
    style: Style,
    path: &Path,
    picture: &Picture,
    prediction: &Prediction,
    scale: f64,
) -> io::Result<()> {
    let inverted = if picture.inverted { " (dark on light: inverted)" } else { "" };
    writeln!(out, "{}{inverted}", path.display())?;
    let answer = answer(prediction, scale, style.colour);
    let preview = if style.preview { preview::lines(&picture.pixels, style.colour) } else { Vec::new() };
    for (index, line) in answer.iter().enumerate() {
        match preview.get(index) {
            Some(pixels) => writeln!(out, "  {pixels}  {line}")?,
            None if line.is_empty() => writeln!(out)?,
            None => writeln!(out, "  {line}")?,
        }
    }
    writeln!(out)
}

/// As many lines as a preview has: the class, how sure it is, and a bar for each class.
fn answer(prediction: &Prediction, scale: f64, colour: bool) -> [String; preview::LINES] {
    let Prediction { class, confidence, .. } = *prediction;
    let bold = |line: String| if colour { format!("\x1b[1m{line}\x1b[0m") } else { line };
    let probabilities = probabilities(prediction, scale);
    let nats = f64::from(confidence) / CONFIDENCE_STEPS;
    std::array::from_fn(|line| match line {
        0 => bold(format!("{class}, {}", in_words(confidence))),
        1 => format!("confidence {confidence} ({nats:.1} nats)"),
        2 => format!("odds {} against {}", odds(confidence), runner_up(prediction)),
        3 => String::new(),
        _ => {
            let digit = line - (preview::LINES - CLASSES);
            let percent = 100.0 * probabilities[digit];
            let bar = format!("{digit} {} {percent:5.1} %", bar(probabilities[digit]));
            if digit == usize::from(class) { bold(bar) } else { bar }
        }
    })
}

/// The softmax of the logits: what the model gives each class, 0 to 1. The engine itself needs none.
fn probabilities(prediction: &Prediction, scale: f64) -> [f64; CLASSES] {
    let largest = f64::from(prediction.logits[usize::from(prediction.class)]);
    let weights = prediction.logits.map(|logit| ((f64::from(logit) - largest) * scale).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// The class with the second largest logit.
fn runner_up(prediction: &Prediction) -> usize {
    let others = (0..CLASSES).filter(|class| *class != usize::from(prediction.class));
    others.rev().max_by_key(|class| prediction.logits[*class]).unwrap_or_default()
}

fn in_words(confidence: u16) -> &'static str {
    match confidence {
        // Odds of less than 20 to 1, and less than 1,000 to 1.
        0..768 => "unsure: perhaps no digit",
        768..1_768 => "fairly sure",
        _ => "sure",
    }
}

fn odds(confidence: u16) -> String {
    let odds = (f64::from(confidence) / CONFIDENCE_STEPS).exp();
    if odds < 10.0 {
        format!("{odds:.1} to 1")
    } else if odds < 1e6 {
        format!("{} to 1", thousands(odds.round() as u64))
    } else {
        "over a million to 1".to_owned()
    }
}

/// A bar of [`BAR_COLUMNS`], to an eighth of a column.
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
    use lenet_infer::{SHIPPED_MODEL, decode};

    fn prediction(logits: [i32; CLASSES]) -> Prediction {
        let mut prediction = Engine::new(decode(SHIPPED_MODEL).unwrap()).classify(&[0; IMAGE_PIXELS]);
        prediction.class = (0..CLASSES).rev().max_by_key(|class| logits[*class]).unwrap() as u8;
        prediction.logits = logits;
        prediction
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
        let probabilities =
            probabilities(&prediction([0, 0, 1_000, 0, 0, 0, 0, 0, 0, 0]), 3.0_f64.ln() / 1e3);
        assert!((probabilities[2] - 3.0 / 12.0).abs() < 1e-12);
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn extreme_logits_and_a_scale_of_zero_leave_probabilities_finite() {
        let extreme = prediction([i32::MIN, i32::MAX, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(probabilities(&extreme, 1.0)[..2], [0.0, 1.0]);
        assert_eq!(probabilities(&extreme, 0.0), [0.1; CLASSES]);
    }

    #[test]
    fn the_runner_up_is_the_first_of_the_second_largest_logits() {
        assert_eq!(runner_up(&prediction([3, 9, 1, 7, 7, 0, 0, 0, 0, 0])), 3);
        assert_eq!(runner_up(&prediction([5; CLASSES])), 1);
    }

    #[test]
    fn confidence_is_told_in_odds_and_in_words() {
        assert_eq!((odds(0), in_words(0)), ("1.0 to 1".to_owned(), "unsure: perhaps no digit"));
        assert_eq!((odds(768), in_words(768)), ("20 to 1".to_owned(), "fairly sure"));
        assert_eq!((odds(1_768), in_words(1_768)), ("998 to 1".to_owned(), "sure"));
        assert_eq!(odds(u16::MAX), "over a million to 1");
    }
}
