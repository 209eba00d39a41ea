//! Tests of `classify` with pictures like photos: a digit somewhere on unevenly lit paper.

use std::fs;
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, Luma, imageops};
use lenet_core::shape::IMAGE_PIXELS;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{assert_fails, lenet_infer, stderr, stdout, succeed, succeed_with_json};

const GOLDEN_DIGITS: &[u8] = include_bytes!("../../assets/golden-digits.bin");
/// The labels of the first golden digits.
pub(crate) const LABELS: [u8; 8] = [7, 2, 1, 0, 4, 1, 4, 9];

/// A test image of MNIST.
pub(crate) fn golden(index: usize) -> &'static [u8; IMAGE_PIXELS] {
    &GOLDEN_DIGITS.as_chunks().0[index]
}

/// Gray paper, darker towards the left.
pub(crate) fn paper(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([(170 + 40 * x / width + (x * 7 + y * 3) % 3) as u8]))
}

/// Writes a golden digit with a dark pen, each of its pixels as a square of `scale`.
pub(crate) fn write_digit(paper: &mut GrayImage, index: usize, [left, top]: [u32; 2], scale: u32) {
    for (place, ink) in (0..).zip(golden(index)) {
        let (x, y) = (left + place % 28 * scale, top + place / 28 * scale);
        for (dx, dy) in (0..scale).flat_map(|dy| (0..scale).map(move |dx| (dx, dy))) {
            let Luma([level]) = paper.get_pixel_mut(x + dx, y + dy);
            *level -= (u32::from(*ink) * 110 / 255) as u8;
        }
    }
}

/// A digit ten times as large as the image, off the middle.
fn photo(index: usize) -> GrayImage {
    let mut photo = paper(800, 600);
    write_digit(&mut photo, index, [390, 60], 10);
    photo
}

/// The classes of the pictures, and whether all are confident.
fn classes(object: &Value) -> (Vec<u64>, bool) {
    let images = object["images"].as_array().unwrap();
    let classes = images.iter().map(|image| image["class"].as_u64().unwrap()).collect();
    (classes, images.iter().all(|image| image["confident"] == true))
}

fn size(path: &Path) -> (u32, u32) {
    image::image_dimensions(path).unwrap()
}

#[test]
fn a_photo_of_a_digit_is_read_right_and_its_place_is_told() {
    let dir = tempdir().unwrap();
    let mut arguments = vec!["classify".to_owned(), "--json".to_owned()];
    for index in 0..LABELS.len() {
        photo(index).save(dir.path().join(format!("{index}.jpg"))).unwrap();
        arguments.push(format!("{index}.jpg"));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let object = succeed_with_json(&dir, &arguments);
    assert_eq!(classes(&object), (LABELS.map(u64::from).to_vec(), true));
    for image in object["images"].as_array().unwrap() {
        let digit = &image["digit"];
        let edge = |name: &str| digit["rect"][name].as_i64().unwrap();
        // The box of the ink lies in the middle of the image by its mass, 200 pixels long.
        let longer = (edge("right") - edge("left")).max(edge("bottom") - edge("top"));
        assert!((180..=220).contains(&longer), "{digit}");
        let inside = edge("left") > 390 && edge("right") < 670 && edge("top") > 60 && edge("bottom") < 340;
        assert!(inside, "{digit}");
        assert!((70..=120).contains(&digit["contrast"].as_i64().unwrap()), "{digit}");
        assert!((1.0..=6.0).contains(&digit["stroke_width"].as_f64().unwrap()), "{digit}");
    }
    let text = succeed(&dir, &["classify", "3.jpg"]);
    assert!(text.starts_with("3.jpg: digit of "), "{text}");
    assert!(text.lines().next().unwrap().contains("; contrast "), "{text}");
}

#[test]
fn a_photo_is_read_in_every_format_with_its_ink_light_or_dark() {
    let dir = tempdir().unwrap();
    for ending in ["png", "jpg", "webp", "bmp", "gif", "tif"] {
        let mut photo = DynamicImage::from(photo(0)).into_rgb8();
        photo.save(dir.path().join(format!("dark.{ending}"))).unwrap();
        imageops::invert(&mut photo);
        photo.save(dir.path().join(format!("light.{ending}"))).unwrap();
        let files = [format!("dark.{ending}"), format!("light.{ending}")];
        let object = succeed_with_json(&dir, &["classify", "--json", &files[0], &files[1]]);
        assert_eq!(classes(&object), (vec![7, 7], true), "{ending}");
    }
}

#[test]
fn a_photo_is_turned_as_its_camera_noted() {
    let dir = tempdir().unwrap();
    let upright = photo(0);
    // A TIFF header, and a directory of one entry: orientation (0x112), one short, 6: turn clockwise by 90 degrees.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let lying = imageops::rotate270(&upright);
    let mut contents = Vec::new();
    let mut encoder = PngEncoder::new(&mut contents);
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(&lying, lying.width(), lying.height(), ExtendedColorType::L8).unwrap();
    fs::write(dir.path().join("turned.png"), contents).unwrap();
    upright.save(dir.path().join("upright.png")).unwrap();
    let object = succeed_with_json(&dir, &["classify", "--json", "turned.png", "upright.png"]);
    let [turned, upright] = [&object["images"][0], &object["images"][1]];
    assert_eq!((&turned["class"], &turned["digit"]), (&json!(7), &upright["digit"]));
    assert_eq!(turned["logits"], upright["logits"]);
}

#[test]
fn a_picture_like_an_image_of_mnist_is_taken_as_it_is() {
    let dir = tempdir().unwrap();
    let image = GrayImage::from_raw(28, 28, golden(4).to_vec()).unwrap();
    image.save(dir.path().join("four.png")).unwrap();
    let [prepared, as_is] = [&["four.png"][..], &["four.png", "--as-is"]]
        .map(|more| succeed_with_json(&dir, &[&["classify", "--json"], more].concat())["images"][0].clone());
    assert_eq!((&prepared["class"], &prepared["digit"]), (&json!(4), &Value::Null));
    assert_eq!(prepared["logits"], as_is["logits"]);
}

#[test]
fn a_picture_without_a_digit_fails_with_the_reason_and_gets_no_class() {
    let dir = tempdir().unwrap();
    paper(300, 200).save(dir.path().join("blank.png")).unwrap();
    fs::write(dir.path().join("blank.raw"), [0; IMAGE_PIXELS]).unwrap();
    let mut two = paper(600, 300);
    write_digit(&mut two, 0, [10, 10], 9);
    write_digit(&mut two, 1, [310, 10], 9);
    two.save(dir.path().join("two.png")).unwrap();
    let nothing = "no digit: nothing stands out from the paper; use more light or a thicker pen";
    for file in ["blank.png", "blank.raw"] {
        assert_fails(&dir, &["classify", file], &format!("{file}: {nothing}"));
    }
    let several = "two.png: no digit: there are several; show one alone, or ask for all of them";
    assert_fails(&dir, &["classify", "two.png"], several);

    let output = lenet_infer(&dir, &["classify", "--json", "blank.png"]);
    let object: Value = serde_json::from_str(stdout(&output)).unwrap();
    let failed =
        json!({ "path": "blank.png", "error": format!("blank.png: {nothing}"), "no_digit": "NoInk" });
    assert_eq!(object, json!({ "images": [], "failed": [failed] }));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_steps_are_drawn_on_a_sheet_even_if_there_is_no_digit() {
    let dir = tempdir().unwrap();
    photo(1).save(dir.path().join("photo.png")).unwrap();
    paper(300, 200).save(dir.path().join("blank.png")).unwrap();
    succeed(&dir, &["classify", "photo.png", "--steps", "steps.png"]);
    let sheet = image::open(dir.path().join("steps.png")).unwrap().into_luma8();
    assert_eq!(sheet.dimensions(), (1_496, 504));
    // The last tile of the lower row is the image: paper at its edge, ink in it.
    let tile = imageops::crop_imm(&sheet, 1_248, 256, 240, 240).to_image();
    assert_eq!(
        (tile.get_pixel(0, 0), tile.pixels().max_by_key(|pixel| pixel.0)),
        (&Luma([0]), Some(&Luma([255])))
    );
    let output = lenet_infer(&dir, &["classify", "blank.png", "--steps", "blank-steps.png"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(size(&dir.path().join("blank-steps.png")), (1_496, 504));
}

#[test]
fn a_sheet_that_cannot_be_written_is_named() {
    let dir = tempdir().unwrap();
    photo(1).save(dir.path().join("photo.png")).unwrap();
    let output = lenet_infer(&dir, &["classify", "photo.png", "--steps", "no/steps.png"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
    assert!(stderr(&output).starts_with("error: no/steps.png: cannot be written"), "{}", stderr(&output));
}
