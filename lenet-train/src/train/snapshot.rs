//! The state of a run, from which training can continue.

use super::Trainer;
use super::error::TrainingError;
use super::history::{EpochMetrics, PartialEpoch};
use super::learner::{Learner, LearnerState, TrainingDevice};
use crate::quantize::Quantization;

/// The complete state of a run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The metrics of the finished epochs.
    pub history: Vec<EpochMetrics>,
    /// The finished part of the next epoch, if the run was stopped within an epoch.
    pub partial: Option<PartialEpoch>,
    /// The parameters and what else a step updates.
    pub state: LearnerState,
    /// How the weights are quantized, if quantization-aware training has begun.
    pub quantization: Option<Quantization>,
}

impl<D: TrainingDevice> Trainer<'_, D> {
    /// Continues from `snapshot`.
    ///
    /// # Errors
    ///
    /// Returns a [`TrainingError`] if the device fails, or if the weights of the snapshot cannot be quantized.
    ///
    /// # Panics
    ///
    /// Panics if the snapshot is of a network with another number of classes.
    pub fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainingError> {
        let Snapshot { history, partial, state, quantization } = snapshot;
        self.learner.restore(&state)?;
        if let Some(quantization) = quantization {
            self.learner.quantize(quantization, &state.weights)?;
        }
        self.partial = partial;
        self.history = history;
        Ok(())
    }

    /// Returns the state of the run.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails, for example because it is out of memory.
    pub fn snapshot(&mut self) -> Result<Snapshot, TrainingError> {
        let state = self.learner.state()?;
        Ok(Snapshot {
            history: self.history.clone(),
            partial: self.partial,
            state,
            quantization: self.quantization().cloned(),
        })
    }
}
