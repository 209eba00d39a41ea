use std::prelude::rust_2024::*;
use std::vec;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use std::io::Cursor;

use super::*;
use crate::host::picture_file::gray_picture::Reduction;
use crate::host::picture_file::limits;
use crate::host::picture_file::stretch::Stretch;

fn encoded(image: &DynamicImage) -> Vec<u8> {
    let mut contents = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut contents, 90);
    // `encode_image` makes color of gray.
    encoder.encode(image.as_bytes(), image.width(), image.height(), image.color().into()).unwrap();
    contents
}

/// A picture with detail in every block, so that no block is short.
fn gray() -> DynamicImage {
    GrayImage::from_fn(45, 37, |x, y| Luma([(x * 5 + y * 3 + x * y % 17) as u8])).into()
}

fn color() -> DynamicImage {
    RgbImage::from_fn(45, 37, |x, y| Rgb([(x * 5) as u8, (y * 6) as u8, (x * y % 251) as u8])).into()
}

/// The position of the frame header's height, two bytes before its width.
fn height_at(contents: &[u8]) -> usize {
    contents.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap() + 5
}

/// The encoded picture with other dimensions in its frame header.
fn resized(image: &DynamicImage, width: u16, height: u16) -> Vec<u8> {
    let mut contents = encoded(image);
    let at = height_at(&contents);
    contents[at..at + 2].copy_from_slice(&height.to_be_bytes());
    contents[at + 2..at + 4].copy_from_slice(&width.to_be_bytes());
    contents
}

#[test]
fn a_picture_gives_the_gray_levels_that_the_image_crate_decodes() {
    for image in [gray(), color()] {
        let contents = encoded(&image);
        let decoded = image::load(Cursor::new(&contents), ImageFormat::Jpeg).unwrap().to_luma8();
        let mut expected = Stretch::new(45, 37).unwrap();
        for (y, row) in (0..).zip(decoded.as_raw().chunks_exact(45)) {
            expected.add(y, 0, 1, row);
        }
        let expected = expected.finish(Orientation::NoTransforms).unwrap();
        let pixels = decode::<Stretch>(&contents).unwrap();
        // The crate weighs colors in floating point.
        assert!(pixels.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 1));
    }
}

#[test]
fn how_the_camera_was_held_is_read() {
    // A segment of Exif: a TIFF header, and a directory of one entry, the orientation (0x112): 6 for 90 degrees.
    let exif = b"\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut contents = encoded(&gray());
    contents.splice(2..2, exif.iter().copied());
    let turned = decode::<Reduction>(&contents).unwrap();
    let upright = decode::<Reduction>(&encoded(&gray())).unwrap();
    assert_eq!((turned.width(), turned.height()), (37, 45));
    assert_eq!(turned.pixels()[36], upright.pixels()[0]);
}

#[test]
fn every_prefix_of_a_picture_is_refused() {
    for image in [gray(), color()] {
        let contents = encoded(&image);
        for length in 0..contents.len() {
            assert!(matches!(decode::<Stretch>(&contents[..length]), Err(Fault::Truncated)), "{length}");
        }
    }
}

#[test]
fn what_follows_the_end_of_the_image_is_not_looked_at() {
    let contents = encoded(&gray());
    let followed = [&contents[..], &contents[..100]].concat();
    assert_eq!(decode::<Stretch>(&followed).unwrap(), decode::<Stretch>(&contents).unwrap());
}

#[test]
fn a_picture_with_its_middle_missing_is_refused() {
    let contents = encoded(&color());
    let scan = contents.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let cut = [&contents[..scan + 20], &contents[contents.len() - 2..]].concat();
    assert!(matches!(decode::<Stretch>(&cut), Err(Fault::Truncated)));
}

#[test]
fn a_large_picture_of_little_data_is_refused_before_it_is_decoded() {
    for image in [gray(), color()] {
        assert!(matches!(decode::<Stretch>(&resized(&image, 12_000, 12_000)), Err(Fault::Truncated)));
    }
}

#[test]
fn too_many_pixels_are_refused_by_the_header() {
    // With as much data as they would need.
    let mut contents = resized(&gray(), 32_700, 32_700);
    contents.splice(contents.len() - 2..contents.len() - 2, vec![0x55; 5 << 20]);
    let fault = decode::<Stretch>(&contents).unwrap_err();
    assert!(matches!(fault, Fault::TooLarge { width: 32_700, height: 32_700 }), "{fault:?}");
}

#[test]
fn a_phones_picture_of_48_megapixels_fits_the_memory_whatever_its_kind() {
    let mut most = Outline::read(&resized(&color(), 8_064, 6_048)).unwrap();
    most.one_scan = false;
    let pixels = 3 * 8_064 * 6_048;
    let file = 32 << 20;
    let gray = Reduction::bytes(8_064, 6_048);
    assert!(pixels + decoder_bytes(&most) + file + gray <= limits::MAX_DECODING);
}

#[test]
fn markers_tell_size_channels_and_scans() {
    let outline = Outline::read(&encoded(&color())).unwrap();
    assert_eq!((outline.width, outline.height, outline.components, outline.one_scan), (45, 37, 3, true));
    let mut progressive = encoded(&gray());
    let at = height_at(&progressive);
    progressive[at - 4] = 0xc2;
    assert!(!Outline::read(&progressive).unwrap().one_scan);
}

#[test]
fn no_damage_to_a_picture_makes_it_panic() {
    let small = RgbImage::from_fn(9, 10, |x, y| Rgb([(x * 25) as u8, (y * 26) as u8, (x * y * 3) as u8]));
    let contents = encoded(&small.into());
    for at in 2..contents.len() {
        for byte in [0, 1, 0x7f, 0xff, contents[at] ^ 0x10, 0xc2, 0xd9, 0xda] {
            let mut damaged = contents.clone();
            damaged[at] = byte;
            let _ = decode::<Stretch>(&damaged);
        }
    }
}
