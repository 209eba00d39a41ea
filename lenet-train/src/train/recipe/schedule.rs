//! How the learning rate changes during a run.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How the learning rate changes during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// From the peak at the first step down half a cosine, to 0 after the last.
    Cosine,
}

impl Schedule {
    /// The learning rate of step `step` of `steps`, counted from 0.
    pub fn learning_rate(self, peak: f64, step: u64, steps: u64) -> f64 {
        match self {
            Schedule::Constant => peak,
            Schedule::Cosine => peak * 0.5 * (1.0 + (PI * step as f64 / steps as f64).cos()),
        }
    }
}
