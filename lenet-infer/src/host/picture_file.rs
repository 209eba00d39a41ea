//! A picture file as the 28x28 grey levels that the engine takes (feature `picture`).

use std::boxed::Box;
use std::io::{self, Cursor};
use std::path::Path;
use std::string::{String, ToString};

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Luma};
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use thiserror::Error;

use crate::host::files;

/// The longest file taken, in bytes.
const MAX_FILE: u64 = 256 << 20;
/// The largest picture taken, in bytes after decompression: a 300-megapixel photo just fits. It bounds what a
/// crafted file can make this process allocate.
const MAX_DECODED: u64 = 1 << 30;

/// What the engine is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// 0 for paper to 255 for ink, row by row.
    pub pixels: [u8; IMAGE_PIXELS],
    /// Whether the file had its ink dark on light.
    pub inverted: bool,
}

/// When dark ink on light paper becomes light ink on dark paper, as models are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Invert {
    /// When the border of the picture is light
    #[default]
    Auto,
    /// Always
    Yes,
    /// Never
    No,
}

/// Why a picture was refused. Each message names the file, what was expected, what was found, and the mend.
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
    /// The picture cannot be decoded.
    #[error("{file}: picture is damaged or of a kind that is not supported: save it again as PNG")]
    Damaged {
        /// The file.
        file: String,
        /// What the decoder said.
        source: Box<ImageError>,
    },
    /// The picture is too large to hold.
    #[error(
        "{file}: expected at most {MAX_DECODED} bytes when decompressed, found {width}x{height} pixels: \
         save it smaller"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The file is a picture, but none that is read here.
    #[error("{file}: expected a PNG or JPEG picture, found {format:?}: save it as PNG")]
    Format {
        /// The file.
        file: String,
        /// What it is.
        format: ImageFormat,
    },
    /// A file whose name says that it holds raw pixels has too few or too many.
    #[error("{file}: expected {IMAGE_PIXELS} raw bytes, 28 rows of 28 grey levels, found {found}")]
    RawLength {
        /// The file.
        file: String,
        /// Bytes in it.
        found: usize,
    },
    /// The file is no picture.
    #[error(
        "{file}: expected a PNG or JPEG picture or {IMAGE_PIXELS} raw bytes, found {found} bytes of another kind: \
         save it as PNG"
    )]
    Unknown {
        /// The file.
        file: String,
        /// Bytes in it.
        found: usize,
    },
}

/// Reads a PNG, a JPEG or raw pixels, stretched to 28x28 grey levels.
///
/// # Errors
///
/// [`PictureError`].
pub fn load(path: &Path, invert: Invert) -> Result<Picture, PictureError> {
    let file = path.display().to_string();
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
    let format = if raw { None } else { image::guess_format(contents).ok() };
    if let Some(format @ (ImageFormat::Png | ImageFormat::Jpeg)) = format {
        return Ok(shrink(&on_white_paper(&decode(file, contents, format)?)));
    }
    if let Ok(pixels) = contents.try_into() {
        return Ok(pixels);
    }
    let (file, found) = (file.to_string(), contents.len());
    Err(match format {
        Some(format) => PictureError::Format { file, format },
        None if raw => PictureError::RawLength { file, found },
        None => PictureError::Unknown { file, found },
    })
}

/// The picture the way up that its camera noted.
fn decode(file: &str, contents: &[u8], format: ImageFormat) -> Result<DynamicImage, PictureError> {
    let damaged = |error| PictureError::Damaged { file: file.to_string(), source: Box::new(error) };
    let mut decoder =
        ImageReader::with_format(Cursor::new(contents), format).into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if decoder.total_bytes() > MAX_DECODED {
        return Err(PictureError::TooLarge { file: file.to_string(), width, height });
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Grey levels, with white behind what is transparent.
fn on_white_paper(image: &DynamicImage) -> GrayImage {
    let image = image.to_luma_alpha8();
    GrayImage::from_fn(image.width(), image.height(), |x, y| {
        let [grey, alpha] = image.get_pixel(x, y).0.map(u32::from);
        Luma([((grey * alpha + 255 * (255 - alpha) + 127) / 255) as u8])
    })
}

/// Stretched to 28x28, whatever its proportions; each pixel is a mean of those it covers.
fn shrink(image: &GrayImage) -> [u8; IMAGE_PIXELS] {
    let side = IMAGE_SIDE as u32;
    let small = imageops::resize(image, side, side, FilterType::Triangle);
    std::array::from_fn(|index| small.as_raw()[index])
}

/// Whether the outermost pixels are light in the mean: there the picture is paper, not ink.
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

#[cfg(test)]
mod tests {
    use super::*;
    use image::{LumaA, Rgba};
    use std::fs;
    use std::vec::Vec;
    use tempfile::tempdir;

    /// A grey level for each pixel, all different from its neighbours', with a dark border.
    fn digit() -> [u8; IMAGE_PIXELS] {
        std::array::from_fn(|index| {
            let (row, column) = (index / IMAGE_SIDE, index % IMAGE_SIDE);
            if (4..24).contains(&row) && (8..20).contains(&column) { (index * 37 % 256) as u8 } else { 0 }
        })
    }

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut contents = Cursor::new(Vec::new());
        image.write_to(&mut contents, ImageFormat::Png).unwrap();
        contents.into_inner()
    }

    fn grey_png(pixels: &[u8; IMAGE_PIXELS]) -> Vec<u8> {
        png(&GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap().into())
    }

    #[test]
    fn a_picture_of_28x28_keeps_every_pixel() {
        assert_eq!(parse("F", &grey_png(&digit()), false).unwrap(), digit());
    }

    #[test]
    fn an_enlarged_picture_shrinks_to_what_it_was() {
        let mut two = [0; IMAGE_PIXELS];
        two[14 * IMAGE_SIDE..15 * IMAGE_SIDE].fill(200);
        let image = GrayImage::from_fn(280, 560, |x, y| Luma([two[(y / 20 * 28 + x / 10) as usize]]));
        let shrunk = shrink(&image);
        assert_eq!(shrunk[10 * IMAGE_SIDE], 0);
        assert!(shrunk[14 * IMAGE_SIDE + 14] > 140);
    }

    #[test]
    fn what_is_transparent_is_white_paper() {
        let clear: DynamicImage = image::RgbaImage::from_pixel(28, 28, Rgba([0, 0, 0, 0])).into();
        assert_eq!(parse("F", &png(&clear), false).unwrap(), [255; IMAGE_PIXELS]);
        let half: DynamicImage = image::GrayAlphaImage::from_pixel(28, 28, LumaA([0, 128])).into();
        assert_eq!(parse("F", &png(&half), false).unwrap(), [127; IMAGE_PIXELS]);
    }

    #[test]
    fn the_border_decides_whether_a_picture_is_inverted() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("digit.raw");
        let dark_on_light = digit().map(|grey| 255 - grey);
        for (pixels, invert, inverted) in [
            (digit(), Invert::Auto, false),
            (digit(), Invert::Yes, true),
            (dark_on_light, Invert::Auto, true),
            (dark_on_light, Invert::No, false),
        ] {
            fs::write(&path, pixels).unwrap();
            let seen = if inverted { pixels.map(|grey| 255 - grey) } else { pixels };
            assert_eq!(load(&path, invert).unwrap(), Picture { pixels: seen, inverted });
        }
    }

    #[test]
    fn a_raw_name_goes_before_what_the_contents_look_like() {
        let mut pixels = digit();
        pixels[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
        assert_eq!(parse("F", &pixels, true).unwrap(), pixels);
        assert!(parse("F", &pixels, false).is_err());
        assert!(has_raw_name(Path::new("a/B.RAW")) && !has_raw_name(Path::new("raw")));
    }

    #[test]
    fn a_picture_of_another_format_is_named() {
        let message = parse("F", b"GIF89a and so on", false).unwrap_err().to_string();
        assert_eq!(message, "F: expected a PNG or JPEG picture, found Gif: save it as PNG");
    }

    #[test]
    fn a_picture_too_large_to_hold_is_refused_by_its_header() {
        let mut contents = grey_png(&digit());
        // Width and height follow the chunk's length and name; its CRC, over name and data, follows them.
        contents[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
        contents[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&contents[12..29]);
        contents[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        let message = parse("F", &contents, false).unwrap_err().to_string();
        assert!(message.contains("when decompressed, found 100000x100000 pixels"), "{message}");
    }

    #[test]
    fn every_truncated_picture_is_refused() {
        let contents = grey_png(&digit());
        for length in 0..contents.len() - 12 {
            assert!(parse("F", &contents[..length], false).is_err(), "{length}");
        }
    }
}
