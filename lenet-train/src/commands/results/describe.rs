//! What is printed about a trained network while it is exported.

use super::{METRICS_FILE, REPORT_FILE};
use crate::data::Split;
use crate::eval::check;
use crate::eval::dead_units;
use crate::model::activations::Activations;
use crate::model::weights::LAYERS;
use crate::quantize::Quantization;
use crate::run::checkpoint;
use crate::run::config::CONFIG_FILE;
use crate::run::epoch_log::{CSV_FILE, JSON_LINES_FILE};
use crate::run::export::{GOLDEN_DIGITS_FILE, GOLDEN_LOGITS_FILE, MODEL_FILE};
use crate::run::metrics::Confidence;
use lenet_infer::host::evaluation::{CONFIDENCE_STEPS, Evaluation};
use std::path::Path;

/// The files of a run, in the order that they are of interest.
const FILES: [&str; 10] = [
    MODEL_FILE,
    REPORT_FILE,
    METRICS_FILE,
    JSON_LINES_FILE,
    CSV_FILE,
    CONFIG_FILE,
    GOLDEN_DIGITS_FILE,
    GOLDEN_LOGITS_FILE,
    checkpoint::FILE_NAME,
    checkpoint::BEST_FILE_NAME,
];

/// The ranges, each with its layer, and the accuracy on the images that they were chosen on.
pub(super) fn describe_calibration(quantization: &Quantization, correct: usize, images: Split<'_>) -> String {
    let ranges = LAYERS.iter().zip(quantization.ranges).map(|(layer, range)| format!("{layer} {range:.3}"));
    let ranges = ranges.collect::<Vec<_>>().join(", ");
    let count = images.images.len();
    let accuracy = 100.0 * correct as f64 / count as f64;
    format!(
        "\nquantized to {} bits\nactivations clip at {ranges}, chosen on {count} training images: {accuracy:.2} % correct \
         there",
        quantization.bits
    )
}

pub(super) fn describe_dead_units(activations: &Activations) -> String {
    let layers = dead_units::describe(&dead_units::dead_units(activations));
    format!("units that are 0 for every calibration image: {layers}")
}

pub(super) fn describe_validation(answers: &Evaluation) -> String {
    let (correct, images) = (answers.correct(), answers.images());
    let accuracy = 100.0 * correct as f64 / images as f64;
    format!("validation accuracy  {accuracy:.2} % ({correct} of {images}), integers")
}

pub(super) fn describe_confidence(confidence: &Confidence) -> String {
    let Some(validation) = &confidence.validation else {
        return "confident            always: no images were held out to choose it on\n".to_owned();
    };
    let threshold = confidence.threshold;
    let nats = f64::from(threshold) / CONFIDENCE_STEPS;
    format!(
        "confident            from {threshold} up ({nats:.2} nats), chosen on the validation images\n{}\n{}\n",
        check::describe_confident("validation", &validation.confident),
        check::describe_confident("test", &confidence.test.confident)
    )
}

/// The files that the run has left in `folder`.
pub(super) fn describe_files(folder: &Path) -> String {
    let files: Vec<&str> = FILES.into_iter().filter(|file| folder.join(file).exists()).collect();
    format!("results in {}: {}", folder.display(), files.join(", "))
}
