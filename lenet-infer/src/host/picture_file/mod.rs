//! Reads picture files: as gray pictures, or stretched to the 28x28 gray levels that the engine takes (feature `picture`).
//!
//! - [`read`] and [`prepare`]: from a file of a photo or a drawing to the image of its digit.
//! - [`stretch`]: from a file that shows a digit alone, framed as the model expects it, to an image.
//! - `error`: the reasons why a picture is refused.
//! - `memory`: the limits on memory, for all threads together.
//! - `png`, `jpeg`, `other`: decode the formats to rows of gray levels; `gray` makes them from samples.
//! - `sink`: what takes the rows: `gray_picture` or `stretch`.
//!
//! # Limits
//!
//! A file may have 256 MiB, and a picture 65,500 pixels per side and 300 megapixels. Decoding may take 512 MiB: three to
//! nine bytes per pixel of a JPEG in color, one to three in gray, and up to four times as many as it has samples in the
//! other formats. A PNG takes a few rows. A gray picture takes three bytes per pixel more. All threads of the process
//! together hold at most 256 MiB of files and 512 MiB to decode them: where that is not enough, reading waits.

mod error;
mod gray;
mod gray_picture;
mod jpeg;
mod limits;
mod memory;
mod other;
mod png;
mod prepare;
mod sink;
mod stretch;
#[cfg(test)]
mod tests;

use std::format;
use std::fs;
use std::path::Path;
use std::string::ToString;

use image::ImageFormat;
use image::metadata::Orientation;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use self::error::Fault;
pub use self::error::PictureError;
pub use self::gray_picture::GrayPicture;
use self::gray_picture::Reduction;
use self::limits::MAX_FILE;
use self::memory::FILES;
pub use self::prepare::{GRID_SIDE, Prepared, is_normalized, prepare, prepare_best, prepare_best_observed};
use self::sink::Sink;
use self::stretch::Stretch;
use crate::host::files;

/// The endings of the names of picture files that are read, in lower case.
pub const ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff"];

/// A picture stretched to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stretched {
    /// 0 for paper to 255 for ink, row by row.
    pub image: [u8; IMAGE_PIXELS],
    /// Whether the file had its ink dark on light.
    pub inverted: bool,
}

/// When dark ink on light paper becomes light ink on dark paper, as models are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[non_exhaustive]
pub enum Invert {
    /// When the border of the picture is light
    #[default]
    Auto,
    /// Always
    Yes,
    /// Never
    No,
}

/// Reads a PNG, JPEG, WebP, BMP, GIF or TIFF picture, or 784 raw pixels, as a gray picture of at most 4096 pixels per side.
///
/// A larger picture is reduced, white is put behind what is transparent, and the picture is turned as its camera noted. A
/// file is raw if its name ends in `.raw` or `.bin`, or if it has 784 bytes and does not start as a picture of a known
/// format does.
///
/// May wait until other threads have read their pictures: see the [module](self).
///
/// # Errors
///
/// [`PictureError`] if the file cannot be read, is not such a picture, is damaged or cut short, or is too large.
pub fn read(path: &Path) -> Result<GrayPicture, PictureError> {
    let (mut picture, is_raw) = load::<Reduction>(path)?;
    picture.is_raw = is_raw;
    Ok(picture)
}

/// Reads a file as [`read`] does, but stretches the whole picture to 28x28, whatever its proportions.
///
/// # Errors
///
/// As [`read`].
///
/// # Example
///
/// ```
/// use lenet_infer::host::picture_file::{self, Invert};
///
/// let path = std::env::temp_dir().join("lenet-infer-example.raw");
/// // A white bar on black.
/// let pixels: [u8; 784] = std::array::from_fn(|index| if index / 28 == 14 { 200 } else { 0 });
/// std::fs::write(&path, pixels)?;
/// let picture = picture_file::stretch(&path, Invert::Auto)?;
/// assert!(picture.image == pixels && !picture.inverted);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn stretch(path: &Path, invert: Invert) -> Result<Stretched, PictureError> {
    let (image, _) = load::<Stretch>(path)?;
    let inverted = match invert {
        Invert::Auto => has_light_border(&image),
        Invert::Yes => true,
        Invert::No => false,
    };
    let image = if inverted { image.map(|gray| 255 - gray) } else { image };
    Ok(Stretched { image, inverted })
}

/// Reads and decodes a file. Also returns whether it is raw.
fn load<S: Sink>(path: &Path) -> Result<(S::Output, bool), PictureError> {
    let file = path.display().to_string();
    // A pipe does not tell its length.
    let length = fs::metadata(path).map_or(0, |found| if found.is_file() { found.len() } else { MAX_FILE });
    let _loan = FILES.borrow(length.min(MAX_FILE));
    let contents = files::read_at_most(path, MAX_FILE)
        .map_err(|source| PictureError::Read { file: file.clone(), source })?;
    parse::<S>(&file, &contents, has_raw_name(path))
}

fn has_raw_name(path: &Path) -> bool {
    path.extension().is_some_and(|end| ["raw", "bin"].iter().any(|raw| end.eq_ignore_ascii_case(raw)))
}

/// What the contents are decides, unless the name says that they are raw. `file` names the source in errors. Also returns
/// whether the contents are raw.
fn parse<S: Sink>(file: &str, contents: &[u8], raw: bool) -> Result<(S::Output, bool), PictureError> {
    let Some(format) = image::guess_format(contents).ok().filter(|_| !raw) else {
        let pixels = raw_pixels(file, contents, raw)?;
        return raw_rows::<S>(pixels).map(|output| (output, true)).map_err(|fault| fault.of(file));
    };
    let decoded = match format {
        ImageFormat::Png => png::decode::<S>(contents),
        ImageFormat::Jpeg => jpeg::decode::<S>(contents),
        ImageFormat::WebP | ImageFormat::Bmp | ImageFormat::Gif | ImageFormat::Tiff => {
            other::decode::<S>(contents, format)
        }
        _ => return Err(PictureError::Format { file: file.to_string(), format: format!("{format:?}") }),
    };
    decoded.map(|output| (output, false)).map_err(|fault| fault.of(file))
}

fn raw_pixels<'c>(file: &str, contents: &'c [u8], raw: bool) -> Result<&'c [u8; IMAGE_PIXELS], PictureError> {
    let (file, found) = (file.to_string(), contents.len());
    if !raw && is_heic(contents) {
        return Err(PictureError::Format { file, format: "HEIC".to_string() });
    }
    contents.try_into().map_err(|_| match found {
        _ if raw => PictureError::RawLength { file, found },
        0 => PictureError::Empty { file },
        _ => PictureError::Unknown { file, found },
    })
}

/// Whether it is the format in which many phones save photos: a file type box with a brand of HEVC.
fn is_heic(contents: &[u8]) -> bool {
    contents.get(4..8) == Some(b"ftyp") && matches!(contents.get(8..11), Some(b"hei" | b"hev" | b"mif"))
}

fn raw_rows<S: Sink>(pixels: &[u8; IMAGE_PIXELS]) -> Result<S::Output, Fault> {
    let side = IMAGE_SIDE as u32;
    let mut sink = S::new(side, side)?;
    (0..).zip(pixels.chunks_exact(IMAGE_SIDE)).for_each(|(y, row)| sink.add(y, 0, 1, row));
    sink.finish(Orientation::NoTransforms)
}

/// Whether the outermost pixels are light on average: then they are paper, not ink.
fn has_light_border(pixels: &[u8; IMAGE_PIXELS]) -> bool {
    let on_border = |place: usize| place == 0 || place == IMAGE_SIDE - 1;
    let border = pixels
        .iter()
        .enumerate()
        .filter(|(index, _)| on_border(index / IMAGE_SIDE) || on_border(index % IMAGE_SIDE))
        .map(|(_, gray)| u32::from(*gray));
    let (sum, count) = border.fold((0, 0), |(sum, count), gray| (sum + gray, count + 1));
    2 * sum > 255 * count
}
