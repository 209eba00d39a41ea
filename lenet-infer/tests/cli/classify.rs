//! Tests of `classify`, and of the pictures that it accepts and refuses.

use std::fs;

use image::GrayImage;
use image::imageops::{self, FilterType};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::{Engine, SHIPPED};
use serde_json::{Value, json};
use tempfile::tempdir;

use super::photo::golden;
use super::{
    assert_fails, dir_with, dir_with_model_of_three, lenet_infer, not_found, stderr, stdout, strokes,
    succeed, succeed_with_json,
};

fn gray(pixels: &[u8; IMAGE_PIXELS]) -> GrayImage {
    GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap()
}

#[test]
fn classify_gives_what_the_engine_gives_for_raw_bytes_and_for_the_same_picture_as_png() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("strokes.bin"), strokes(1)).unwrap();
    gray(&strokes(1)).save(dir.path().join("strokes.png")).unwrap();
    let object = succeed_with_json(&dir, &["classify", "--json", "strokes.bin", "strokes.png"]);
    let mut engine = Engine::new(&SHIPPED.model);
    let expected = engine.classify(&strokes(1));
    assert_eq!(object["failed"], json!([]));
    for (index, path) in ["strokes.bin", "strokes.png"].iter().enumerate() {
        let image = &object["images"][index];
        assert_eq!(image["path"], *path);
        assert_eq!(image["class"], expected.class);
        assert_eq!(image["confidence"], expected.confidence);
        assert_eq!(image["margin"], expected.margin);
        assert_eq!(image["logits"], json!(expected.logits));
        assert_eq!((&image["inverted"], &image["digit"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn as_is_stretches_and_inverts_the_whole_picture() {
    let dir = tempdir().unwrap();
    // Of full ink and of paper alone, so that both ways round are rounded alike.
    let digit = golden(0).map(|level| if level > 127 { 255 } else { 0 });
    let mut photo = imageops::resize(&gray(&digit), 280, 280, FilterType::Nearest);
    photo.save(dir.path().join("light.png")).unwrap();
    imageops::invert(&mut photo);
    photo.save(dir.path().join("dark.bmp")).unwrap();
    let object =
        |more: &[&str]| succeed_with_json(&dir, &[&["classify", "--json", "--as-is"], more].concat());
    let (dark, light) = (object(&["dark.bmp"]), object(&["light.png"]));
    assert_eq!(
        (&dark["images"][0]["inverted"], &light["images"][0]["inverted"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(dark["images"][0]["logits"], light["images"][0]["logits"]);
    assert_eq!(dark["images"][0]["digit"], Value::Null);
    let left = object(&["dark.bmp", "--invert", "no"]);
    assert_eq!(left["images"][0]["inverted"], false);
    // The shipped model's numbers for the stretched digit, which is a little blurred.
    assert_eq!(
        light["images"][0]["logits"],
        json!([-22996, -18591, -13110, -18713, -23488, -26186, -24929, 24232, -20581, -15250])
    );
}

#[test]
fn classify_prints_the_class_a_bar_for_each_class_and_the_picture_on_request() {
    let dir = dir_with("strokes.raw", &strokes(3));
    let mut engine = Engine::new(&SHIPPED.model);
    let expected = engine.classify(&strokes(3));
    let text = succeed(&dir, &["classify", "strokes.raw"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "strokes.raw");
    assert!(lines[1].starts_with(&format!("  {}, ", expected.class)));
    assert!(lines[2].starts_with(&format!("  confidence {} (", expected.confidence)));
    for (class, line) in lines[5..15].iter().enumerate() {
        assert!(line.starts_with(&format!("  {class} ")) && line.ends_with(" %"), "{line}");
    }
    let shown = succeed(&dir, &["classify", "--show", "strokes.raw"]);
    assert!(shown.lines().nth(3).unwrap().contains(['▀', '▄', '█']));
    assert!(!shown.contains('\x1b'));
}

#[test]
fn classify_names_the_classes_of_a_model_that_has_names_and_says_unsure_below_its_threshold() {
    for (threshold, confident) in [(1, true), (u16::MAX, false)] {
        let dir = dir_with_model_of_three(threshold);
        fs::write(dir.path().join("digit.raw"), golden(1)).unwrap();
        let classify = ["classify", "--model", "model.lenet", "digit.raw"];
        let image = &succeed_with_json(&dir, &[&classify[..], &["--json"]].concat())["images"][0];
        let class = image["class"].as_u64().unwrap();
        assert_eq!(image["name"], ["circle", "box", "star"][class as usize]);
        assert_eq!((&image["confident"], image["logits"].as_array().unwrap().len()), (&json!(confident), 3));
        let text = succeed(&dir, &classify);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with(&format!("  {}, ", image["name"].as_str().unwrap())), "{text}");
        assert_eq!(lines[1].ends_with("unsure: perhaps none of the classes"), !confident);
        assert!(lines[5].starts_with("  circle ") && lines[6].starts_with("  box    "), "{text}");
    }
}

#[test]
fn classify_goes_on_after_a_picture_that_cannot_be_read_and_fails_at_the_end() {
    let dir = dir_with("strokes.raw", &strokes(0));
    let output = lenet_infer(&dir, &["classify", "--json", "missing.png", "strokes.raw"]);
    let message = format!("missing.png: expected a picture that can be read: {}", not_found());
    assert_eq!(stderr(&output), format!("error: {message}\n"));
    assert_eq!(output.status.code(), Some(1));
    let object: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(object["images"][0]["path"], "strokes.raw");
    assert_eq!(object["failed"], json!([{ "path": "missing.png", "error": message, "no_digit": null }]));
}

#[test]
fn a_file_that_is_no_picture_is_refused() {
    assert_fails(
        &dir_with("notes.png", b"Dear diary"),
        &["classify", "notes.png"],
        "notes.png: expected a PNG, JPEG, WebP, BMP, GIF or TIFF picture or 784 raw bytes, found 10 bytes of another kind: \
         save it as PNG",
    );
}

#[test]
fn raw_bytes_of_the_wrong_number_are_refused() {
    assert_fails(
        &dir_with("short.raw", &[0; 783]),
        &["classify", "short.raw"],
        "short.raw: expected 784 raw bytes, 28 rows of 28 gray levels, found 783",
    );
}

#[test]
fn a_photo_in_a_format_that_is_not_read_is_refused_with_its_name() {
    let mut contents = b"\0\0\0\x18ftypheic".to_vec();
    contents.resize(IMAGE_PIXELS, 0);
    assert_fails(
        &dir_with("photo.heic", &contents),
        &["classify", "photo.heic"],
        "photo.heic: expected a PNG, JPEG, WebP, BMP, GIF or TIFF picture, found HEIC: save it as PNG, or name it .raw if \
         it holds 784 raw bytes",
    );
}

#[test]
fn a_folder_in_the_place_of_a_picture_is_refused() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("folder.png")).unwrap();
    let output = lenet_infer(&dir, &["classify", "folder.png"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: folder.png: expected a picture that can be read: "));
}

#[test]
fn a_jpeg_without_its_end_is_refused() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("photo.jpg");
    image::imageops::resize(&gray(&strokes(4)), 300, 300, FilterType::Nearest).save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 2, whole.len() - 3, whole.len() / 2] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_fails(
            &dir,
            &["classify", "photo.jpg"],
            "photo.jpg: expected a whole JPEG picture, found image data missing: copy or save the file again",
        );
    }
}

/// Runs the command with a limit on its memory, which only Linux enforces.
#[cfg(target_os = "linux")]
fn lenet_infer_within(mebibytes: u32, dir: &tempfile::TempDir, arguments: &[&str]) -> std::process::Output {
    std::process::Command::new("sh")
        .current_dir(dir)
        .args(["-c", &format!("ulimit -v {}; exec \"$0\" \"$@\"", mebibytes << 10)])
        .arg(env!("CARGO_BIN_EXE_lenet-infer"))
        .args(arguments)
        .output()
        .unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_png_of_more_pixels_than_memory_is_classified() {
    let dir = tempdir().unwrap();
    let mut encoder =
        png::Encoder::new(fs::File::create(dir.path().join("large.png")).unwrap(), 2_000, 2_000);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Sixteen);
    encoder.set_compression(png::Compression::Fastest);
    // 32 MB of samples.
    encoder.write_header().unwrap().write_image_data(&vec![0x7f; 2_000 * 2_000 * 8]).unwrap();
    let output = lenet_infer_within(24, &dir, &["classify", "--as-is", "large.png"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    // The gray picture takes three bytes per pixel, and is blank.
    let output = lenet_infer_within(40, &dir, &["classify", "large.png"]);
    assert!(stderr(&output).starts_with("error: large.png: no digit: "), "{}", stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn a_picture_that_the_memory_does_not_hold_is_refused_without_a_panic() {
    let mut contents = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new(&mut contents);
    image::ImageEncoder::write_image(encoder, &strokes(2), 28, 28, image::ExtendedColorType::L8).unwrap();
    // Its frame header says 10,000 x 10,000 pixels, and there are the two bits of each block that they need at least.
    let frame = contents.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    contents[frame + 5..frame + 9].copy_from_slice(&[10_000_u16.to_be_bytes(); 2].concat());
    contents.splice(contents.len() - 2..contents.len() - 2, vec![0x55; 400_000]);
    let dir = dir_with("large.jpg", &contents);
    let output = lenet_infer_within(24, &dir, &["classify", "large.jpg"]);
    let message = "error: large.jpg: expected 100000000 bytes of free memory to decode the picture, found fewer: save it smaller\n";
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), message));
}
