//! The check of a model file: the accuracy of the f32 network and of the integer engine on the same test images.
//!
//! The integer predictions come from [`lenet_infer::Engine`] with the decoded file, which is the code that runs on a board.

use crate::eval::confidence::{RejectCurve, RejectPoint};
use crate::eval::score::{Tally, predicted};
use crate::model::activations::Activations;
use crate::model::weights::FloatWeights;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::evaluation::{Confusion, Evaluation, evaluate, recall};
use lenet_infer::host::idx::LabeledImages;
use lenet_infer::{ModelFile, RAM_BYTES};
use serde::{Deserialize, Serialize};

/// The result of the check: the f32 network and the integer engine compared on all test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalTable {
    /// Number of test images.
    pub images: usize,
    /// Number of test images that the f32 network classifies correctly.
    pub f32_correct: usize,
    /// Mean cross-entropy of the f32 network on the test images, in nats.
    pub f32_loss: f64,
    /// Number of test images that the integer engine classifies correctly.
    pub integer_correct: usize,
    /// Number of test images that the two classify differently.
    pub differing: usize,
    /// Confusion matrix of the integer engine, as `confusion[label][predicted]`.
    pub confusion: Confusion,
    /// Size of the model file, in bytes.
    pub flash_bytes: usize,
    /// Size of the engine's scratch memory, in bytes.
    pub ram_bytes: usize,
}

impl FinalTable {
    /// Returns the accuracy of the f32 network, 0 to 1.
    pub fn f32_accuracy(&self) -> f64 {
        self.f32_correct as f64 / self.images as f64
    }

    /// Returns the accuracy of the integer engine, 0 to 1.
    pub fn integer_accuracy(&self) -> f64 {
        self.integer_correct as f64 / self.images as f64
    }

    /// Returns the recall of each class: the fraction of its images that the integer engine classifies correctly. `None`
    /// for a class without images.
    pub fn recall(&self) -> Vec<Option<f64>> {
        recall(&self.confusion)
    }
}

/// A test image that the integer engine misclassifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misclassified {
    /// Position in the test set, counted from 0.
    pub index: usize,
    /// Gray levels, row by row: 0 is paper, 255 is ink.
    pub image: [u8; IMAGE_PIXELS],
    /// True class.
    pub label: u8,
    /// Predicted class.
    pub predicted: u8,
    /// Confidence of the prediction, in 1/256 nat.
    pub confidence: u16,
}

/// The result of the check, with the misclassified images.
#[derive(Clone, Debug)]
pub struct Check {
    /// The numbers of the comparison.
    pub table: FinalTable,
    /// The misclassified test images, in the order of the test set.
    pub misclassified: Vec<Misclassified>,
    /// Accuracy of the most confident predictions on the test images.
    pub reject_curve: RejectCurve,
}

/// Runs all test images through the f32 network and through the model file in the integer engine, and compares the results.
pub fn check(weights: &FloatWeights, file: &ModelFile<'_>, test: &LabeledImages) -> Check {
    let model = &file.model;
    let logits = Activations::of(weights, &test.images).logits;
    let mut tally = Tally::new(model.classes());
    tally.add(&logits, test.labels.iter().copied());
    let integer = evaluate(model, test);
    let differing = logits
        .chunks_exact(model.classes())
        .zip(&integer.predictions)
        .filter(|(logits, prediction)| predicted(logits) != usize::from(prediction.class))
        .count();
    let table = FinalTable {
        images: test.len(),
        f32_correct: tally.correct(),
        f32_loss: tally.score().loss,
        integer_correct: integer.correct(),
        differing,
        confusion: integer.confusion.clone(),
        flash_bytes: file.bytes.len(),
        ram_bytes: RAM_BYTES,
    };
    let reject_curve = RejectCurve::new(&integer, model.confidence().threshold);
    Check { table, misclassified: misclassified(&integer, test), reject_curve }
}

fn misclassified(evaluation: &Evaluation, test: &LabeledImages) -> Vec<Misclassified> {
    let images = test.images.iter().zip(&test.labels).zip(&evaluation.predictions).enumerate();
    images
        .filter(|(_, ((_, label), prediction))| **label != prediction.class)
        .map(|(index, ((image, &label), prediction))| Misclassified {
            index,
            image: *image,
            label,
            predicted: prediction.class,
            confidence: prediction.confidence,
        })
        .collect()
}

/// Describes the confident predictions on a set of images.
pub fn describe_confident(split: &str, confident: &RejectPoint) -> String {
    let &RejectPoint { coverage, accuracy, wrong, .. } = confident;
    if coverage == 0.0 {
        return format!("  {split:<19}none");
    }
    format!(
        "  {split:<19}{:.2} % of the images, {:.2} % of them correct ({wrong} wrong)",
        100.0 * coverage,
        100.0 * accuracy
    )
}

/// The largest number of classes for which the confusion matrix is printed.
const MATRIX_CLASSES: usize = 16;

/// Formats the result of the check as the command prints it.
pub fn describe(table: &FinalTable, class_names: &[String]) -> String {
    let accuracy = |correct: usize| {
        format!("{:.2} % ({correct} of {})", 100.0 * correct as f64 / table.images as f64, table.images)
    };
    format!(
        "f32 accuracy         {}\n\
         integer accuracy     {}\n\
         predictions differ   {}\n\
         flash                {} bytes, the model file\n\
         RAM                  {} bytes, without the image\n\n{}",
        accuracy(table.f32_correct),
        accuracy(table.integer_correct),
        table.differing,
        table.flash_bytes,
        table.ram_bytes,
        describe_confusion(table, class_names)
    )
}

/// Formats the recall of each class, and the confusion matrix if a row fits on a line.
fn describe_confusion(table: &FinalTable, class_names: &[String]) -> String {
    let width = class_names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let matrix = class_names.len() <= MATRIX_CLASSES;
    let mut text = String::new();
    if matrix {
        text += "confusion matrix: one row per label, one column per prediction\n";
    }
    text += &" ".repeat(width);
    for class in (0..class_names.len()).filter(|_| matrix) {
        text += &format!("{class:>6}");
    }
    text += "   recall\n";
    for ((name, row), recall) in class_names.iter().zip(&table.confusion).zip(table.recall()) {
        text += &format!("{name:>width$}");
        for count in row.iter().filter(|_| matrix) {
            text += &format!("{count:>6}");
        }
        text += &recall.map_or("    none\n".to_owned(), |recall| format!("{:>7.2} %\n", 100.0 * recall));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_confident_predictions_no_accuracy_is_given() {
        let confident = |coverage, accuracy, wrong| {
            describe_confident("test", &RejectPoint { threshold: 9, coverage, wrong, accuracy })
        };
        assert_eq!(confident(0.0, 1.0, 0), "  test               none");
        assert_eq!(
            confident(0.5, 0.75, 2),
            "  test               50.00 % of the images, 75.00 % of them correct (2 wrong)"
        );
    }
}
