//! What a run that was stopped needs to go on.

use super::Trainer;
use super::error::{TrainingError, device_error};
use super::history::{EpochMetrics, PartialEpoch};
use super::qat::IntegerNetwork;
use crate::backend::Backend;
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::train::optimizer::OptimizerState;

/// Where a run stands between two steps: all that is needed to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// One entry for each epoch done.
    pub history: Vec<EpochMetrics>,
    /// The part of the next epoch that is done, in a run that was stopped within it.
    pub partial: Option<PartialEpoch>,
    /// The parameters.
    pub weights: FloatWeights,
    /// The optimiser's memory.
    pub optimizer: OptimizerState,
    /// The moving average of the parameters, in a run that keeps one.
    pub average: Option<FloatWeights>,
    /// What the weights are rounded to, in the quantization-aware part of a run.
    pub quantization: Option<Quantization>,
}

impl<D: Backend> Trainer<'_, D> {
    /// Goes on from `snapshot`.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Device`].
    ///
    /// # Panics
    ///
    /// If the snapshot is of a network of another shape.
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

    /// Where the run stands.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Device`].
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
