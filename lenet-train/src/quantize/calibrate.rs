//! Calibration: chooses the activation ranges by the accuracy of the integer engine.
//!
//! Every range starts at the largest activation seen. Then, layer by layer and twice over, each candidate quantile is
//! tried as the range of its layer, and the quantized model is run on the calibration images. More correct images win; a
//! lower cross-entropy of the integer logits breaks ties.
//!
//! The calibration images are training images. So the held-out images are used for nothing but the confidence threshold:
//! the accuracy on them estimates that on new images, and the guarantee of the threshold holds.

use super::{Quantization, QuantizeError, QuantizedModel, quantize_weights};
use crate::data::{Dataset, HeldOut, Split};
use crate::eval::score::Tally;
use crate::model::activations::Activations;
use crate::model::bits::Bits;
use crate::model::weights::FloatWeights;
use lenet_infer::host::evaluation::logit_scale;
use lenet_infer::{Engine, Model};
use rayon::prelude::*;
use std::cmp::Ordering;

/// The largest number of training images that the ranges are chosen on.
pub const CALIBRATION_IMAGES: usize = 5_000;
/// The candidates for a range, as quantiles of the layer's activations.
const QUANTILES: [f64; 6] = [1.0, 0.999_99, 0.999_9, 0.999_7, 0.999, 0.998];
/// The number of passes over the layers. In each pass every range is chosen again, given the others.
const ROUNDS: usize = 2;
/// The number of images per parallel task. It is fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 250;

/// Returns the calibration images: the last training images of a run with these `held_out` images.
pub fn calibration_images(dataset: &Dataset, held_out: HeldOut) -> Split<'_> {
    let trained_on = match held_out {
        HeldOut::Validation => dataset.split().0,
        HeldOut::Test => Split::new(&dataset.train, dataset.classes),
    };
    trained_on.last(CALIBRATION_IMAGES)
}

/// A quantized model and its score on the calibration images.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The quantized model.
    pub model: QuantizedModel,
    /// Its quantization, with the chosen activation ranges.
    pub quantization: Quantization,
    /// The number of calibration images that the model classifies correctly.
    pub correct: usize,
    /// The mean cross-entropy of the model's logits on the calibration images, in nats.
    pub loss: f64,
}

/// Chooses the activation ranges of a model with these `bits` on `images`, and quantizes the model.
///
/// `activations` are those of the f32 network on the same images.
///
/// # Errors
///
/// Returns a [`QuantizeError`] if the weights cannot be quantized.
///
/// # Panics
///
/// Panics if there are no images.
pub fn calibrate(
    weights: &FloatWeights,
    activations: &Activations,
    images: Split<'_>,
    bits: Bits,
) -> Result<Calibration, QuantizeError> {
    let candidates = activations.hidden().map(quantiles);
    let widest = Quantization::new(weights, candidates.map(|layer| layer[0]), bits);
    let mut best = quantize_and_score(weights, widest, images)?;
    for _ in 0..ROUNDS {
        for layer in 0..candidates.len() {
            for &range in &candidates[layer] {
                let mut ranges = best.quantization.ranges;
                ranges[layer] = range;
                let quantization = Quantization::new(weights, ranges, bits);
                if quantization.ranges == best.quantization.ranges {
                    continue;
                }
                let tried = quantize_and_score(weights, quantization, images)?;
                if tried.compare(&best) == Ordering::Greater {
                    best = tried;
                }
            }
        }
    }
    Ok(best)
}

impl Calibration {
    /// Orders by the number of correct images, then by a lower loss.
    fn compare(&self, other: &Self) -> Ordering {
        self.correct.cmp(&other.correct).then(other.loss.total_cmp(&self.loss))
    }
}

/// Returns the [`QUANTILES`] of a layer's activations.
fn quantiles(activations: &[f32]) -> [f64; QUANTILES.len()] {
    let mut sorted = activations.to_vec();
    sorted.par_sort_unstable_by(f32::total_cmp);
    QUANTILES.map(|quantile| {
        let index = (quantile * (sorted.len() - 1) as f64).round() as usize;
        f64::from(sorted[index])
    })
}

/// Quantizes `weights` and scores the model on `images`.
///
/// # Errors
///
/// Returns a [`QuantizeError`] if the weights cannot be quantized.
pub fn quantize_and_score(
    weights: &FloatWeights,
    quantization: Quantization,
    images: Split<'_>,
) -> Result<Calibration, QuantizeError> {
    let model = quantize_weights(weights, &quantization)?;
    let tally = score(&model.model(), images);
    Ok(Calibration { model, quantization, correct: tally.correct(), loss: tally.score().loss })
}

/// Runs `model` on `images`. Returns the number of correct images and the cross-entropy of the integer logits, in nats.
pub fn score(model: &Model<'_>, images: Split<'_>) -> Tally {
    let scale = logit_scale(model);
    let chunks = images.images.par_chunks(CHUNK).zip(images.labels.par_chunks(CHUNK));
    let tallies: Vec<Tally> = chunks
        .map(|(images, labels)| {
            let (mut engine, mut tally) = (Engine::new(model), Tally::new(model.classes()));
            for (image, &label) in images.iter().zip(labels) {
                let logits = engine.classify(image).logits;
                let nats: Vec<f32> = logits.iter().map(|&logit| (f64::from(logit) * scale) as f32).collect();
                tally.add(&nats, [label]);
            }
            tally
        })
        .collect();
    tallies.into_iter().fold(Tally::new(model.classes()), Tally::merge)
}
