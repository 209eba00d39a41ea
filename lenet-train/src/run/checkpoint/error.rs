//! The errors of reading and writing checkpoints.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// The error when a checkpoint could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// There is no checkpoint.
    #[error("{}: expected the checkpoint of a run, found no file: give the folder of a run", path.display())]
    Missing {
        /// The expected file.
        path: PathBuf,
    },
    /// There is no checkpoint, except that of an earlier run that was replaced.
    #[error(
        "{}: expected the checkpoint of a run, found only that of an earlier run, which was replaced: to continue that run, \
         rename {} to {0}", path.display(), previous.display()
    )]
    Replaced {
        /// The expected file.
        path: PathBuf,
        /// The checkpoint of the earlier run.
        previous: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: the checkpoint cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error(
        "{}: the checkpoint cannot be written: free some space there, or choose another folder with --out",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file is damaged, or is not a checkpoint of this version.
    #[error(
        "{}: expected a complete checkpoint of this version of lenet-train, found {problem}: train again",
        path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        problem: String,
    },
    /// The best epoch in the folder is of another run than its checkpoint.
    #[error("{}: expected the best epoch of the run in this folder, found that of another: train the run again", path.display())]
    OtherBest {
        /// The file.
        path: PathBuf,
    },
}

impl CheckpointError {
    /// Creates the error for a missing file `path`. It depends on whether there is a checkpoint of an earlier run at
    /// `previous`.
    pub(super) fn missing(path: PathBuf, previous: PathBuf) -> Self {
        if previous.exists() { Self::Replaced { path, previous } } else { Self::Missing { path } }
    }
}
