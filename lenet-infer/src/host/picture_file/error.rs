//! Why a picture is refused.

use std::boxed::Box;
use std::error::Error as StdError;
use std::io;
use std::string::{String, ToString};

use lenet_core::shape::IMAGE_PIXELS;
use thiserror::Error;

use super::limits::{MAX_DECODING, MAX_PIXELS, MAX_SIDE};

/// The formats that are read.
const FORMATS: &str = "PNG, JPEG, WebP, BMP, GIF or TIFF";

/// Why a picture was refused.
///
/// Each message names the file, what was expected, what was found, and how to fix it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The file cannot be read.
    #[error("{file}: expected a picture that can be read")]
    Read {
        /// The file.
        file: String,
        /// What the file system said.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error(
        "{file}: expected a {FORMATS} picture or {IMAGE_PIXELS} raw bytes, found an empty file: save it again"
    )]
    Empty {
        /// The file.
        file: String,
    },
    /// The picture cannot be decoded.
    #[error("{file}: picture is damaged or of a kind that is not supported: save it again as PNG")]
    Damaged {
        /// The file.
        file: String,
        /// What the decoder said.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Image data is missing from a JPEG picture.
    #[error("{file}: expected a whole JPEG picture, found image data missing: copy or save the file again")]
    Truncated {
        /// The file.
        file: String,
    },
    /// The picture has too many pixels, or decoding it would take too much memory.
    #[error(
        "{file}: expected at most {MAX_SIDE} pixels per side, {} megapixels, and {} MiB of memory to decode them, \
         found {width}x{height} pixels: save it smaller",
        MAX_PIXELS / 1_000_000,
        MAX_DECODING >> 20
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The system does not have the memory that decoding the picture takes.
    #[error(
        "{file}: expected {bytes} bytes of free memory to decode the picture, found fewer: save it smaller"
    )]
    OutOfMemory {
        /// The file.
        file: String,
        /// Bytes asked for.
        bytes: u64,
    },
    /// The file is a picture in a format that is not read.
    #[error(
        "{file}: expected a {FORMATS} picture, found {format}: save it as PNG, or name it .raw if it holds \
         {IMAGE_PIXELS} raw bytes"
    )]
    Format {
        /// The file.
        file: String,
        /// The format found.
        format: String,
    },
    /// A file whose name says that it holds raw pixels has too few or too many.
    #[error("{file}: expected {IMAGE_PIXELS} raw bytes, 28 rows of 28 gray levels, found {found}")]
    RawLength {
        /// The file.
        file: String,
        /// Bytes in it.
        found: usize,
    },
    /// The file is not a picture.
    #[error(
        "{file}: expected a {FORMATS} picture or {IMAGE_PIXELS} raw bytes, found {found} bytes of another kind: \
         save it as PNG"
    )]
    Unknown {
        /// The file.
        file: String,
        /// Bytes in it.
        found: usize,
    },
}

/// Why a decoder refused the contents of a file: a [`PictureError`] without the file's name.
#[derive(Debug)]
pub(super) enum Fault {
    Damaged(Box<dyn StdError + Send + Sync>),
    Truncated,
    TooLarge { width: u32, height: u32 },
    OutOfMemory { bytes: u64 },
}

impl Fault {
    pub(super) fn damaged(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Damaged(error.into())
    }

    pub(super) fn of(self, file: &str) -> PictureError {
        let file = file.to_string();
        match self {
            Self::Damaged(source) => PictureError::Damaged { file, source },
            Self::Truncated => PictureError::Truncated { file },
            Self::TooLarge { width, height } => PictureError::TooLarge { file, width, height },
            Self::OutOfMemory { bytes } => PictureError::OutOfMemory { file, bytes },
        }
    }
}
