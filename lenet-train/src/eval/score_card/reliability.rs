//! How far the confidence of a model can be trusted.

use crate::data::Split;
use lenet_core::Model;
use lenet_infer::Engine;
use lenet_infer::host::evaluation::logit_scale;
use std::cmp::Reverse;

/// The number of bins of the calibration error.
const BINS: usize = 15;
/// The most wrong images of a thousand.
const WRONG: usize = 1;

/// The expected calibration error, 0 to 1: the mean distance of the accuracy from the probability that the model gives to the
/// class, over bins of equal width (Naeini, Cooper and Hauskrecht, 2015).
pub(super) fn calibration_error(model: &Model<'_>, test: Split<'_>) -> f64 {
    let (scale, mut engine) = (logit_scale(model), Engine::new(model));
    let mut bins = [(0.0_f64, 0.0_f64); BINS];
    for (image, label) in test.images.iter().zip(test.labels) {
        let prediction = engine.classify(image);
        let probability = probability(prediction.logits, usize::from(prediction.class), scale);
        let bin = &mut bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += probability;
        bin.1 += if prediction.class == *label { 1.0 } else { 0.0 };
    }
    let distances = bins.iter().map(|(expected, found)| (expected - found).abs());
    distances.sum::<f64>() / test.images.len() as f64
}

/// The softmax of a logit. One unit of the logits is `scale` nats.
fn probability(logits: &[i32], class: usize, scale: f64) -> f64 {
    let largest = f64::from(logits[class]);
    1.0 / logits.iter().map(|logit| ((f64::from(*logit) - largest) * scale).exp()).sum::<f64>()
}

/// The largest share of the images, the most confident first, of which at most [`WRONG`] of a thousand is wrong.
pub(super) fn coverage(model: &Model<'_>, test: Split<'_>) -> f64 {
    let mut engine = Engine::new(model);
    let mut answers: Vec<(u16, bool)> = Vec::with_capacity(test.images.len());
    for (image, label) in test.images.iter().zip(test.labels) {
        let prediction = engine.classify(image);
        answers.push((prediction.confidence, prediction.class == *label));
    }
    // Of equal confidence the wrong ones come first, so that no order of the images counts in favor.
    answers.sort_unstable_by_key(|(confidence, is_correct)| (Reverse(*confidence), *is_correct));
    let (mut wrong, mut covered) = (0, 0);
    for (count, (_, is_correct)) in (1..).zip(&answers) {
        wrong += usize::from(!is_correct);
        if wrong * 1000 <= WRONG * count {
            covered = count;
        }
    }
    covered as f64 / answers.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probability_is_the_softmax() {
        let probability = probability(&[10, 30, 20], 1, 0.1);
        let expected = 1.0 / (1.0 + (-2.0_f64).exp() + (-1.0_f64).exp());
        assert!((probability - expected).abs() < 1e-12);
    }
}
