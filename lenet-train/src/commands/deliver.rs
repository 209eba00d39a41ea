//! From trained weights to what the user takes away: quantize, export, check, report.

use crate::augment::Augment;
use crate::data::{Dataset, HeldOut, Split};
use crate::eval::check::{self, Check, FinalTable};
use crate::eval::confidence::{self, RejectCurve};
use crate::eval::dead_units::{self, dead_units};
use crate::model::activations::Activations;
use crate::model::bits::Bits;
use crate::model::weights::{FloatWeights, LAYERS, layer_shapes};
use crate::quantize::calibrate::{Calibration, attempt, calibrate, calibration_images};
use crate::quantize::{Grid, QuantizeError, Ranges};
use crate::report::{self, ActivationHistogram, AugmentedImage, ReportError, ReportInputs, SizeRow};
use crate::run::Trained;
use crate::run::export::{self, ExportError};
use crate::run::metrics::{Confidence, Metrics};
use lenet_core::{Metadata, Requant};
use lenet_infer::host::evaluation::{self, CONFIDENCE_STEPS};
use std::path::Path;
use std::time::Instant;
use thiserror::Error;

/// The report's file name in the run's folder.
pub(crate) const REPORT_FILE: &str = "report.html";
/// The metrics' file name in the run's folder.
pub(crate) const METRICS_FILE: &str = "metrics.json";
/// Bins of an activation histogram.
const BINS: usize = 100;
/// Training images on the sheet of augmented ones.
const AUGMENTED_IMAGES: usize = 8;
/// Epochs shown of each.
const AUGMENTED_EPOCHS: u32 = 16;

/// Why a trained network was not delivered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeliverError {
    /// The weights cannot be quantized.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// The data set does not name every class.
    #[error("the model cannot be encoded: the data set has to name every class or none")]
    Encode(#[source] lenet_infer::Error),
    /// A file cannot be written or read back.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The file just written is not a model.
    #[error("the exported file does not decode")]
    Decode(#[source] lenet_infer::Error),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// Quantizes, exports, checks and reports the trained network into `out`. `started` is when the run began; `print`
/// takes the lines for the user. Returns the final table.
///
/// # Errors
///
/// [`DeliverError`]. The checkpoint stays, so a run resumed with the same flags comes here again at once.
pub(crate) fn deliver(
    trained: &Trained,
    dataset: &Dataset,
    out: &Path,
    started: Instant,
    print: impl Fn(&str),
) -> Result<FinalTable, DeliverError> {
    let images = calibration_images(dataset, trained.held_out);
    let activations = Activations::of(&trained.weights, images.images);
    let mut calibration = quantize(trained, &activations, images)?;
    print(&describe_calibration(&calibration, trained.settings.bits, images));
    print(&describe_dead_units(&activations));

    // The reference recipe holds no validation images out.
    let validation = (trained.held_out == HeldOut::Validation).then(|| {
        let (_, Split { images, labels, .. }) = dataset.split();
        evaluation::evaluate(&calibration.model.model(), images.iter().zip(labels))
    });
    let (correct, images) = validation.as_ref().map_or((0, 0), |found| (found.correct(), found.images()));
    let validation = validation.map(|found| {
        let threshold = confidence::threshold(&found);
        calibration.model.confidence_threshold = threshold;
        print(&describe_validation(correct, images));
        RejectCurve::new(&found, threshold)
    });

    let class_names = dataset.class_names.join("\n");
    let metadata = Metadata {
        dataset: &trained.settings.dataset,
        recipe: &trained.settings.recipe,
        seed: trained.settings.seed,
        class_names: &class_names,
        validation_correct: correct as u32,
        validation_images: images as u32,
        ..Metadata::default()
    };
    let bytes = export::model(out, &calibration.model.encode(&metadata).map_err(DeliverError::Encode)?)?;
    let file = lenet_infer::decode(&bytes).map_err(DeliverError::Decode)?;
    export::golden(out, &file.model, &dataset.test)?;
    let Check { mut table, misclassified, reject_curve: test } =
        check::check(&trained.weights, &file, &dataset.test);
    table.run_seconds = started.elapsed().as_secs_f64() + trained.seconds_before_resume;
    print(&check::describe(&table, &trained.settings.class_names));

    let confidence = Confidence { threshold: file.model.confidence().threshold, validation, test };
    print(&describe_confidence(&confidence));

    let metrics = Metrics {
        settings: trained.settings.clone(),
        held_out: trained.held_out,
        epochs: trained.history.clone(),
        result: table,
        confidence,
    };
    report::write_metrics(&out.join(METRICS_FILE), &metrics)?;
    let inputs = ReportInputs {
        metrics: &metrics,
        weights: &trained.weights,
        weight_clips: &weight_clips(&calibration.grid, &trained.weights),
        activations: &histograms(&activations, calibration.grid.ranges),
        misclassified: &misclassified,
        sizes: &sizes(trained.settings.bits, dataset.classes),
        augmented: &augmented(trained, dataset),
    };
    report::write(&out.join(REPORT_FILE), &inputs)?;
    Ok(metrics.result)
}

/// The model in integers: on the grid that was trained for, else on one chosen on `images`, whose activations are given.
/// Both are run on them.
///
/// # Errors
///
/// [`QuantizeError`].
pub(crate) fn quantize(
    trained: &Trained,
    activations: &Activations,
    images: Split<'_>,
) -> Result<Calibration, QuantizeError> {
    let (weights, bits) = (&trained.weights, trained.settings.bits);
    match &trained.grid {
        Some(grid) => attempt(weights, grid.clone(), images),
        None => calibrate(weights, activations, images, bits),
    }
}

fn describe_confidence(confidence: &Confidence) -> String {
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

fn describe_calibration(calibration: &Calibration, bits: Bits, images: Split<'_>) -> String {
    let ranges =
        LAYERS.iter().zip(calibration.grid.ranges).map(|(layer, range)| format!("{layer} {range:.3}"));
    let ranges = ranges.collect::<Vec<_>>().join(", ");
    let count = images.images.len();
    let accuracy = 100.0 * calibration.correct as f64 / count as f64;
    format!(
        "===== integers: {bits} bits =====\n\
         activations clip at {ranges}; chosen on {count} training images, {accuracy:.2} % of them right"
    )
}

/// The units that could be left out, as far as the calibration images tell.
pub(crate) fn describe_dead_units(activations: &Activations) -> String {
    format!(
        "units that are 0 for every calibration image: {}",
        dead_units::describe(&dead_units(activations))
    )
}

fn describe_validation(correct: usize, images: usize) -> String {
    let accuracy = 100.0 * correct as f64 / images as f64;
    format!("validation accuracy  {accuracy:.2} % ({correct} of {images}), integers")
}

/// For each output channel the weight that becomes the largest integer; larger ones clip.
fn weight_clips(grid: &Grid, weights: &FloatWeights) -> [Vec<f32>; 5] {
    let layers = weights.layers();
    std::array::from_fn(|layer| {
        let largest = f64::from(grid.bits.weights[layer].largest());
        let channels = 0..layers[layer].bias.len();
        channels.map(|channel| (grid.scale(layer, channel) * largest) as f32).collect()
    })
}

fn histograms(activations: &Activations, ranges: Ranges) -> Vec<ActivationHistogram> {
    let layers = LAYERS.into_iter().zip(activations.hidden()).zip(ranges);
    let histogram = |((layer, values), clip): ((&'static str, &[f32]), f64)| {
        let max = values.iter().fold(0_f32, |max, value| max.max(*value));
        let mut counts = vec![0; BINS];
        for value in values {
            let bin = (value / max.max(f32::MIN_POSITIVE) * BINS as f32) as usize;
            counts[bin.min(BINS - 1)] += 1;
        }
        ActivationHistogram { layer, max, clip: clip as f32, counts }
    };
    layers.map(histogram).collect()
}

/// The first training images as the first epochs saw them.
fn augmented(trained: &Trained, dataset: &Dataset) -> Vec<AugmentedImage> {
    let (augment, seed) = (trained.augment, trained.settings.seed);
    let seen = |(index, &original)| {
        let seen = (1..=AUGMENTED_EPOCHS).map(|epoch| augment.apply(&original, seed, epoch, index));
        AugmentedImage { original, seen: seen.collect() }
    };
    let images = if augment == Augment::OFF { 0 } else { AUGMENTED_IMAGES };
    (0..).zip(&dataset.train.images).take(images).map(seen).collect()
}

fn sizes(bits: Bits, classes: usize) -> Vec<SizeRow> {
    let requantized = LAYERS.len() - 1;
    let row = |(index, [outputs, taps]): (usize, [usize; 2])| SizeRow {
        layer: LAYERS[index].to_owned(),
        weights: outputs * taps,
        weight_bytes: outputs * taps * usize::from(bits.weights[index].count()) / 8,
        bias_bytes: outputs * size_of::<i32>(),
        requant_bytes: if index < requantized { outputs * Requant::BYTES } else { 0 },
    };
    layer_shapes(classes).into_iter().enumerate().map(row).collect()
}
