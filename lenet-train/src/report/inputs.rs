//! What the page is drawn from.

use lenet_core::shape::IMAGE_PIXELS;

use crate::eval::check::Misclassified;
use crate::eval::dead_units::DeadUnits;
use crate::eval::score_card::{Examples, ScoreCard};
use crate::model::weights::FloatWeights;
use crate::run::metrics::Metrics;

/// Everything the page shows.
#[derive(Clone, Copy, Debug)]
pub struct ReportInputs<'a> {
    /// What the run measured.
    pub metrics: &'a Metrics,
    /// The trained parameters before quantization.
    pub weights: &'a FloatWeights,
    /// For each layer, in the order of [`LAYERS`](crate::model::weights::LAYERS), the weight that becomes the largest integer in
    /// each of its output channels. An empty list draws no clipping.
    pub weight_clips: &'a [Vec<f32>; 5],
    /// The activations that were quantized, in the order of the network.
    pub activations: &'a [ActivationHistogram],
    /// How many units of each hidden layer are dead, in the order of the network. An empty list leaves the section out.
    pub dead_units: &'a [DeadUnits],
    /// Every test image that the integer engine got wrong, in any order.
    pub misclassified: &'a [Misclassified],
    /// The score card of the model, with examples of its images. `None` leaves the section out.
    pub score_card: Option<(&'a ScoreCard, &'a Examples)>,
    /// What each layer costs in the model file, in the order of the network.
    pub sizes: &'a [SizeRow],
    /// Some training images, each before and after an augmentation. An empty list leaves the section out.
    pub augmented: &'a [AugmentedImage],
    /// Some generated training images of each source. An empty list leaves the section out.
    pub generated: &'a [GeneratedImages],
}

/// Generated training images of one source: gray levels, row by row, where 255 is ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedImages {
    /// What they are.
    pub source: &'static str,
    /// Some of them.
    pub images: Vec<[u8; IMAGE_PIXELS]>,
}

/// A training image before and after its augmentation: gray levels, row by row, where 255 is ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AugmentedImage {
    /// As the data set has it.
    pub original: [u8; IMAGE_PIXELS],
    /// As the first epochs saw it.
    pub seen: Vec<[u8; IMAGE_PIXELS]>,
}

/// How one layer's activations were distributed over the calibration images.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivationHistogram {
    /// Name of the layer that produced them.
    pub layer: &'static str,
    /// Largest activation seen.
    pub max: f32,
    /// The activation that becomes 255; larger ones are clipped to it.
    pub clip: f32,
    /// Activations in each of `counts.len()` equal bins from 0 to `max`.
    pub counts: Vec<u64>,
}

/// What one layer costs in the model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeRow {
    /// Name of the layer.
    pub layer: String,
    /// Weights, not counting biases.
    pub weights: usize,
    /// Bytes of the weights.
    pub weight_bytes: usize,
    /// Bytes of the biases.
    pub bias_bytes: usize,
    /// Bytes of the requantization parameters.
    pub requant_bytes: usize,
}
