//! Reads a picture file as the 28x28 grey levels that the engine takes (feature `picture`).
//!
//! - `error`: the reasons why a picture is refused.
//! - `memory`: the limits on memory, for all threads together.
//! - `png`, `jpeg`: decode the two formats to 28x28 grey levels.
//! - `grey`, `shrink`: used by both: samples to grey levels, and any size to 28x28.
//!
//! # Limits
//!
//! A file may have 256 MiB, and a picture 65,500 pixels per side and 300 megapixels. A JPEG may take 512 MiB to decode:
//! three to nine bytes per pixel in color, one to three in grey. A PNG takes a few rows. All threads of the process
//! together hold at most 256 MiB of files and 512 MiB to decode them: where that is not enough, [`load`] waits.

mod error;
mod grey;
mod jpeg;
mod limits;
mod memory;
mod png;
mod shrink;
#[cfg(test)]
mod tests;

use std::array;
use std::fs;
use std::path::Path;
use std::string::ToString;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

pub use self::error::PictureError;
use self::limits::MAX_FILE;
use self::memory::FILES;
use crate::host::files;

/// A picture as the engine takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Picture {
    /// 0 for paper to 255 for ink, row by row.
    pub pixels: [u8; IMAGE_PIXELS],
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

/// Reads a PNG, a JPEG or 784 raw pixels as 28x28 grey levels.
///
/// The picture is stretched to 28x28, whatever its proportions, with white behind what is transparent, and turned as its
/// camera noted. A file is raw if its name ends in `.raw` or `.bin`, or if it has 784 bytes and does not start as a
/// picture of a known format does.
///
/// May wait until other threads have read their pictures: see the [module](self).
///
/// # Errors
///
/// [`PictureError`] if the file cannot be read, is not such a picture, is damaged or cut short, or is too large.
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
/// let picture = picture_file::load(&path, Invert::Auto)?;
/// assert!(picture.pixels == pixels && !picture.inverted);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load(path: &Path, invert: Invert) -> Result<Picture, PictureError> {
    let file = path.display().to_string();
    // A pipe does not tell its length.
    let length = fs::metadata(path).map_or(0, |found| if found.is_file() { found.len() } else { MAX_FILE });
    let _loan = FILES.borrow(length.min(MAX_FILE));
    let contents = files::read_at_most(path, MAX_FILE)
        .map_err(|source| PictureError::Read { file: file.clone(), source })?;
    let pixels = parse(&file, &contents, has_raw_name(path))?;
    let inverted = match invert {
        Invert::Auto => has_light_border(&pixels),
        Invert::Yes => true,
        Invert::No => false,
    };
    let pixels = if inverted { pixels.map(|grey| 255 - grey) } else { pixels };
    Ok(Picture { pixels, inverted })
}

fn has_raw_name(path: &Path) -> bool {
    path.extension().is_some_and(|end| ["raw", "bin"].iter().any(|raw| end.eq_ignore_ascii_case(raw)))
}

/// What the contents are decides, unless the name says that they are raw. `file` names the source in errors.
fn parse(file: &str, contents: &[u8], raw: bool) -> Result<[u8; IMAGE_PIXELS], PictureError> {
    let (name, found) = (file.to_string(), contents.len());
    if raw {
        return contents.try_into().map_err(|_| PictureError::RawLength { file: name, found });
    }
    let shrunk = match image::guess_format(contents).ok() {
        Some(ImageFormat::Png) => png::shrink(contents),
        Some(ImageFormat::Jpeg) => jpeg::shrink(contents),
        Some(format) => return Err(PictureError::Format { file: name, format }),
        None if found == 0 => return Err(PictureError::Empty { file: name }),
        None => return contents.try_into().map_err(|_| PictureError::Unknown { file: name, found }),
    };
    shrunk.map(|(pixels, orientation)| turn(&pixels, orientation)).map_err(|fault| fault.of(file))
}

/// The picture the way up that its camera noted. To turn it after it was shrunk gives the same as before.
fn turn(pixels: &[u8; IMAGE_PIXELS], orientation: Orientation) -> [u8; IMAGE_PIXELS] {
    let side = IMAGE_SIDE as u32;
    let pixel = |x: u32, y: u32| Luma([pixels[y as usize * IMAGE_SIDE + x as usize]]);
    let mut image: DynamicImage = GrayImage::from_fn(side, side, pixel).into();
    image.apply_orientation(orientation);
    let turned = image.into_luma8();
    array::from_fn(|index| turned.as_raw()[index])
}

/// Whether the outermost pixels are light on average: then they are paper, not ink.
fn has_light_border(pixels: &[u8; IMAGE_PIXELS]) -> bool {
    let on_border = |place: usize| place == 0 || place == IMAGE_SIDE - 1;
    let border = pixels
        .iter()
        .enumerate()
        .filter(|(index, _)| on_border(index / IMAGE_SIDE) || on_border(index % IMAGE_SIDE))
        .map(|(_, grey)| u32::from(*grey));
    let (sum, count) = border.fold((0, 0), |(sum, count), grey| (sum + grey, count + 1));
    2 * sum > 255 * count
}
