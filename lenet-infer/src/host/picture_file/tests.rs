use std::array;
use std::io::Cursor;
use std::prelude::rust_2024::*;

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageEncoder, Luma, LumaA, Rgba, RgbaImage};
use tempfile::tempdir;

use super::*;

/// The image that a file is stretched to.
fn parse(file: &str, contents: &[u8], raw: bool) -> Result<[u8; IMAGE_PIXELS], PictureError> {
    super::parse::<Stretch>(file, contents, raw).map(|(image, _)| image)
}

/// A gray level for each pixel, all different from its neighbors', with a dark border.
fn digit() -> [u8; IMAGE_PIXELS] {
    array::from_fn(|index| {
        let (row, column) = (index / IMAGE_SIDE, index % IMAGE_SIDE);
        if (4..24).contains(&row) && (8..20).contains(&column) { (index * 37 % 256) as u8 } else { 0 }
    })
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut contents = Cursor::new(Vec::new());
    image.write_to(&mut contents, format).unwrap();
    contents.into_inner()
}

fn png(image: &DynamicImage) -> Vec<u8> {
    encoded(image, ImageFormat::Png)
}

fn gray(pixels: &[u8; IMAGE_PIXELS]) -> GrayImage {
    GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap()
}

fn gray_png(pixels: &[u8; IMAGE_PIXELS]) -> Vec<u8> {
    png(&gray(pixels).into())
}

/// Corrects the CRC of the header, the first chunk: over its name and data, which follow its length.
fn sign_header(contents: &mut [u8]) {
    let mut crc = flate2::Crc::new();
    crc.update(&contents[12..29]);
    contents[29..33].copy_from_slice(&crc.sum().to_be_bytes());
}

#[test]
fn a_picture_of_28x28_keeps_every_pixel() {
    assert_eq!(parse("F", &gray_png(&digit()), false).unwrap(), digit());
    let deep = DynamicImage::from(gray(&digit())).into_luma16();
    assert_eq!(parse("F", &png(&deep.into()), false).unwrap(), digit());
    let color = DynamicImage::from(gray(&digit())).into_rgb16();
    assert_eq!(parse("F", &png(&color.into()), false).unwrap(), digit());
}

#[test]
fn what_is_transparent_is_white_paper() {
    let clear: DynamicImage = RgbaImage::from_pixel(28, 28, Rgba([0, 0, 0, 0])).into();
    assert_eq!(parse("F", &png(&clear), false).unwrap(), [255; IMAGE_PIXELS]);
    let half: DynamicImage = GrayAlphaImage::from_pixel(28, 28, LumaA([0, 128])).into();
    assert_eq!(parse("F", &png(&half), false).unwrap(), [127; IMAGE_PIXELS]);
}

#[test]
fn a_picture_of_one_pixel_fills_the_image() {
    let one: DynamicImage = GrayImage::from_pixel(1, 1, Luma([90])).into();
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        assert_eq!(parse("F", &encoded(&one, format), false).unwrap(), [90; IMAGE_PIXELS]);
    }
}

#[test]
fn a_palette_of_two_bits_gives_its_colors() {
    let mut contents = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut contents, 28, 28);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::Two);
    encoder.set_palette(&[0, 0, 0, 255, 255, 255, 80, 80, 80, 160, 160, 160][..]);
    // Seven bytes per row, four pixels each: 0, 1, 2, 3.
    encoder.write_header().unwrap().write_image_data(&[0b00_01_10_11; 7 * 28]).unwrap();
    let expected = array::from_fn(|index| [0, 255, 80, 160][index % 4]);
    assert_eq!(parse("F", &contents, false).unwrap(), expected);
}

#[test]
fn a_picture_is_turned_as_its_camera_noted() {
    // A TIFF header, and a directory of one entry: orientation (0x112), one short, 6: turn clockwise by 90 degrees.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let mut contents = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut contents);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(&digit(), 28, 28, image::ExtendedColorType::L8).unwrap();
    let turned = image::imageops::rotate90(&gray(&digit()));
    assert_eq!(parse("F", &contents, false).unwrap()[..], turned.as_raw()[..]);
}

#[test]
fn an_interlaced_picture_gives_what_a_plain_one_does() {
    // Filter byte and pixels of each row of each pass, as the encoder does not make them.
    let (width, height) = (13_u32, 9_u32);
    let level = |x: u32, y: u32| (x * 19 + y * 7) as u8;
    let mut rows = Vec::new();
    for [x0, y0, dx, dy] in
        [[0_u32, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]]
    {
        for y in (y0..height).step_by(dy as usize) {
            rows.push(0);
            rows.extend((x0..width).step_by(dx as usize).map(|x| level(x, y)));
        }
    }
    let image: DynamicImage = GrayImage::from_fn(width, height, |x, y| Luma([level(x, y)])).into();
    let mut contents = png(&image);
    contents[28] = 1;
    sign_header(&mut contents);
    contents.truncate(33);
    let mut data = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut data, &rows).unwrap();
    for (name, data) in [(b"IDAT", data.finish().unwrap()), (b"IEND", Vec::new())] {
        let chunk = [&name[..], &data].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        contents.extend([&(data.len() as u32).to_be_bytes()[..], &chunk, &crc.sum().to_be_bytes()].concat());
    }
    assert_eq!(parse("F", &contents, false).unwrap(), parse("F", &png(&image), false).unwrap());
}

#[test]
fn the_border_decides_whether_a_picture_is_inverted() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("digit.raw");
    let dark_on_light = digit().map(|gray| 255 - gray);
    for (pixels, invert, inverted) in [
        (digit(), Invert::Auto, false),
        (digit(), Invert::Yes, true),
        (dark_on_light, Invert::Auto, true),
        (dark_on_light, Invert::No, false),
    ] {
        fs::write(&path, pixels).unwrap();
        let seen = if inverted { pixels.map(|gray| 255 - gray) } else { pixels };
        assert_eq!(stretch(&path, invert).unwrap(), Stretched { image: seen, inverted });
    }
}

#[test]
fn a_raw_name_goes_before_what_the_contents_look_like() {
    for start in [&b"\x89PNG\r\n\x1a\n"[..], b"BM", b"GIF89a"] {
        let mut pixels = digit();
        pixels[..start.len()].copy_from_slice(start);
        assert_eq!(parse("F", &pixels, true).unwrap(), pixels);
        assert!(parse("F", &pixels, false).is_err());
    }
    assert!(has_raw_name(Path::new("a/B.RAW")) && !has_raw_name(Path::new("raw")));
}

#[test]
fn a_picture_of_another_format_is_named_whatever_its_length() {
    for length in [40, IMAGE_PIXELS] {
        for (start, name) in
            [(&b"qoif"[..], "Qoi"), (b"\0\0\0\x18ftypheic", "HEIC"), (b"\0\0\0\x20ftypavif", "Avif")]
        {
            let mut contents = start.to_vec();
            contents.resize(length, 0);
            let message = parse("F", &contents, false).unwrap_err().to_string();
            assert_eq!(
                message,
                format!(
                    "F: expected a PNG, JPEG, WebP, BMP, GIF or TIFF picture, found {name}: save it as PNG, or name it \
                     .raw if it holds 784 raw bytes"
                )
            );
        }
    }
}

#[test]
fn an_empty_file_is_called_empty() {
    let message = parse("F", &[], false).unwrap_err().to_string();
    assert!(message.contains("found an empty file"), "{message}");
}

#[test]
fn a_picture_too_large_to_decode_is_refused_by_its_header() {
    for (width, height) in [(32_700_u32, 32_700_u32), (1, 65_501), (u32::MAX >> 1, 1)] {
        let mut contents = gray_png(&digit());
        // Width and height follow the chunk's length and name.
        contents[16..20].copy_from_slice(&width.to_be_bytes());
        contents[20..24].copy_from_slice(&height.to_be_bytes());
        sign_header(&mut contents);
        let message = parse("F", &contents, false).unwrap_err().to_string();
        assert!(message.contains(&format!("found {width}x{height} pixels")), "{message}");
    }
}

#[test]
fn every_prefix_of_a_png_that_lacks_image_data_is_refused() {
    let contents = gray_png(&digit());
    for length in 0..contents.len() - 12 {
        assert!(parse("F", &contents[..length], false).is_err(), "{length}");
    }
}

#[test]
fn a_png_with_a_wrong_checksum_is_refused() {
    let contents = gray_png(&digit());
    let data = contents.windows(4).position(|name| name == b"IDAT").unwrap();
    let length = u32::from_be_bytes(contents[data - 4..data].try_into().unwrap()) as usize;
    for at in [29, data + 4 + length, data + 4 + length / 2] {
        let mut damaged = contents.clone();
        damaged[at] ^= 1;
        assert!(matches!(parse("F", &damaged, false), Err(PictureError::Damaged { .. })), "{at}");
    }
}

#[test]
fn no_damage_to_a_png_makes_it_panic() {
    let contents = gray_png(&digit());
    for at in 8..contents.len() {
        for byte in [0, 1, 0x7f, 0xff, contents[at] ^ 0x10] {
            let mut damaged = contents.clone();
            damaged[at] = byte;
            if at < 29 {
                sign_header(&mut damaged);
            }
            let _ = parse("F", &damaged, false);
        }
    }
}
