//! What a device does in training: it takes the steps, and keeps the parameters and everything that is updated with them.
//!
//! The [`Trainer`](super::Trainer) decides which images are in a step, the learning rate, and when a phase of the run begins;
//! a learner computes. There is one for the CPU and one for CUDA.

use super::batch::Batch;
use super::error::TrainingError;
use super::images::TrainingImages;
use crate::data::Split;
use crate::eval::score::Score;
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::train::optimizer::OptimizerState;
use crate::train::recipe::Settings;
use std::fmt::Display;

/// A device that networks can be trained on.
pub trait TrainingDevice: Sized {
    /// The name of the device: `cpu` or `cuda`.
    const NAME: &'static str;
    /// What takes the steps on this device.
    type Learner<'a>: Learner<'a, Device = Self>;
}

/// The state of a training run on a device, and the operations on it.
///
/// Each function returns a [`TrainingError`] if the device fails, for example because it is out of memory.
pub trait Learner<'a>: Sized {
    /// The device.
    type Device;
    /// The images of a batch, prepared on the host.
    type Images: Send;
    /// The logits of a step, which may not be computed yet.
    type Logits;

    /// Creates a run at its beginning.
    fn new(
        device: Self::Device,
        settings: &'a Settings,
        images: &TrainingImages<'a>,
        held_out: Split<'a>,
    ) -> Result<Self, TrainingError>;

    /// Prepares the images of `training` with the numbers `numbers` for epoch `epoch`.
    fn prepare(
        settings: &Settings,
        training: &TrainingImages<'_>,
        epoch: u32,
        numbers: &[u32],
    ) -> Self::Images;

    /// Adds teachers.
    fn learn_from(&mut self, teachers: &[FloatWeights]) -> Result<(), TrainingError>;

    /// Begins quantization-aware training, or continues it. The scales of `quantization` fit `weights`.
    fn quantize(&mut self, quantization: Quantization, weights: &FloatWeights) -> Result<(), TrainingError>;

    /// Returns how the weights are quantized, if quantization-aware training has begun.
    fn quantization(&self) -> Option<&Quantization>;

    /// Runs step `count` of the run, counted from 1. Returns the batch's logits from before the update.
    fn step(
        &mut self,
        batch: &Batch<Self::Images>,
        learning_rate: f64,
        count: u64,
    ) -> Result<Self::Logits, TrainingError>;

    /// Reads the logits of the steps since the last reading, at most `STEPS_PER_READING`, in their order.
    fn read(&mut self, logits: Vec<Self::Logits>) -> Result<Vec<Vec<f32>>, TrainingError>;

    /// Returns the weights that the run would export now: the averaged ones, if the run has an average.
    fn exported(&self) -> Result<FloatWeights, TrainingError>;

    /// Scores the network that the run would export now on the held-out images.
    fn score(&mut self) -> Result<Score, TrainingError>;

    /// Returns the logits of the first training image.
    fn logits_of_first_image(&mut self, images: &TrainingImages<'a>) -> Result<Vec<f32>, TrainingError>;

    /// Returns the state.
    fn state(&mut self) -> Result<LearnerState, TrainingError>;

    /// Continues from a state, without the quantization.
    fn restore(&mut self, state: &LearnerState) -> Result<(), TrainingError>;
}

/// What a [`Learner`] updates in each step.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnerState {
    /// The f32 parameters.
    pub weights: FloatWeights,
    /// The state of the optimizer.
    pub optimizer: OptimizerState,
    /// The moving average of the parameters, if the run has one.
    pub average: Option<FloatWeights>,
}

impl LearnerState {
    /// Returns the weights that the run would export in this state: the averaged ones, if the run has an average.
    pub fn exported(&self) -> &FloatWeights {
        self.average.as_ref().unwrap_or(&self.weights)
    }
}

/// Wraps a device's error, which does not implement [`std::error::Error`].
pub(super) fn device_error<D: TrainingDevice>(error: impl Display) -> TrainingError {
    TrainingError::Device { device: D::NAME, message: error.to_string() }
}

/// Number of steps whose logits are read together, so that the host does not wait for each step to end.
pub(super) const STEPS_PER_READING: usize = 32;
