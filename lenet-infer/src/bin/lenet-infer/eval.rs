//! `lenet-infer eval`: scores and times the model on a data set.

use std::hint::black_box;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use cpu_time::ThreadTime;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::ModelFile;
use lenet_infer::host::PreparedEngine;
use lenet_infer::host::evaluation::{Evaluation, Tally, evaluate};
use lenet_infer::host::idx;
use serde_json::json;

use crate::cli::EvalArgs;
use crate::text::{STDOUT, class_name, percent, progress_bar, thousands};

/// The largest number of classes for which the confusion matrix is printed.
const MATRIX_CLASSES: usize = 16;
/// The least CPU time of a measurement.
const MIN_TIME: Duration = Duration::from_millis(300);
/// The least number of images between two readings of the clock: about 10 ms.
const MIN_IMAGES: usize = 1_000;

pub(crate) fn run(
    args: &EvalArgs,
    file: &ModelFile<'_>,
    json: bool,
    out: &mut impl Write,
) -> Result<ExitCode> {
    let ModelFile { model, metadata, .. } = file;
    let set = idx::load_classes(&args.data, args.part.idx(), model.classes())?;
    let bar = progress_bar(set.len());
    let evaluation = evaluate(model, bar.wrap_iter((&set).into_iter()));
    bar.finish_and_clear();
    let mut engine = PreparedEngine::new(model);
    let back_end = engine.back_end();
    let images_per_second =
        images_per_second(&mut engine, &set.images).context("cannot read the CPU time")?;
    if json {
        let confident = evaluation.confident();
        let object = json!({
            "accuracy": evaluation.accuracy(),
            "correct": evaluation.correct(),
            "images": evaluation.images(),
            "images_per_second": images_per_second,
            "back_end": back_end,
            "confident": { "images": confident.images, "correct": confident.correct },
            "recall": evaluation.recall(),
            "confusion": evaluation.confusion,
        });
        writeln!(out, "{object}").context(STDOUT)?;
    } else {
        let names: Vec<String> = (0..model.classes()).map(|class| class_name(metadata, class)).collect();
        let confident = (model.confidence().threshold > 0).then(|| evaluation.confident());
        print(out, &names, &evaluation, confident, images_per_second).context(STDOUT)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Images over the CPU time of this thread, over whole passes through `images`, which are not none.
fn images_per_second(engine: &mut PreparedEngine<'_>, images: &[[u8; IMAGE_PIXELS]]) -> io::Result<f64> {
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

fn print(
    out: &mut impl Write,
    names: &[String],
    evaluation: &Evaluation,
    confident: Option<Tally>,
    images_per_second: f64,
) -> io::Result<()> {
    let correct = thousands(evaluation.correct() as u64);
    let images = thousands(evaluation.images() as u64);
    let rate = thousands(images_per_second.round() as u64);
    writeln!(out, "accuracy  {} ({correct} of {images} images)", percent(evaluation.accuracy()))?;
    if let Some(confident) = confident {
        writeln!(out, "confident {}", share(confident, evaluation.images()))?;
    }
    writeln!(out, "speed     {rate} images/s on one thread")?;
    writeln!(out)?;
    if names.len() > MATRIX_CLASSES {
        print_mistakes(out, names, evaluation)
    } else {
        print_matrix(out, names, evaluation)
    }
}

/// Tells how many of all `images` reach the model's threshold, and how many of those are right.
fn share(confident: Tally, images: usize) -> String {
    if confident.images == 0 {
        return format!("none of the {} images", thousands(images as u64));
    }
    let share = |part: usize, whole: usize| percent(part as f64 / whole.max(1) as f64);
    let wrong = thousands((confident.images - confident.correct) as u64);
    format!(
        "{} of the images, {} of them right ({wrong} wrong)",
        share(confident.images, images),
        share(confident.correct, confident.images)
    )
}

fn print_matrix(out: &mut impl Write, names: &[String], evaluation: &Evaluation) -> io::Result<()> {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let predicted: String = (0..names.len()).map(|class| format!("{class:>7}")).collect();
    writeln!(out, "{:>width$}  predicted as", "label")?;
    writeln!(out, "{:>width$}{predicted}     recall", "")?;
    for ((name, row), recall) in names.iter().zip(&evaluation.confusion).zip(evaluation.recall()) {
        let cells: String = row.iter().map(|&images| format!("{:>7}", cell(images))).collect();
        writeln!(out, "{name:>width$}{cells}  {:>9}", recall_in_words(recall))?;
    }
    Ok(())
}

/// Prints each label with the classes that it is mistaken for most often, where a line has no room for all classes.
fn print_mistakes(out: &mut impl Write, names: &[String], evaluation: &Evaluation) -> io::Result<()> {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    writeln!(out, "{:>width$}     recall  mistaken for", "label")?;
    for (label, (row, recall)) in evaluation.confusion.iter().zip(evaluation.recall()).enumerate() {
        let mut mistakes: Vec<usize> =
            (0..names.len()).filter(|&class| class != label && row[class] > 0).collect();
        mistakes.sort_by_key(|&class| std::cmp::Reverse(row[class]));
        let told: Vec<String> =
            mistakes.iter().take(3).map(|&class| format!("{} ({})", names[class], row[class])).collect();
        writeln!(out, "{:>width$}  {:>9}  {}", names[label], recall_in_words(recall), told.join(", "))?;
    }
    Ok(())
}

fn recall_in_words(recall: Option<f64>) -> String {
    recall.map_or("no images".to_owned(), percent)
}

/// A count of images, with a dot for zero so that mistakes stand out.
fn cell(images: u32) -> String {
    if images == 0 { "·".to_owned() } else { images.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(classes: usize) -> Vec<String> {
        (0..classes).map(|class| class.to_string()).collect()
    }

    fn printed(names: &[String], evaluation: &Evaluation) -> String {
        let mut out = Vec::new();
        print(&mut out, names, evaluation, None, 43_210.4).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_table_has_a_row_for_each_label_and_a_dot_for_none() {
        let mut evaluation = Evaluation::none(10);
        evaluation.confusion[0][0] = 980;
        evaluation.confusion[1][7] = 20;
        let text = printed(&numbers(10), &evaluation);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "speed     43,210 images/s on one thread");
        assert_eq!(lines.len(), 5 + 10);
        assert_eq!(lines[5].split_whitespace().collect::<Vec<_>>()[..3], ["0", "980", "·"]);
        assert!(lines[5].ends_with("  100.00 %") && lines[6].ends_with("    0.00 %"));
        assert!(lines[7].ends_with("no images"));
    }

    #[test]
    fn where_no_image_is_confident_no_share_of_them_is_told() {
        assert_eq!(share(Tally { images: 0, correct: 0 }, 1_000), "none of the 1,000 images");
        let some = share(Tally { images: 4, correct: 3 }, 10);
        assert_eq!(some, "40.00 % of the images, 75.00 % of them right (1 wrong)");
    }

    #[test]
    fn classes_are_told_by_their_names() {
        let mut evaluation = Evaluation::none(2);
        evaluation.confusion[0][0] = 1;
        let text = printed(&["triangle", "box"].map(str::to_owned), &evaluation);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[5], "triangle      1      ·   100.00 %");
        assert_eq!(lines[6], "     box      ·      ·  no images");
    }

    #[test]
    fn many_classes_are_told_by_their_mistakes() {
        let mut evaluation = Evaluation::none(20);
        evaluation.confusion[3][3] = 7;
        evaluation.confusion[3][5] = 1;
        evaluation.confusion[3][19] = 2;
        let text = printed(&numbers(20), &evaluation);
        assert!(text.lines().any(|line| line == "    3    70.00 %  19 (2), 5 (1)"), "{text}");
    }
}
