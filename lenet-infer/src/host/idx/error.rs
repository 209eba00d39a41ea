//! The reasons why IDX files are refused.

use std::io;
use std::path::PathBuf;
use std::string::String;

use lenet_core::shape::IMAGE_SIDE;
use thiserror::Error;

use super::{MAX_UNPACKED, UNSIGNED_BYTE};

/// Why IDX files were refused.
///
/// Each message names the file, what was expected, what was found, and how to fix it. All sizes are in bytes of the
/// decompressed contents.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The folder holds none of the names that the file may have.
    #[error(
        "{}: expected one of {looked_for}, found none of them: put the file there or name another folder",
        dir.display()
    )]
    Missing {
        /// The folder.
        dir: PathBuf,
        /// The names looked for, separated by commas.
        looked_for: String,
    },

    /// The file cannot be read.
    #[error("{file}: expected a readable file: check what it is and its permissions")]
    Read {
        /// The file.
        file: String,
        /// What the file system said.
        source: io::Error,
    },

    /// The file or its folder cannot be written.
    #[error("{file}: cannot be written: check the permissions of its folder and the space on the disk")]
    Write {
        /// The file or its folder.
        file: String,
        /// What the file system said.
        source: io::Error,
    },

    /// The contents are larger than [`MAX_UNPACKED`].
    #[error(
        "{file}: expected at most {MAX_UNPACKED} bytes of contents, found more: split the set into smaller \
         ones, or check that the file is a set of {IMAGE_SIDE}x{IMAGE_SIDE} images"
    )]
    TooLarge {
        /// The file.
        file: String,
    },

    /// The gzip stream ends early.
    #[error("{file}: expected a whole gzip stream, found its end missing: fetch or copy the file again")]
    TruncatedGzip {
        /// The file.
        file: String,
    },

    /// The gzip stream is damaged, or something that is not gzip follows it.
    #[error("{file}: expected a gzip stream, found a damaged one: fetch or copy the file again")]
    CorruptGzip {
        /// The file.
        file: String,
        /// What the decoder said.
        source: io::Error,
    },

    /// The first two bytes are not those of an IDX file.
    #[error(
        "{file}: expected an IDX file (it starts with bytes 00 00) or a gzip one (1f 8b), found {:02x} {:02x}: \
         is it another kind of file, or a web page saved in its place?",
        found[0], found[1]
    )]
    Magic {
        /// The file.
        file: String,
        /// Its first two bytes.
        found: [u8; 2],
    },

    /// The elements are not unsigned bytes.
    #[error(
        "{file}: expected IDX elements of type {UNSIGNED_BYTE:#04x} (unsigned byte), found type {found:#04x}: \
         convert the elements to bytes"
    )]
    ElementType {
        /// The file.
        file: String,
        /// The type byte.
        found: u8,
    },

    /// The header has another number of dimensions than the kind of file: three for images, one for labels.
    #[error("{file}: expected {expected} IDX dimension(s), found {found}: are images and labels swapped?")]
    Dimensions {
        /// The file.
        file: String,
        /// 3 for images, 1 for labels.
        expected: usize,
        /// The number of dimensions in the header.
        found: u8,
    },

    /// The images have another size than the network's.
    #[error(
        "{file}: expected images of {IMAGE_SIDE}x{IMAGE_SIDE} pixels, found {rows}x{columns}: \
         resize them to {IMAGE_SIDE}x{IMAGE_SIDE}"
    )]
    ImageSize {
        /// The file.
        file: String,
        /// Rows of each image.
        rows: u32,
        /// Columns of each image.
        columns: u32,
    },

    /// The header counts no items.
    #[error(
        "{file}: expected at least one item, found a header that counts 0: choose a set that is not empty"
    )]
    Empty {
        /// The file.
        file: String,
    },

    /// The contents end before the last item, or inside the header.
    #[error("{file}: expected {expected} bytes by its header, found {found}: fetch or copy the file again")]
    Truncated {
        /// The file.
        file: String,
        /// Bytes by the header, or of the header itself.
        expected: u64,
        /// Bytes in the file.
        found: u64,
    },

    /// Bytes follow the last item.
    #[error(
        "{file}: expected {expected} bytes by its header, found {found}: \
         correct the count in the header or fetch the file again"
    )]
    TrailingBytes {
        /// The file.
        file: String,
        /// Bytes by the header.
        expected: u64,
        /// Bytes in the file.
        found: u64,
    },

    /// A label is not one of the classes.
    #[error(
        "{file}: expected labels from 0 to {}, found {found} at item {index} (counted from 0): \
         choose a set of at most {classes} classes",
        classes - 1
    )]
    Label {
        /// The file.
        file: String,
        /// Which label, counted from 0.
        index: usize,
        /// The label.
        found: u8,
        /// The number of classes: labels are less.
        classes: usize,
    },

    /// The two files of a part hold different numbers of items.
    #[error(
        "{labels_file}: expected a label for each of the {images} images of {images_file}, \
         found {labels}: take both files from the same set"
    )]
    Counts {
        /// The image file.
        images_file: String,
        /// Images in it.
        images: usize,
        /// The label file.
        labels_file: String,
        /// Labels in it.
        labels: usize,
    },
}
