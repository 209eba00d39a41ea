//! The errors of commands on a single run.

use super::results::error::ResultsError;
use crate::backend::cuda::DeviceError;
use crate::data::DatasetError;
use crate::exchange::ExchangeError;
use crate::run::checkpoint::CheckpointError;
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

/// The error when a command on a run fails.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The data set cannot be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The classes of the data set are not the ten digits.
    #[error(
        "score-card: expected a run on the ten digits, such as MNIST, found other classes: use `lenet-train eval`"
    )]
    NoDigits,
    /// The GPU cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The folder of the run cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The folder does not contain a finished run.
    #[error(transparent)]
    Trained(#[from] TrainedError),
    /// A teacher cannot be used.
    #[error(transparent)]
    Teacher(#[from] TeacherError),
    /// Training failed.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The metrics of an epoch cannot be written.
    #[error(transparent)]
    EpochLog(#[from] EpochLogError),
    /// A file of the run cannot be written or read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The trained network could not be quantized, exported, checked or reported.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The weights could not be imported or exported.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The imported network has another number of classes than the data set.
    #[error(
        "{}: expected a network of {expected} classes, as in the data set, found one of {found}: give the folder of its \
         data set to --data", file.display()
    )]
    ImportedClasses {
        /// The file.
        file: PathBuf,
        /// The number of classes of the data set.
        expected: usize,
        /// The number of classes of the network.
        found: usize,
    },
    /// The worker threads cannot be started.
    #[error("the worker threads cannot be started: lower --threads")]
    Threads(#[from] ThreadPoolBuildError),
    /// The data set is not the one that the run started with.
    #[error(
        "{place}: expected the data set that the run started with, SHA-256 {expected}, found {found}: give its folder to \
         --data, or start a new run"
    )]
    OtherData {
        /// The folder of the data set, or its name.
        place: String,
        /// The SHA-256 that the run expects.
        expected: String,
        /// The SHA-256 of the data set found.
        found: String,
    },
    /// An extra data set is not the one that the run started with.
    #[error(
        "{}: expected the extra images that the run started with, SHA-256 {expected}, found {found}: restore them, or start \
         a new run", path.display()
    )]
    OtherExtra {
        /// The folder.
        path: PathBuf,
        /// The SHA-256 that the run expects.
        expected: String,
        /// The SHA-256 of the data set found.
        found: String,
    },
    /// An extra data set has other classes than the data set of the run.
    #[error("--extra {}: expected the classes of the data set, {expected}, found {found}", path.display())]
    ExtraClasses {
        /// The folder.
        path: PathBuf,
        /// The classes of the data set.
        expected: String,
        /// The classes of the extra one.
        found: String,
    },
    /// There are no pictures to stretch.
    #[error(
        "--as-is: expected a folder of pictures by --data, found IDX files, which hold images already: remove --as-is"
    )]
    NoPictures,
    /// The data set does not have the fold that the run holds out.
    #[error("data.fold: expected 0 to {}, as the data set has {folds} folds, found {found}", folds - 1)]
    Fold {
        /// The number of folds of the data set.
        folds: usize,
        /// The fold that was given.
        found: usize,
    },
    /// The run in the folder has other settings than those that were given.
    #[error(
        "{}: expected a run with {setting} {given}, found one with {saved}: remove that flag, or choose another folder with \
         --out", folder.display()
    )]
    OtherRun {
        /// The folder.
        folder: PathBuf,
        /// The setting that differs.
        setting: String,
        /// Its value in the run there.
        saved: String,
        /// The value that was given.
        given: String,
    },
    /// The run in the folder was not made by training.
    #[error(
        "{}: expected a run that was trained, found imported weights or a run that was created by quantizing another: \
         continue the run that it was made from", folder.display()
    )]
    NotTrained {
        /// The folder of the run.
        folder: PathBuf,
    },
    /// A folder, a link or a device has the name of a file that is to be written.
    #[error("{}: expected a file to write, found a folder, a link or a device: choose another name", path.display())]
    NoFile {
        /// The name.
        path: PathBuf,
    },
    /// Two files are to have the same name.
    #[error("{}: expected a file of its own for each format: choose two names", path.display())]
    OneFile {
        /// The name.
        path: PathBuf,
    },
    /// The results of quantizing a run would replace the run itself.
    #[error("{}: expected another folder than that of the run itself: choose one with --out", path.display())]
    OwnFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The user stopped the run.
    #[error("stopped {when}; everything is saved: continue with `lenet-train --resume --out {}`", folder.display())]
    Interrupted {
        /// The last finished step or epoch.
        when: String,
        /// The folder of the run.
        folder: PathBuf,
    },
}

impl CommandError {
    /// Whether the error is that the user stopped the run.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Interrupted { .. })
    }
}
