//! Tests with data sets that cannot be used, of pictures, with extra and with generated images.

use super::{assert_fails, assert_succeeds, data, lenet_train, stdout, train_on};
use image::{GrayImage, Luma};
use lenet_infer::host::idx::{self, Part};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

const MNIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/mnist");

#[test]
fn the_error_for_a_missing_data_folder_names_it() {
    let out = tempdir().unwrap();
    let output = train_on(Path::new("/no/such/folder"), out.path(), &[]);
    assert_fails(&output, 1, &["/no/such/folder", "train-images-idx3-ubyte"]);
}

#[test]
fn the_error_for_a_truncated_gz_file_names_it() {
    let (data, out) = (data(), tempdir().unwrap());
    let plain = data.path().join("train-images-idx3-ubyte");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &fs::read(&plain).unwrap()).unwrap();
    let bytes = encoder.finish().unwrap();
    fs::remove_file(&plain).unwrap();
    fs::write(plain.with_extension("gz"), &bytes[..bytes.len() / 2]).unwrap();
    assert_fails(&train_on(data.path(), out.path(), &[]), 1, &["train-images-idx3-ubyte.gz"]);
}

/// Changes one file of a valid data set, and checks that the error message contains its name and `parts`.
#[track_caller]
fn assert_refused(file: &str, change: impl Fn(&mut Vec<u8>), parts: &[&str]) {
    let (data, out) = (data(), tempdir().unwrap());
    let path = data.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let output = train_on(data.path(), out.path(), &[]);
    assert_fails(&output, 1, &[&[file], parts].concat());
}

#[test]
fn the_error_for_a_damaged_idx_file_names_it_and_the_reason() {
    let (images, labels) = ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    assert_refused(images, |bytes| bytes[0] = 1, &["expected", "found"]);
    assert_refused(images, |bytes| bytes[2] = 9, &["expected", "found"]);
    assert_refused(images, |bytes| bytes[3] = 1, &["expected", "found"]);
    assert_refused(images, |bytes| bytes[11] = 27, &["28", "27"]);
    assert_refused(images, |bytes| bytes.truncate(1_000), &["expected", "found"]);
    assert_refused(images, |bytes| bytes.push(0), &["expected", "found"]);
    assert_refused(labels, |bytes| bytes[8] = 10, &["10"]);
    assert_refused(
        labels,
        |bytes| {
            bytes[7] -= 1;
            bytes.pop();
        },
        &["20", "19"],
    );
}

#[test]
fn the_error_for_a_file_that_is_not_a_picture_names_it() {
    let (data, out) = (tempdir().unwrap(), tempdir().unwrap());
    for class in ["a", "b"] {
        fs::create_dir(data.path().join(class)).unwrap();
        for picture in ["1.png", "2.png", "3.png"] {
            fs::write(data.path().join(class).join(picture), "no picture").unwrap();
        }
    }
    let output = train_on(data.path(), out.path(), &[]);
    assert_fails(
        &output,
        1,
        &[
            "a/",
            ".png: expected a PNG, JPEG, WebP, BMP, GIF or TIFF picture",
            "found 10 bytes of another kind",
        ],
    );
}

/// A folder of two classes of pictures: a bar that lies or stands.
fn pictures() -> TempDir {
    let dir = tempdir().unwrap();
    for name in ["lying", "standing"] {
        fs::create_dir(dir.path().join(name)).unwrap();
        for picture in 0..6_u32 {
            let start = 10 + 7 * picture;
            let ink = |along, across| (start..start + 60).contains(&along) && (40..48).contains(&across);
            let level = |x, y| if if name == "lying" { ink(x, y) } else { ink(y, x) } { 60 } else { 190 };
            let bar = GrayImage::from_fn(120, 130, |x, y| Luma([level(x, y)]));
            bar.save(dir.path().join(name).join(format!("{picture}.png"))).unwrap();
        }
    }
    dir
}

#[test]
fn how_pictures_became_images_is_recorded_and_a_resumed_run_refuses_another_way() {
    let data = pictures();
    for (flags, recorded, title) in [
        (&[][..], "prepared", "custom, pictures prepared"),
        (&["--as-is"], "as-is", "custom, pictures as they are"),
    ] {
        let out = tempdir().unwrap();
        assert_succeeds(&train_on(data.path(), out.path(), flags));
        let config = fs::read_to_string(out.path().join("run.toml")).unwrap();
        assert!(config.contains(&format!("pictures = \"{recorded}\"")), "{config}");
        let model = fs::read(out.path().join("model.lenet")).unwrap();
        assert_eq!(lenet_infer::decode(&model).unwrap().metadata.dataset, title);
        let report = fs::read_to_string(out.path().join("report.html")).unwrap();
        assert!(report.contains(recorded));

        let resume = ["--resume", "--out", out.path().to_str().unwrap(), "--as-is"];
        if recorded == "as-is" {
            assert_succeeds(&lenet_train(&resume));
        } else {
            let parts =
                ["expected a run with pictures \"as-is\", found one with \"prepared\"", "remove that flag"];
            assert_fails(&lenet_train(&resume), 1, &parts);
        }
        assert_succeeds(&lenet_train(&resume[..3]));
    }
}

#[test]
fn a_picture_without_a_symbol_stops_the_run_with_the_reason() {
    let (data, out) = (pictures(), tempdir().unwrap());
    GrayImage::from_pixel(100, 100, Luma([200])).save(data.path().join("lying/blank.png")).unwrap();
    let output = train_on(data.path(), out.path(), &[]);
    assert_fails(
        &output,
        1,
        &["lying/blank.png: no digit: nothing stands out", "remove the picture", "--as-is"],
    );
}

#[test]
fn idx_files_are_not_stretched() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_fails(&train_on(data.path(), out.path(), &["--as-is"]), 1, &["found IDX files", "remove --as-is"]);
}

/// A folder of pictures of the digits: those of MNIST's first test images, four times as large, dark on light paper.
fn digits() -> TempDir {
    let dir = tempdir().unwrap();
    let mnist = idx::load(Path::new(MNIST), Part::Test).unwrap();
    for (index, (image, label)) in mnist.images.iter().zip(&mnist.labels).take(150).enumerate() {
        let class = dir.path().join(label.to_string());
        fs::create_dir_all(&class).unwrap();
        let level = |x: u32, y: u32| {
            let (column, row) = ((x / 4).wrapping_sub(3) as usize, (y / 4).wrapping_sub(3) as usize);
            let ink = if column < 28 && row < 28 { image[row * 28 + column] } else { 0 };
            220 - ink / 2
        };
        let picture = GrayImage::from_fn(136, 136, |x, y| Luma([level(x, y)]));
        picture.save(class.join(format!("{index}.png"))).unwrap();
    }
    dir
}

#[test]
fn a_run_on_the_digits_trains_on_generated_images_and_gets_a_score_card() {
    let (data, out) = (digits(), tempdir().unwrap());
    let flags = ["--hands", "1", "--world", "1", "--non-digits", "0.5"];
    assert_succeeds(&train_on(data.path(), out.path(), &flags));
    let file = |name: &str| fs::read_to_string(out.path().join(name)).unwrap();
    assert!(file("report.html").contains("digits of other hands"));
    assert!(file("run.toml").contains("non_digits = 0.5"));
    let card = lenet_train(&["score-card", out.path().to_str().unwrap()]);
    assert_succeeds(&card);
    for line in ["salt and pepper", "9, other hands", "two digits", "coverage at 99.9 % correct"] {
        assert!(stdout(&card).contains(line), "{line}");
    }
    assert!(file("score-card.json").contains("\"corruption\": \"low-contrast\""));
    assert!(file("score-card.svg").starts_with("<svg "));
    assert!(file("report.html").contains("id=\"score-card\""));

    // A new model has no score card yet.
    let run = out.path().to_str().unwrap();
    assert_succeeds(&train_on(data.path(), out.path(), &["--force", "--non-digits", "0.5"]));
    assert!(
        !out.path().join("score-card.json").exists() && !file("report.html").contains("id=\"score-card\"")
    );
    fs::write(out.path().join("score-card.json"), "{}").unwrap();
    let report = lenet_train(&["report", run]);
    assert_fails(&report, 1, &["score-card.json: expected a score card", "or delete it"]);
}

#[test]
fn other_classes_than_the_digits_are_trained_on_without_generated_images_and_have_no_score_card() {
    let (data, out) = (pictures(), tempdir().unwrap());
    let output = train_on(data.path(), out.path(), &["--recipe", "best"]);
    assert_succeeds(&output);
    assert!(stdout(&output).contains("the classes are not the ten digits: trained without generated images"));
    assert!(!fs::read_to_string(out.path().join("report.html")).unwrap().contains("id=\"generated\""));
    assert_succeeds(&lenet_train(&["--resume", "--out", out.path().to_str().unwrap()]));
    let card = lenet_train(&["score-card", out.path().to_str().unwrap()]);
    assert_fails(&card, 1, &["expected a run on the ten digits", "found other classes"]);
}

#[test]
fn extra_images_are_trained_on_and_a_resumed_run_refuses_others() {
    let (data, extra, out) = (data(), data(), tempdir().unwrap());
    let given = format!("{}=0.5", extra.path().display());
    assert_succeeds(&train_on(data.path(), out.path(), &["--extra", &given]));
    let config = fs::read_to_string(out.path().join("run.toml")).unwrap();
    assert!(config.contains("[[data.extra]]") && config.contains("share = 0.5"), "{config}");
    let resume = ["--resume", "--out", out.path().to_str().unwrap(), "--epochs", "3"];
    let mut set = idx::load(extra.path(), Part::Train).unwrap();
    set.images[0][0] ^= 1;
    idx::write(extra.path(), Part::Train, &set).unwrap();
    let parts = ["expected the extra images that the run started with", "restore them, or start a new run"];
    assert_fails(&lenet_train(&resume), 1, &parts);
}

#[test]
fn extra_images_of_other_classes_or_shares_out_of_range_are_refused() {
    let (data, extra, out) = (data(), pictures(), tempdir().unwrap());
    let output = train_on(data.path(), out.path(), &["--extra", extra.path().to_str().unwrap()]);
    assert_fails(
        &output,
        1,
        &["--extra", "expected the classes of the data set, 0, 1, 2", "found lying, standing"],
    );
    let given = format!("{}=5", extra.path().display());
    let output = train_on(data.path(), out.path(), &["--extra", &given]);
    assert_fails(&output, 2, &["a share above 0, at most 4", "found the share \"5\""]);
}
