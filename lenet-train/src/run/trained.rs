//! What training leaves in memory.

use super::metrics::RunSettings;
use crate::augment::Augment;
use crate::data::HeldOut;
use crate::model::weights::FloatWeights;
use crate::quantize::Grid;
use crate::train::EpochMetrics;

/// A finished training run.
#[derive(Clone, Debug)]
pub struct Trained {
    /// What was trained, and how.
    pub settings: RunSettings,
    /// The split scored after each epoch.
    pub held_out: HeldOut,
    /// One entry an epoch, those before a resume with them.
    pub history: Vec<EpochMetrics>,
    /// Seconds that the epochs before a resume took.
    pub seconds_before_resume: f64,
    /// The parameters after the last epoch, or their average.
    pub weights: FloatWeights,
    /// What they were rounded to in the last epochs, in a run with quantization-aware training.
    pub grid: Option<Grid>,
    /// How the images were changed before they were trained on.
    pub augment: Augment,
}
