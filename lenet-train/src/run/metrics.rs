//! What a run measured, as `metrics.json` holds it.

use super::config::RunConfig;
use crate::eval::check::FinalTable;
use crate::eval::confidence::RejectCurve;
use crate::train::EpochMetrics;
use serde::{Deserialize, Serialize};

/// The exported model's confidence, and how right the confident predictions are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// The confidence threshold, in 1/256 nat; 0 when none was chosen, as nothing was held out.
    pub threshold: u16,
    /// On the images that the threshold was chosen on.
    pub validation: Option<RejectCurve>,
    /// On the test images.
    pub test: RejectCurve,
}

/// The whole of `metrics.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// What the run is.
    pub run: RunConfig,
    /// One entry per epoch.
    pub epochs: Vec<EpochMetrics>,
    /// The epoch whose weights are exported, counted from 1; `None` for imported weights.
    pub exported_epoch: Option<u32>,
    /// The check of the exported file.
    pub result: FinalTable,
    /// The model's confidence.
    pub confidence: Confidence,
}

impl Metrics {
    /// Wall time of all training steps, in seconds.
    pub fn training_seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}
