//! Tests with data sets that cannot be used.

use super::{assert_fails, data, train_on};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

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
        &["a/", ".png: expected a PNG or JPEG picture", "found 10 bytes of another kind"],
    );
}
