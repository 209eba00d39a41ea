//! What is wrong with a checkpoint.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why a checkpoint was not written or not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// There is no checkpoint.
    #[error("{}: expected the checkpoint of a run, found no file: name the folder of a run", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// There is none but that of a run that was replaced.
    #[error(
        "{}: expected the checkpoint of a run, found only that of the run before, which was replaced: rename {} to go on \
         with that one", path.display(), previous.display()
    )]
    Replaced {
        /// Where it should be.
        path: PathBuf,
        /// The earlier run's.
        previous: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: the checkpoint cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("{}: the checkpoint cannot be written: make room there, or name another folder by --out", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The file is not a whole checkpoint of this version.
    #[error(
        "{}: expected a whole checkpoint of this version, found {problem}: train again",
        path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl CheckpointError {
    /// No file at `path`; perhaps one of an earlier run at `previous`.
    pub(super) fn missing(path: PathBuf, previous: PathBuf) -> Self {
        if previous.exists() { Self::Replaced { path, previous } } else { Self::Missing { path } }
    }
}
