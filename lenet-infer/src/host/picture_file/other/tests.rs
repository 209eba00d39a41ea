use std::array;
use std::prelude::rust_2024::*;

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use super::*;
use crate::host::picture_file::gray_picture::Reduction;
use crate::host::picture_file::stretch::Stretch;
use crate::host::picture_file::{GrayPicture, PictureError};

/// The image that a file is stretched to.
fn parse(contents: &[u8]) -> Result<[u8; IMAGE_PIXELS], PictureError> {
    crate::host::picture_file::parse::<Stretch>("F", contents, false).map(|(image, _)| image)
}

fn read_gray(contents: &[u8]) -> GrayPicture {
    crate::host::picture_file::parse::<Reduction>("F", contents, false).unwrap().0
}

/// Columns of different gray levels.
fn levels() -> [u8; IMAGE_PIXELS] {
    array::from_fn(|index| (index % IMAGE_SIDE * 37 % 256) as u8)
}

fn gray(pixels: &[u8; IMAGE_PIXELS]) -> GrayImage {
    GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut contents = Cursor::new(Vec::new());
    image.write_to(&mut contents, format).unwrap();
    contents.into_inner()
}

/// The formats that the `image` crate decodes. All keep the levels of a gray picture.
const OTHERS: [ImageFormat; 4] = [ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::Tiff];

/// In the most colors that each format can have.
fn in_color(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    encoded(
        &if format == ImageFormat::Bmp { image.to_rgb8().into() } else { image.to_rgba8().into() },
        format,
    )
}

#[test]
fn every_format_gives_the_picture_that_a_png_does() {
    let image: DynamicImage = gray(&levels()).into();
    let expected = read_gray(&encoded(&image, ImageFormat::Png));
    assert_eq!(expected.pixels(), levels());
    for format in OTHERS {
        let contents = in_color(&image, format);
        assert_eq!(parse(&contents).unwrap(), levels(), "{format:?}");
        assert_eq!(read_gray(&contents), expected, "{format:?}");
    }
    let jpeg = read_gray(&encoded(
        &image.resize_exact(90, 50, image::imageops::FilterType::Nearest),
        ImageFormat::Jpeg,
    ));
    assert_eq!((jpeg.width(), jpeg.height(), jpeg.file_height()), (90, 50, 50));
}

#[test]
fn a_tiff_of_16_bits_gives_the_high_byte() {
    let deep = DynamicImage::from(gray(&levels())).into_luma16();
    assert_eq!(parse(&encoded(&deep.into(), ImageFormat::Tiff)).unwrap(), levels());
}

#[test]
fn samples_of_floating_point_are_refused() {
    let image = DynamicImage::from(gray(&levels())).into_rgb32f();
    let error = parse(&encoded(&image.into(), ImageFormat::Tiff)).unwrap_err();
    assert!(matches!(error, PictureError::Damaged { .. }), "{error}");
}

#[test]
fn of_an_animation_the_first_frame_is_read() {
    let mut contents = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut contents);
    for level in [0, 90, 255] {
        encoder.encode(&[level; IMAGE_PIXELS * 3], 28, 28, image::ExtendedColorType::Rgb8).unwrap();
    }
    drop(encoder);
    assert_eq!(parse(&contents).unwrap(), [0; IMAGE_PIXELS]);
}

#[test]
fn a_transparent_gif_has_white_paper() {
    let clear: DynamicImage = RgbaImage::from_pixel(28, 28, Rgba([0, 0, 0, 0])).into();
    for format in [ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Tiff] {
        assert_eq!(parse(&encoded(&clear, format)).unwrap(), [255; IMAGE_PIXELS], "{format:?}");
    }
}

#[test]
fn no_damage_to_a_picture_of_another_format_makes_it_panic() {
    let small = RgbImage::from_fn(9, 10, |x, y| Rgb([(x * 25) as u8, (y * 26) as u8, (x * y * 3) as u8]));
    let small = DynamicImage::from(small);
    for format in OTHERS {
        let contents = in_color(&small, format);
        for at in 0..contents.len() {
            let _ = parse(&contents[..at]);
            for byte in [0, 1, 0x7f, 0x80, 0xff, contents[at] ^ 0x10] {
                let mut damaged = contents.clone();
                damaged[at] = byte;
                let _ = crate::host::picture_file::parse::<Reduction>("F", &damaged, false);
            }
        }
    }
}

#[test]
fn half_a_picture_of_another_format_is_refused() {
    let noise = GrayImage::from_fn(60, 60, |x, y| Luma([(x * x * 31 + y * 17 + x * y * 7) as u8]));
    for format in OTHERS {
        let contents = in_color(&noise.clone().into(), format);
        let message = parse(&contents[..contents.len() / 2]).unwrap_err().to_string();
        assert!(message.starts_with("F: picture is damaged"), "{format:?}: {message}");
    }
}
