//! The state of a run, from which training can continue.

use super::Trainer;
use super::error::{TrainingError, device_error};
use super::history::{EpochMetrics, PartialEpoch};
use super::qat::IntegerNetwork;
use crate::backend::Backend;
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::train::optimizer::OptimizerState;

/// The complete state of a run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The metrics of the finished epochs.
    pub history: Vec<EpochMetrics>,
    /// The finished part of the next epoch, if the run was stopped within an epoch.
    pub partial: Option<PartialEpoch>,
    /// The f32 parameters.
    pub weights: FloatWeights,
    /// The state of the optimizer.
    pub optimizer: OptimizerState,
    /// The moving average of the parameters, if the run has one.
    pub average: Option<FloatWeights>,
    /// How the weights are quantized, if quantization-aware training has begun.
    pub quantization: Option<Quantization>,
}

impl<D: Backend> Trainer<'_, D> {
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
        self.network.set_weights(&snapshot.weights);
        self.optimizer.restore(&snapshot.optimizer, &self.network).map_err(device_error::<D>)?;
        if let (Some(average), Some(weights)) = (&mut self.average, &snapshot.average) {
            average.network.set_weights(weights);
        }
        self.integers = snapshot
            .quantization
            .map(|quantization| IntegerNetwork::new(self.network.device(), &snapshot.weights, quantization))
            .transpose()?;
        self.partial = snapshot.partial;
        self.history = snapshot.history;
        Ok(())
    }

    /// Returns the state of the run.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails, for example because it is out of memory.
    pub fn snapshot(&mut self) -> Result<Snapshot, TrainingError> {
        Ok(Snapshot {
            history: self.history.clone(),
            partial: self.partial,
            weights: self.network.weights(),
            optimizer: self.optimizer.state(&self.network).map_err(device_error::<D>)?,
            average: self.average.as_ref().map(|average| average.network.weights()),
            quantization: self.quantization().cloned(),
        })
    }
}
