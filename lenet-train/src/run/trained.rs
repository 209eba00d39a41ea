//! What a run exports, before it is quantized.

use super::checkpoint::{self, CheckpointError};
use super::config::RunConfig;
use super::selection;
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::train::{EpochMetrics, Snapshot};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A run whose training has ended.
#[derive(Clone, Debug)]
pub struct Trained {
    /// What the run is.
    pub run: RunConfig,
    /// One entry per epoch.
    pub history: Vec<EpochMetrics>,
    /// The epoch whose weights these are, counted from 1; `None` for imported weights.
    pub epoch: Option<u32>,
    /// The parameters after that epoch, or their average.
    pub weights: FloatWeights,
    /// What they were rounded to, in a run with quantization-aware training.
    pub quantization: Option<Quantization>,
}

/// Why a folder does not hold a run whose training has ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainedError {
    /// No checkpoint that can be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// It has epochs to go.
    #[error(
        "{}: expected a finished run, found one with {done} of {planned} epochs done: finish it with `lenet-train --resume \
         --out {}`", folder.display(), folder.display()
    )]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// Its epochs done.
        done: u32,
        /// Its epochs planned.
        planned: u32,
    },
}

impl Trained {
    /// The finished run in `folder`.
    ///
    /// # Errors
    ///
    /// [`TrainedError`].
    pub fn load(folder: &Path) -> Result<Self, TrainedError> {
        let (run, last) = checkpoint::load(&folder.join(checkpoint::FILE_NAME))?;
        let (done, planned) = (last.history.len() as u32, run.training.epochs);
        if !selection::is_over(&run.training, &last.history) {
            return Err(TrainedError::Unfinished { folder: folder.to_owned(), done, planned });
        }
        Ok(Self::from_snapshot(folder, run, last)?)
    }

    /// What a run in `folder` that stands at `last` exports: the last weights, or with early stopping the best ones.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] for the best weights.
    pub fn from_snapshot(folder: &Path, run: RunConfig, last: Snapshot) -> Result<Self, CheckpointError> {
        let history = last.history.clone();
        let exported = if run.training.early_stop > 0 {
            checkpoint::load(&folder.join(checkpoint::BEST_FILE_NAME))?.1
        } else {
            last
        };
        let weights = exported.average.unwrap_or(exported.weights);
        let epoch = exported.history.last().map(|epoch| epoch.epoch);
        Ok(Self { run, history, epoch, weights, quantization: exported.quantization })
    }

    /// Takes the weights of another epoch of the same run.
    pub fn take(&mut self, epoch: Snapshot) {
        self.epoch = epoch.history.last().map(|epoch| epoch.epoch);
        self.weights = epoch.average.unwrap_or(epoch.weights);
        self.quantization = epoch.quantization;
    }
}
