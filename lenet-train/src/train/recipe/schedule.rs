//! The schedule of the learning rate.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How the learning rate changes during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same learning rate in every step.
    Constant,
    /// Half a cosine, from the peak in the first step to 0 after the last step.
    Cosine,
}

impl Schedule {
    /// Returns the learning rate of step `step`, counted from 0, of `steps` steps.
    pub fn learning_rate(self, peak: f64, step: u64, steps: u64) -> f64 {
        match self {
            Schedule::Constant => peak,
            Schedule::Cosine => peak * 0.5 * (1.0 + (PI * step as f64 / steps as f64).cos()),
        }
    }
}
