//! Loss and accuracy, computed from logits.

use crate::data::Split;
use crate::model::network::Network;
use dfdx::prelude::{CpuError, NoneTape};
use serde::{Deserialize, Serialize};

/// The number of images per forward pass.
const BATCH: usize = 500;

/// The loss and the accuracy on a set of images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Fraction of the images that are classified correctly, 0 to 1.
    pub accuracy: f64,
}

/// The sums over several batches that a [`Score`] is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    classes: usize,
    loss: f64,
    correct: usize,
    images: usize,
}

impl Tally {
    /// Creates a tally of no images yet, with `classes` logits each.
    pub fn new(classes: usize) -> Self {
        Self { classes, loss: 0.0, correct: 0, images: 0 }
    }

    /// Adds images, given their logits (one per class, image after image) and their labels. Those without a label, as they
    /// are of no class, are left out. Returns the sum of the cross-entropies of the others, in nats.
    pub fn add<L: Into<Option<u8>>>(&mut self, logits: &[f32], labels: impl IntoIterator<Item = L>) -> f64 {
        let mut loss = 0.0;
        for (logits, label) in logits.chunks_exact(self.classes).zip(labels) {
            let Some(label) = label.into() else { continue };
            loss += cross_entropy(logits, label);
            self.correct += usize::from(predicted(logits) == usize::from(label));
            self.images += 1;
        }
        self.loss += loss;
        loss
    }

    /// Returns the sum of two tallies.
    pub fn merge(self, other: Self) -> Self {
        Self {
            classes: self.classes,
            loss: self.loss + other.loss,
            correct: self.correct + other.correct,
            images: self.images + other.images,
        }
    }

    /// Returns the number of images that are classified correctly.
    pub fn correct(self) -> usize {
        self.correct
    }

    /// Returns the means over all images. They are NaN if there are no images.
    pub fn score(self) -> Score {
        let images = self.images as f64;
        Score { loss: self.loss / images, accuracy: self.correct as f64 / images }
    }
}

/// Returns the class with the largest logit, the first of equal ones.
pub fn predicted(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

/// Returns the cross-entropy of one image, in nats.
fn cross_entropy(logits: &[f32], label: u8) -> f64 {
    let largest = f64::from(logits[predicted(logits)]);
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    largest + sum.ln() - f64::from(logits[usize::from(label)])
}

/// Held-out images that networks are scored on.
pub struct HeldOutImages<'a> {
    split: Split<'a>,
}

impl<'a> HeldOutImages<'a> {
    /// Creates a set of images.
    pub fn new(split: Split<'a>) -> Self {
        HeldOutImages { split }
    }

    /// Returns the loss and the accuracy of a network.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub fn score(&self, network: &Network) -> Result<Score, CpuError> {
        let mut tally = Tally::new(network.classes());
        for (images, labels) in self.split.images.chunks(BATCH).zip(self.split.labels.chunks(BATCH)) {
            let logits = network.logits(network.upload(images)?, NoneTape)?;
            tally.add(&logits.as_vec(), labels.iter().copied());
        }
        Ok(tally.score())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_have_a_loss_of_ln_10_and_predict_the_first_class() {
        let mut tally = Tally::new(10);
        let loss = tally.add(&[3.0; 20], [0_u8, 7]);
        assert!((loss - 2.0 * 10f64.ln()).abs() < 1e-12);
        assert_eq!(tally.score().accuracy, 0.5);
    }

    #[test]
    fn large_logits_do_not_overflow_the_loss() {
        let mut logits = [0.0; 10];
        logits[4] = 1e4;
        assert_eq!(cross_entropy(&logits, 4), 0.0);
        assert_eq!(cross_entropy(&logits, 5), 1e4);
    }

    #[test]
    fn a_nan_logit_makes_the_loss_nan() {
        let mut logits = [0.0; 10];
        logits[9] = f32::NAN;
        assert!(Tally::new(10).add(&logits, [0_u8]).is_nan());
    }
}
