//! The metrics of each epoch.

use crate::eval::score::{Score, Tally};
use serde::{Deserialize, Serialize};

/// The metrics of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// Wall time of the epoch's training steps, in seconds, without the scoring of the held-out images.
    pub seconds: f64,
    /// Training images per second of wall time.
    pub images_per_second: f64,
    /// Learning rate in the epoch's last step.
    pub learning_rate: f64,
    /// Score on the training images of the epoch. Each batch is scored before its own update.
    pub train: Score,
    /// Score on the held-out images after the epoch.
    pub held_out: Score,
}

/// The finished part of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartialEpoch {
    /// Number of finished steps.
    pub steps: u64,
    /// Loss and accuracy on the images of these steps, each batch scored before its own update.
    pub tally: Tally,
    /// Wall time of these steps, in seconds.
    pub seconds: f64,
}

#[cfg(test)]
impl EpochMetrics {
    /// Creates an epoch with the same score on the training images and the held-out images.
    pub(crate) fn example(epoch: u32, loss: f64) -> Self {
        let score = Score { loss, accuracy: 0.75 };
        Self {
            epoch,
            seconds: 1.5,
            images_per_second: 100.0,
            learning_rate: 1e-3,
            train: score,
            held_out: score,
        }
    }
}

impl PartialEpoch {
    /// Starts an epoch on images of `classes` classes.
    pub(super) fn new(classes: usize) -> Self {
        Self { steps: 0, tally: Tally::new(classes), seconds: 0.0 }
    }
}
