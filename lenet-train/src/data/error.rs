//! The reasons why a data set is refused.

use std::path::PathBuf;

use lenet_infer::host::idx::IdxError;
use thiserror::Error;

use super::{DatasetName, FolderError};
use crate::data::download::DownloadError;

/// Why a data set was not loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// An IDX file in the user's folder was refused.
    #[error(transparent)]
    Idx(#[from] IdxError),

    /// The user's folder of pictures was refused.
    #[error(transparent)]
    Folder(#[from] FolderError),

    /// An IDX file in the bundled folder or the cache folder was refused.
    #[error("{}: expected the {name} files as published, found one that cannot be used: {fix}", dir.display())]
    Unusable {
        /// The folder.
        dir: PathBuf,
        /// The set that it should hold.
        name: DatasetName,
        /// How to get the published files back.
        fix: &'static str,
        /// What is wrong with the file.
        source: IdxError,
    },

    /// The contents of a file in the bundled folder or the cache folder are not those of the published file.
    #[error("{}: expected contents with SHA-256 {expected} as published, found {found}: {fix}", file.display())]
    Changed {
        /// The file, by its uncompressed name.
        file: PathBuf,
        /// SHA-256 of the published contents, in hexadecimal.
        expected: &'static str,
        /// SHA-256 of the contents that were found.
        found: String,
        /// How to get the published files back.
        fix: &'static str,
    },

    /// The operating system names no cache folder for this user.
    #[error(
        "expected a cache folder to keep the data set in, found none: set HOME or XDG_CACHE_HOME, \
         or name a folder with the four IDX files by --data DIR"
    )]
    NoCacheFolder,

    /// The data set could not be downloaded into the cache folder.
    #[error(transparent)]
    Download(#[from] DownloadError),

    /// All training images are of one class.
    #[error(
        "{}: expected training labels of at least 2 classes, found only {label}: choose a set of more classes",
        dir.display()
    )]
    OneClass {
        /// The folder.
        dir: PathBuf,
        /// The class.
        label: u8,
    },

    /// No class has two training images, one to train on and one to hold out.
    #[error(
        "{}: expected at least 2 training images of one class, so that one can be held out for validation, \
         found at most 1 per class: add images or choose a larger set",
        dir.display()
    )]
    TooFewImages {
        /// The folder.
        dir: PathBuf,
    },
}
