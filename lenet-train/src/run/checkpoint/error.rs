//! What is wrong with a checkpoint.

use serde_json::Value;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why a checkpoint was not written or not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Nothing to resume.
    #[error(
        "{}: expected the checkpoint of an earlier run, found no file: name that run's folder by --out, or \
         train anew without --resume", path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
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
        "{}: expected a whole checkpoint of this version, found {problem}: train anew without --resume",
        path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The checkpoint is of a run that differs.
    #[error(
        "{}: expected the run that is resumed to have {field} {given}, found {saved}: pass the same flags as \
         before, or train anew without --resume", path.display()
    )]
    DifferentRun {
        /// The file.
        path: PathBuf,
        /// What differs.
        field: String,
        /// The checkpoint's.
        saved: Value,
        /// What was asked for now.
        given: Value,
    },
}
