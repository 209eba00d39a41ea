//! Choosing the activation ranges: where to clip, by the accuracy that the integer engine then has.
//!
//! The images are training images, so that those held out have no part in any choice but that of the confidence threshold:
//! their accuracy is that of new images, and the promise of the threshold holds. Every range starts at the largest activation seen. Then, layer by layer and twice over, each candidate quantile
//! is tried in its layer and the model is run on the calibration images: more correct images win, a lower
//! cross-entropy of the integer logits breaks ties.

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

/// Training images that the ranges are chosen on, at most.
pub const CALIBRATION_IMAGES: usize = 5_000;
/// Fractions of a layer's activations that stay below its range.
const QUANTILES: [f64; 6] = [1.0, 0.999_99, 0.999_9, 0.999_7, 0.999, 0.998];
/// Times that every layer's range is chosen again with the others at hand.
const ROUNDS: usize = 2;
/// Images that one thread runs at a time; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 250;

/// Returns the images to choose the ranges on: the last of those that a run trains on, which scores `held_out`.
pub fn calibration_images(dataset: &Dataset, held_out: HeldOut) -> Split<'_> {
    let trained_on = match held_out {
        HeldOut::Validation => dataset.split().0,
        HeldOut::Test => Split::new(&dataset.train, dataset.classes),
    };
    trained_on.last(CALIBRATION_IMAGES)
}

/// The chosen ranges and what they were chosen by.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The model on the chosen quantization.
    pub model: QuantizedModel,
    /// The quantization with the chosen ranges.
    pub quantization: Quantization,
    /// Calibration images that the model classifies correctly.
    pub correct: usize,
    /// Mean cross-entropy of its logits on them, in nats.
    pub loss: f64,
}

/// Chooses the ranges of a model of `bits` on `images`, whose activations in the f32 network are `activations`.
///
/// # Errors
///
/// [`QuantizeError`].
///
/// # Panics
///
/// If there are no images.
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
    fn compare(&self, other: &Self) -> Ordering {
        self.correct.cmp(&other.correct).then(other.loss.total_cmp(&self.loss))
    }
}

/// The [`QUANTILES`] of a layer's activations.
fn quantiles(activations: &[f32]) -> [f64; QUANTILES.len()] {
    let mut sorted = activations.to_vec();
    sorted.par_sort_unstable_by(f32::total_cmp);
    QUANTILES.map(|quantile| {
        let index = (quantile * (sorted.len() - 1) as f64).round() as usize;
        f64::from(sorted[index])
    })
}

/// The model of `weights` on `quantization`, run on `images`.
///
/// # Errors
///
/// [`QuantizeError`].
pub fn quantize_and_score(
    weights: &FloatWeights,
    quantization: Quantization,
    images: Split<'_>,
) -> Result<Calibration, QuantizeError> {
    let model = quantize_weights(weights, &quantization)?;
    let tally = score(&model.model(), images);
    Ok(Calibration { model, quantization, correct: tally.correct(), loss: tally.score().loss })
}

/// Runs `model` on `images`: how many are classified correctly, and the cross-entropy of the integer logits, in nats.
pub fn score(model: &Model<'_>, images: Split<'_>) -> Tally {
    let unit = logit_scale(model);
    let chunks = images.images.par_chunks(CHUNK).zip(images.labels.par_chunks(CHUNK));
    let tallies: Vec<Tally> = chunks
        .map(|(images, labels)| {
            let (mut engine, mut tally) = (Engine::new(model), Tally::new(model.classes()));
            for (image, &label) in images.iter().zip(labels) {
                let logits = engine.classify(image).logits;
                let nats: Vec<f32> = logits.iter().map(|&logit| (f64::from(logit) * unit) as f32).collect();
                tally.add(&nats, [label]);
            }
            tally
        })
        .collect();
    tallies.into_iter().fold(Tally::new(model.classes()), Tally::merge)
}
