//! The parts of the report that are not metrics: histograms, sizes and augmented images.

use crate::augment::Augment;
use crate::commands::prepare::splits;
use crate::data::Dataset;
use crate::eval::check::Misclassified;
use crate::eval::dead_units::dead_units;
use crate::eval::score_card::{Examples, ScoreCard};
use crate::generate::generate;
use crate::model::activations::Activations;
use crate::model::bits::Bits;
use crate::model::weights::{FloatWeights, LAYERS, layer_shapes};
use crate::quantize::{Quantization, Ranges};
use crate::report::{
    self, ActivationHistogram, AugmentedImage, GeneratedImages, ReportError, ReportInputs, SizeRow,
};
use crate::run::metrics::Metrics;
use crate::run::trained::Trained;
use lenet_core::Requant;
use std::path::Path;

/// The number of bins of an activation histogram.
const BINS: usize = 100;
/// The number of training images that are shown with their augmentation.
const AUGMENTED_IMAGES: usize = 8;
/// The number of epochs shown for each of these images.
const AUGMENTED_EPOCHS: u32 = 16;

/// The number of generated images that are shown per source.
const GENERATED_IMAGES: usize = 64;

/// A trained network that was quantized and checked, for the report.
pub(super) struct Page<'a> {
    pub(super) trained: &'a Trained,
    pub(super) dataset: &'a Dataset,
    pub(super) metrics: &'a Metrics,
    pub(super) quantization: &'a Quantization,
    /// The activations for the calibration images.
    pub(super) activations: &'a Activations,
    pub(super) misclassified: &'a [Misclassified],
    /// The score card, if there is one.
    pub(super) score_card: Option<(ScoreCard, Examples)>,
}

impl Page<'_> {
    /// Writes the report to `path`.
    ///
    /// # Errors
    ///
    /// Returns a [`ReportError`] if the report cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), ReportError> {
        let Page { trained, dataset, metrics, quantization, activations, misclassified, score_card } = self;
        let inputs = ReportInputs {
            metrics,
            weights: trained.weights(),
            weight_clips: &weight_clips(quantization, trained.weights()),
            activations: &histograms(activations, quantization.ranges),
            dead_units: &dead_units(activations),
            misclassified,
            score_card: score_card.as_ref().map(|(card, examples)| (card, examples)),
            sizes: &sizes(quantization.bits, dataset.classes),
            augmented: &augmented(trained, dataset),
            generated: &generated(trained, dataset),
        };
        report::write(path, &inputs)
    }
}

/// Returns, for each output channel, the magnitude beyond which weights are clipped.
fn weight_clips(quantization: &Quantization, weights: &FloatWeights) -> [Vec<f32>; 5] {
    let layers = weights.layers();
    std::array::from_fn(|layer| {
        let largest = f64::from(quantization.bits.weights[layer].largest());
        let channels = 0..layers[layer].bias.len();
        channels.map(|channel| (quantization.scale(layer, channel) * largest) as f32).collect()
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

/// Returns the first training images, as they were augmented in the first epochs.
fn augmented(trained: &Trained, dataset: &Dataset) -> Vec<AugmentedImage> {
    let (augment, seed) = (trained.run.training.augment, trained.run.training.seed);
    let seen = |(index, &original)| {
        let seen = (1..=AUGMENTED_EPOCHS).map(|epoch| augment.apply(&original, seed, epoch, index));
        AugmentedImage { original, seen: seen.collect() }
    };
    let images = if augment == Augment::OFF { 0 } else { AUGMENTED_IMAGES };
    (0..).zip(&dataset.train.images).take(images).map(seen).collect()
}

/// Returns the first generated images that the run trained on.
fn generated(trained: &Trained, dataset: &Dataset) -> Vec<GeneratedImages> {
    let (data, _) = splits(dataset, trained.run.held_out());
    let sources = trained.run.mix().sources().into_iter().filter(|(_, share)| *share > 0.0);
    let images = sources.map(|(source, _)| {
        let images = generate(source, data, trained.run.training.seed, GENERATED_IMAGES);
        GeneratedImages {
            source: source.name(),
            images: images.into_iter().map(|generated| generated.image).collect(),
        }
    });
    images.collect()
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
