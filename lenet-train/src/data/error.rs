//! Why there is no data set.

use std::path::PathBuf;

use lenet_infer::host::idx::IdxError;
use thiserror::Error;

use super::{DatasetName, FolderError};
use crate::data::download::DownloadError;

/// Why there is no data set to train on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A file of the user's folder was refused.
    #[error(transparent)]
    Idx(#[from] IdxError),

    /// The user's folder of pictures was refused.
    #[error(transparent)]
    Folder(#[from] FolderError),

    /// A file of the bundled or the cache folder was refused.
    #[error("{}: expected the {name} files as published, found one that cannot be used: {mend}", dir.display())]
    Unusable {
        /// The folder.
        dir: PathBuf,
        /// The set that it should hold.
        name: DatasetName,
        /// How to get the published files back.
        mend: &'static str,
        /// What is wrong with the file.
        source: IdxError,
    },

    /// A file of the bundled or the cache folder has other contents than the published one.
    #[error("{}: expected contents with SHA-256 {expected} as published, found {found}: {mend}", file.display())]
    Changed {
        /// The file, by its uncompressed name.
        file: PathBuf,
        /// SHA-256 of the published contents, in hexadecimal.
        expected: &'static str,
        /// SHA-256 of the contents there.
        found: String,
        /// How to get the published files back.
        mend: &'static str,
    },

    /// The operating system names no cache folder for this user.
    #[error(
        "expected a cache folder to keep the data set in, found none: set HOME or XDG_CACHE_HOME, \
         or name a folder with the four IDX files by --data DIR"
    )]
    NoCacheFolder,

    /// The set could not be fetched into the cache folder.
    #[error(transparent)]
    Download(#[from] DownloadError),

    /// The labels of the training images name one class only.
    #[error("{}: expected training labels of at least 2 classes, found only 0: choose a set of more classes", dir.display())]
    OneClass {
        /// The folder.
        dir: PathBuf,
    },

    /// Too few training images to hold one out for validation.
    #[error("{}: expected at least 2 training images, found 1: choose a larger set", dir.display())]
    TooFewImages {
        /// The folder.
        dir: PathBuf,
    },
}
