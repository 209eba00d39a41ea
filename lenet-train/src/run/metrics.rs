//! The metrics of a run, as `metrics.json` contains them.

use super::config::RunConfig;
use crate::eval::check::FinalTable;
use crate::eval::confidence::RejectCurve;
use crate::train::EpochMetrics;
use serde::{Deserialize, Serialize};

/// The confidence threshold of the exported model, and the accuracy of its confident predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// The confidence threshold, in 1/256 nat. 0 if none was chosen, because no validation images were held out.
    pub threshold: u16,
    /// Accuracy by coverage on the validation images. The threshold was chosen on them, distorted as training images are.
    pub validation: Option<RejectCurve>,
    /// Accuracy by coverage on the test images.
    pub test: RejectCurve,
}

/// The contents of `metrics.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The description of the run.
    pub run: RunConfig,
    /// The metrics of each epoch.
    pub epochs: Vec<EpochMetrics>,
    /// The epoch whose weights were exported, counted from 1. `None` for imported weights.
    pub exported_epoch: Option<u32>,
    /// The result of the check of the model file.
    pub result: FinalTable,
    /// The confident predictions of the model.
    pub confidence: Confidence,
}

impl Metrics {
    /// Returns the wall time of all training steps, in seconds.
    pub fn training_seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}
