//! The contents of a decompressed IDX file: parsed and written.

use std::array;
use std::borrow::ToOwned;
use std::cmp::Ordering;
use std::io::{self, Write};
use std::vec::Vec;

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use super::{IdxError, UNSIGNED_BYTE};

/// Parses the decompressed contents of an image file. `file` names the source in errors.
///
/// # Errors
///
/// [`IdxError`] if the header is not that of 28x28 byte images or the contents are not as long as it says.
pub fn parse_images(file: &str, contents: &[u8]) -> Result<Vec<[u8; IMAGE_PIXELS]>, IdxError> {
    let ([count, rows, columns], pixels) = split_header(file, contents)?;
    if [rows, columns].map(u64::from) != [IMAGE_SIDE as u64; 2] {
        return Err(IdxError::ImageSize { file: file.to_owned(), rows, columns });
    }
    check_length(file, contents, pixels, count, IMAGE_PIXELS)?;
    let (images, _) = pixels.as_chunks();
    Ok(images.to_vec())
}

/// Parses the decompressed contents of a label file. `file` names the source in errors.
///
/// # Errors
///
/// [`IdxError`] if the header is not that of byte labels, the contents are not as long as it says, or a label is not less
/// than `classes`.
pub fn parse_labels(file: &str, contents: &[u8], classes: usize) -> Result<Vec<u8>, IdxError> {
    let ([count], labels) = split_header(file, contents)?;
    check_length(file, contents, labels, count, 1)?;
    if let Some(index) = labels.iter().position(|&label| usize::from(label) >= classes) {
        return Err(IdxError::Label { file: file.to_owned(), index, found: labels[index], classes });
    }
    Ok(labels.to_vec())
}

/// Writes the contents of an image file: exactly what [`parse_images`] reads.
///
/// # Errors
///
/// Those of `out`, and [`io::ErrorKind::InvalidInput`] for more images than the header's 32 bits can count.
pub fn encode_images(images: &[[u8; IMAGE_PIXELS]], mut out: impl Write) -> io::Result<()> {
    let side = IMAGE_SIDE as u32;
    out.write_all(&[0, 0, UNSIGNED_BYTE, 3])?;
    for size in [count(images.len())?, side, side] {
        out.write_all(&size.to_be_bytes())?;
    }
    out.write_all(images.as_flattened())
}

/// Writes the contents of a label file: exactly what [`parse_labels`] reads.
///
/// # Errors
///
/// Those of `out`, and [`io::ErrorKind::InvalidInput`] for more labels than the header's 32 bits can count.
pub fn encode_labels(labels: &[u8], mut out: impl Write) -> io::Result<()> {
    out.write_all(&[0, 0, UNSIGNED_BYTE, 1])?;
    out.write_all(&count(labels.len())?.to_be_bytes())?;
    out.write_all(labels)
}

fn count(items: usize) -> io::Result<u32> {
    u32::try_from(items).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Checks the magic number, and returns the sizes of the `D` dimensions and what follows the header.
fn split_header<'a, const D: usize>(
    file: &str,
    contents: &'a [u8],
) -> Result<([u32; D], &'a [u8]), IdxError> {
    let file = || file.to_owned();
    let truncated =
        || IdxError::Truncated { file: file(), expected: 4 + 4 * D as u64, found: contents.len() as u64 };
    let (&[zero0, zero1, element_type, dimensions], rest) =
        contents.split_first_chunk().ok_or_else(truncated)?;
    if [zero0, zero1] != [0, 0] {
        return Err(IdxError::Magic { file: file(), found: [zero0, zero1] });
    }
    if element_type != UNSIGNED_BYTE {
        return Err(IdxError::ElementType { file: file(), found: element_type });
    }
    if usize::from(dimensions) != D {
        return Err(IdxError::Dimensions { file: file(), expected: D, found: dimensions });
    }
    let (sizes, items) = rest.split_at_checked(4 * D).ok_or_else(truncated)?;
    let (sizes, _) = sizes.as_chunks();
    Ok((array::from_fn(|dimension| u32::from_be_bytes(sizes[dimension])), items))
}

/// Checks that `items`, the end of `contents`, is `count` items of `size` bytes, and that there is at least one.
fn check_length(file: &str, contents: &[u8], items: &[u8], count: u32, size: usize) -> Result<(), IdxError> {
    let file = file.to_owned();
    if count == 0 {
        return Err(IdxError::Empty { file });
    }
    // No overflow: a 32-bit count times an image is less than 2^42.
    let expected = (contents.len() - items.len()) as u64 + u64::from(count) * size as u64;
    let found = contents.len() as u64;
    match found.cmp(&expected) {
        Ordering::Less => Err(IdxError::Truncated { file, expected, found }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(IdxError::TrailingBytes { file, expected, found }),
    }
}
