//! What a run measures after each epoch.

use crate::eval::score::{Score, Tally};
use serde::{Deserialize, Serialize};

/// One epoch's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Counted from 1.
    pub epoch: u32,
    /// Wall time of the epoch's training steps, in seconds; scoring the held-out split is not in it.
    pub seconds: f64,
    /// Training images a second of wall time.
    pub images_per_second: f64,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Mean over the epoch's batches, each scored before its own update.
    pub train: Score,
    /// The held-out split after the epoch.
    pub held_out: Score,
}

/// The part of an epoch that is done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartialEpoch {
    /// Steps taken.
    pub steps: u64,
    /// Loss and accuracy of their images, each scored before its own update.
    pub tally: Tally,
    /// Wall time of these steps, in seconds.
    pub seconds: f64,
}

impl PartialEpoch {
    /// Nothing of an epoch of images of so many classes.
    pub(super) fn new(classes: usize) -> Self {
        Self { steps: 0, tally: Tally::new(classes), seconds: 0.0 }
    }
}
