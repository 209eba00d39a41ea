//! A finished run with the f32 weights that it exports.

use super::checkpoint::{self, CheckpointError};
use super::config::RunConfig;
use super::selection;
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::train::{EpochMetrics, Snapshot};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A finished run with the state that it exports.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The description of the run.
    pub run: RunConfig,
    /// The metrics of each epoch.
    pub history: Vec<EpochMetrics>,
    /// The state after the epoch whose weights are exported.
    pub exported: Snapshot,
}

/// The error when a folder does not contain a finished run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainedError {
    /// The checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The run is not finished.
    #[error(
        "{}: expected a finished run, found {done} of {planned} epochs: finish the run with `lenet-train --resume --out {}`",
        folder.display(),
        folder.display()
    )]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// The number of finished epochs.
        done: u32,
        /// The number of planned epochs.
        planned: u32,
    },
}

impl Trained {
    /// Loads the finished run in `folder`.
    ///
    /// # Errors
    ///
    /// Returns a [`TrainedError`] if the checkpoint cannot be read or the run is not finished.
    pub fn load(folder: &Path) -> Result<Self, TrainedError> {
        let (run, last) = checkpoint::load(&folder.join(checkpoint::FILE_NAME))?;
        let (done, planned) = (last.history.len() as u32, run.training.epochs);
        if run.is_trained() && !selection::is_over(&run.training, &last.history) {
            return Err(TrainedError::Unfinished { folder: folder.to_owned(), done, planned });
        }
        Ok(Self::from_snapshot(folder, run, last)?)
    }

    /// Creates a finished run from its last snapshot. With early stopping, the weights are read from the checkpoint of
    /// the best epoch in `folder`.
    ///
    /// # Errors
    ///
    /// Returns a [`CheckpointError`] if the checkpoint of the best epoch cannot be read.
    pub fn from_snapshot(folder: &Path, run: RunConfig, last: Snapshot) -> Result<Self, CheckpointError> {
        let history = last.history.clone();
        let exported = if run.training.early_stop > 0 && run.is_trained() {
            checkpoint::load_best(folder, &run, &history)?
        } else {
            last
        };
        Ok(Self { run, history, exported })
    }

    /// Returns the exported f32 weights: the parameters, or their moving average.
    pub fn weights(&self) -> &FloatWeights {
        self.exported.state.exported()
    }

    /// Returns the epoch that the weights are from, counted from 1. `None` for imported weights.
    pub fn epoch(&self) -> Option<u32> {
        self.exported.history.last().map(|epoch| epoch.epoch)
    }

    /// Returns the quantization that the weights were trained for, in a run with quantization-aware training.
    pub fn quantization(&self) -> Option<&Quantization> {
        self.exported.quantization.as_ref()
    }
}
