//! Loss and accuracy from logits.

use crate::backend::{Backend, Pixels};
use crate::data::Split;
use crate::model::network::Network;
use dfdx::prelude::NoneTape;
use serde::{Deserialize, Serialize};

/// Images scored at a time.
const BATCH: usize = 500;

/// Mean cross-entropy and accuracy over one split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Fraction of images classified correctly, 0 to 1.
    pub accuracy: f64,
}

/// Adds up batches into a [`Score`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    classes: usize,
    loss: f64,
    correct: usize,
    images: usize,
}

impl Tally {
    /// No images of so many classes yet.
    pub fn new(classes: usize) -> Self {
        Self { classes, loss: 0.0, correct: 0, images: 0 }
    }

    /// Adds images by their logits (one per class, image after image) and labels. Returns the sum of their
    /// cross-entropies, in nats.
    pub fn add(&mut self, logits: &[f32], labels: impl IntoIterator<Item = u8>) -> f64 {
        let mut loss = 0.0;
        for (logits, label) in logits.chunks_exact(self.classes).zip(labels) {
            loss += cross_entropy(logits, label);
            self.correct += usize::from(predicted(logits) == usize::from(label));
            self.images += 1;
        }
        self.loss += loss;
        loss
    }

    /// Both tallies as one.
    pub fn merge(self, other: Self) -> Self {
        Self {
            classes: self.classes,
            loss: self.loss + other.loss,
            correct: self.correct + other.correct,
            images: self.images + other.images,
        }
    }

    /// Images classified correctly.
    pub fn correct(self) -> usize {
        self.correct
    }

    /// The means. Not a number without images.
    pub fn score(self) -> Score {
        let images = self.images as f64;
        Score { loss: self.loss / images, accuracy: self.correct as f64 / images }
    }
}

/// The class of the largest logit; the first of equals.
pub fn predicted(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

fn cross_entropy(logits: &[f32], label: u8) -> f64 {
    let largest = f64::from(logits[predicted(logits)]);
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    largest + sum.ln() - f64::from(logits[usize::from(label)])
}

/// Images that networks are scored on.
pub struct HeldOutImages<'a, D: Backend> {
    split: Split<'a>,
    /// The same, so many at a time, where they stay on the device.
    resident: Option<Vec<Pixels<D>>>,
}

impl<'a, D: Backend> HeldOutImages<'a, D> {
    /// The images of `split`, which are uploaded whenever they are scored.
    pub fn new(split: Split<'a>) -> Self {
        HeldOutImages { split, resident: None }
    }

    /// Uploads them to the device of `network` once and for all.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub fn keep_on_device(&mut self, network: &Network<D>) -> Result<(), D::Err> {
        let batches = self.split.images.chunks(BATCH).map(|images| network.upload(images));
        self.resident = Some(batches.collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Loss and accuracy of the network.
    ///
    /// # Errors
    ///
    /// What the device reports, out of memory for one.
    pub fn score(&self, network: &Network<D>) -> Result<Score, D::Err> {
        let pixels = |(batch, images): (usize, &[_])| match &self.resident {
            Some(resident) => Ok(resident[batch].clone()),
            None => network.upload(images),
        };
        let batches = self.split.images.chunks(BATCH).enumerate();
        let logits = batches.map(|batch| network.logits(pixels(batch)?, NoneTape));
        // All are asked for before the first is read, which waits for the device.
        let logits = logits.collect::<Result<Vec<_>, _>>()?;
        let mut tally = Tally::new(network.classes());
        for (logits, labels) in logits.iter().zip(self.split.labels.chunks(BATCH)) {
            tally.add(&logits.as_vec(), labels.iter().copied());
        }
        Ok(tally.score())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_cost_the_logarithm_of_ten_and_predict_the_first_class() {
        let mut tally = Tally::new(10);
        let loss = tally.add(&[3.0; 20], [0, 7]);
        assert!((loss - 2.0 * 10f64.ln()).abs() < 1e-12);
        assert_eq!(tally.score().accuracy, 0.5);
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let mut logits = [0.0; 10];
        logits[4] = 1e4;
        assert_eq!(cross_entropy(&logits, 4), 0.0);
        assert_eq!(cross_entropy(&logits, 5), 1e4);
    }

    #[test]
    fn a_logit_that_is_not_a_number_makes_the_loss_not_a_number() {
        let mut logits = [0.0; 10];
        logits[9] = f32::NAN;
        assert!(Tally::new(10).add(&logits, [0]).is_nan());
    }
}
