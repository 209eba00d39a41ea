//! The check of an exported file: f32 accuracy beside integer accuracy, over the same test images.
//!
//! The integers come from [`lenet_infer::Engine`] on the decoded file, the code that a board runs; there is no
//! second forward pass.

use crate::eval::confidence::{RejectCurve, RejectPoint};
use crate::eval::score::{Tally, predicted};
use crate::model::activations::Activations;
use crate::model::weights::FloatWeights;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::evaluation::{Confusion, Evaluation, evaluate, recall};
use lenet_infer::host::idx::LabelledImages;
use lenet_infer::{ModelFile, RAM_BYTES};
use serde::{Deserialize, Serialize};

/// The check of the exported file: all test images through the integer engine, beside the f32 network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalTable {
    /// Test images.
    pub images: usize,
    /// Test images that the f32 network classified correctly.
    pub f32_correct: usize,
    /// Mean cross-entropy of the f32 network on the test images, in nats.
    pub f32_loss: f64,
    /// Test images that the integer engine classified correctly.
    pub integer_correct: usize,
    /// Test images on which the two differ in class.
    pub differing: usize,
    /// `confusion[label][predicted]`, by the integer engine.
    pub confusion: Confusion,
    /// Bytes of the model file.
    pub flash_bytes: usize,
    /// Bytes of the engine's scratch arena.
    pub ram_bytes: usize,
}

impl FinalTable {
    /// Accuracy of the f32 network, 0 to 1.
    pub fn f32_accuracy(&self) -> f64 {
        self.f32_correct as f64 / self.images as f64
    }

    /// Accuracy of the integer engine, 0 to 1.
    pub fn integer_accuracy(&self) -> f64 {
        self.integer_correct as f64 / self.images as f64
    }

    /// Fraction of each class's images that the integer engine found; `None` for a class without images.
    pub fn recall(&self) -> Vec<Option<f64>> {
        recall(&self.confusion)
    }
}

/// A test image that the integer engine got wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misclassified {
    /// Position in the test file, from 0.
    pub index: usize,
    /// Gray levels, row by row: 0 is paper, 255 is ink.
    pub image: [u8; IMAGE_PIXELS],
    /// True class.
    pub label: u8,
    /// Class the engine chose.
    pub predicted: u8,
    /// The engine's confidence: larger is surer. The report sorts the images by it.
    pub confidence: u16,
}

/// The final table, and the images behind it.
#[derive(Clone, Debug)]
pub struct Check {
    /// The figures.
    pub table: FinalTable,
    /// Test images that the engine got wrong, in the order of the test set.
    pub misclassified: Vec<Misclassified>,
    /// Accuracy of the surest predictions on the test images.
    pub reject_curve: RejectCurve,
}

/// Runs all of `test` through the f32 network and through the decoded file.
pub fn check(weights: &FloatWeights, file: &ModelFile<'_>, test: &LabelledImages) -> Check {
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

fn misclassified(evaluation: &Evaluation, test: &LabelledImages) -> Vec<Misclassified> {
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

/// The confident predictions of a split, in words.
pub fn describe_confident(split: &str, confident: &RejectPoint) -> String {
    let &RejectPoint { coverage, accuracy, wrong, .. } = confident;
    if coverage == 0.0 {
        return format!("  on {split:<16}none of the images");
    }
    format!(
        "  on {split:<16}{:.2} % of the images, {:.2} % of them right ({wrong} wrong)",
        100.0 * coverage,
        100.0 * accuracy
    )
}

/// The most classes whose confusion matrix the command prints.
const MATRIX_CLASSES: usize = 16;

/// The table as the command prints it.
pub fn describe(table: &FinalTable, class_names: &[String]) -> String {
    let accuracy = |correct: usize| {
        format!("{:.2} % ({correct} of {})", 100.0 * correct as f64 / table.images as f64, table.images)
    };
    format!(
        "f32 accuracy         {}\n\
         integer accuracy     {}\n\
         predictions differ   {}\n\
         flash                {} bytes, the model file\n\
         RAM                  {} bytes, beside the image\n\n{}",
        accuracy(table.f32_correct),
        accuracy(table.integer_correct),
        table.differing,
        table.flash_bytes,
        table.ram_bytes,
        describe_confusion(table, class_names)
    )
}

/// One row per class: its images by predicted class, if so few classes fit on a line, and its recall.
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
    fn where_no_prediction_is_confident_none_is_called_right() {
        let confident = |coverage, accuracy, wrong| {
            describe_confident("test", &RejectPoint { threshold: 9, coverage, wrong, accuracy })
        };
        assert_eq!(confident(0.0, 1.0, 0), "  on test            none of the images");
        assert_eq!(
            confident(0.5, 0.75, 2),
            "  on test            50.00 % of the images, 75.00 % of them right (2 wrong)"
        );
    }
}
