//! Why a command failed.

use super::results::ResultsError;
use crate::backend::cuda::DeviceError;
use crate::data::DatasetError;
use crate::exchange::ExchangeError;
use crate::run::checkpoint::CheckpointError;
use crate::run::config_file::ConfigError;
use crate::run::epoch_log::EpochLogError;
use crate::run::export::ExportError;
use crate::run::folder::FolderError;
use crate::run::teachers::TeacherError;
use crate::run::trained::TrainedError;
use crate::train::TrainingError;
use crate::train::recipe::SettingsError;
use rayon::ThreadPoolBuildError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// No GPU.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The folder of the run cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The description of the run cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The settings cannot work.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No checkpoint, or none could be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The run has not ended.
    #[error(transparent)]
    Trained(#[from] TrainedError),
    /// No teacher.
    #[error(transparent)]
    Teacher(#[from] TeacherError),
    /// Training stopped.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The figures of an epoch cannot be written.
    #[error(transparent)]
    EpochLog(#[from] EpochLogError),
    /// A file of the run cannot be written or read back.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The trained network could not be quantized, exported, checked or reported.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// Weights could not be imported or exported.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The imported network has other classes than the data set.
    #[error(
        "{}: expected a network of {expected} classes, as the data set has, found one of {found}: name its data set by \
         --data", file.display()
    )]
    ImportedClasses {
        /// The file.
        file: PathBuf,
        /// Classes of the data set.
        expected: usize,
        /// Classes of the network.
        found: usize,
    },
    /// The worker threads cannot be started.
    #[error("the worker threads cannot be started: lower --threads")]
    Threads(#[from] ThreadPoolBuildError),
    /// The data set is not the one that the run was begun with.
    #[error(
        "{place}: expected the data set that the run was begun with, SHA-256 {expected}, found {found}: name its folder by \
         --data, or begin a new run"
    )]
    OtherData {
        /// The folder of the data set, or its name.
        place: String,
        /// SHA-256 that the run expects.
        expected: String,
        /// SHA-256 of what is there.
        found: String,
    },
    /// The data set has no such fold.
    #[error("data.fold: expected 0 to {}, as the data set has {folds} folds, found {found}", folds - 1)]
    Fold {
        /// Folds of the data set.
        folds: usize,
        /// The fold asked for.
        found: usize,
    },
    /// The run in the folder is another one.
    #[error(
        "{}: expected the run there to have {setting} {given}, found {saved}: leave that flag out, or name another folder \
         by --out", folder.display()
    )]
    OtherRun {
        /// The folder.
        folder: PathBuf,
        /// What differs.
        setting: String,
        /// The value of the run there.
        saved: String,
        /// The value asked for.
        given: String,
    },
    /// The user asked to stop.
    #[error("stopped {when}; all of it is saved: go on with `lenet-train --resume --out {}`", folder.display())]
    Interrupted {
        /// How far the run has come.
        when: String,
        /// Its folder.
        folder: PathBuf,
    },
}

impl CommandError {
    /// Whether the user asked to stop.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Interrupted { .. })
    }
}
