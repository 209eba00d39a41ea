//! The check of an exported file: f32 accuracy beside integer accuracy, over the same test images.
//!
//! The integers come from [`lenet_infer::Engine`] on the decoded file, the code that a board runs; there is no
//! second forward pass.

use crate::activations::Activations;
use crate::metrics::FinalTable;
use crate::report::Misclassified;
use crate::scoring::{Tally, predicted};
use crate::weights::FloatWeights;
use lenet_core::shape::CLASSES;
use lenet_infer::evaluation::{Evaluation, evaluate};
use lenet_infer::idx::LabelledImages;
use lenet_infer::{Model, RAM_BYTES};

/// The final table, and the images behind it.
#[derive(Clone, Debug)]
pub struct Check {
    /// The figures. `run_seconds` is 0 until the run ends.
    pub table: FinalTable,
    /// Test images that the engine got wrong, in the order of the test set.
    pub misclassified: Vec<Misclassified>,
}

/// Runs all of `test` through the f32 network and through the decoded file.
pub fn check(weights: &FloatWeights, model: &Model<'_>, file_bytes: usize, test: &LabelledImages) -> Check {
    let logits = Activations::of(weights, &test.images).logits;
    let mut tally = Tally::default();
    tally.add(&logits, test.labels.iter().copied());
    let integer = evaluate(model, test);
    let differing = logits
        .chunks_exact(CLASSES)
        .zip(&integer.predictions)
        .filter(|(logits, prediction)| predicted(logits) != usize::from(prediction.class))
        .count();
    let table = FinalTable {
        images: test.len(),
        f32_correct: tally.correct(),
        f32_loss: tally.score().loss,
        integer_correct: integer.correct(),
        differing,
        confusion: integer.confusion,
        flash_bytes: file_bytes,
        ram_bytes: RAM_BYTES,
        run_seconds: 0.0,
    };
    Check { table, misclassified: misclassified(&integer, test) }
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

/// The table as the command prints it.
pub fn describe(table: &FinalTable) -> String {
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
        describe_confusion(table)
    )
}

fn describe_confusion(table: &FinalTable) -> String {
    let mut text =
        String::from("confusion matrix: a row for each label, a column for each prediction\n     ");
    for class in 0..CLASSES {
        text += &format!("{class:>6}");
    }
    text += "   recall\n";
    for (label, (row, recall)) in table.confusion.iter().zip(table.recall()).enumerate() {
        text += &format!("{label:>5}");
        for count in row {
            text += &format!("{count:>6}");
        }
        text += &recall.map_or("    none\n".to_owned(), |recall| format!("{:>7.2} %\n", 100.0 * recall));
    }
    text
}
