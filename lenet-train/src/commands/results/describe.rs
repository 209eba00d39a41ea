//! The output while a trained network is quantized, exported and checked.

use crate::data::Split;
use crate::eval::check;
use crate::eval::dead_units;
use crate::model::activations::Activations;
use crate::model::weights::LAYERS;
use crate::quantize::Quantization;
use crate::run::export::FILES;
use crate::run::metrics::Confidence;
use lenet_infer::host::evaluation::{CONFIDENCE_STEPS, Evaluation};
use std::path::Path;

/// Describes the activation ranges of all layers, and the accuracy on the calibration images.
pub(super) fn describe_calibration(quantization: &Quantization, correct: usize, images: Split<'_>) -> String {
    let ranges = LAYERS.iter().zip(quantization.ranges).map(|(layer, range)| format!("{layer} {range:.3}"));
    let ranges = ranges.collect::<Vec<_>>().join(", ");
    let count = images.images.len();
    let accuracy = 100.0 * correct as f64 / count as f64;
    format!(
        "\nquantized to {} bits\nactivation ranges {ranges}, chosen on {count} training images, {accuracy:.2} % of them \
         correct",
        quantization.bits
    )
}

/// Describes the units that are 0 for every calibration image.
pub(super) fn describe_dead_units(activations: &Activations) -> String {
    let layers = dead_units::describe(&dead_units::dead_units(activations));
    format!("units that are 0 for every calibration image: {layers}")
}

/// Describes the accuracy of the quantized model on the validation images.
pub(super) fn describe_validation(answers: &Evaluation) -> String {
    let (correct, images) = (answers.correct(), answers.images());
    let accuracy = 100.0 * correct as f64 / images as f64;
    format!("validation accuracy  {accuracy:.2} % ({correct} of {images}), quantized")
}

/// Describes the confidence threshold, and the confident predictions on the validation and the test images.
pub(super) fn describe_confidence(confidence: &Confidence) -> String {
    let Some(validation) = &confidence.validation else {
        return "confidence threshold none, as there are no validation images: every prediction is confident\n".to_owned();
    };
    let threshold = confidence.threshold;
    let nats = f64::from(threshold) / CONFIDENCE_STEPS;
    format!(
        "confidence threshold {threshold} ({nats:.2} nats), chosen on the validation images\nconfident predictions\n{}\n{}\n",
        check::describe_confident("validation", &validation.confident),
        check::describe_confident("test", &confidence.test.confident)
    )
}

/// Lists the files of the run in `folder`.
pub(super) fn describe_files(folder: &Path) -> String {
    let files: Vec<&str> = FILES.into_iter().filter(|file| folder.join(file).exists()).collect();
    format!("results in {}: {}", folder.display(), files.join(", "))
}
