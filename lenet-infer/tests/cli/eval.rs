//! Tests of `eval`, and of the data sets that it accepts and refuses.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use lenet_infer::SHIPPED;
use lenet_infer::host::evaluation::evaluate;
use lenet_infer::host::idx::{self, Part};
use serde_json::json;
use tempfile::tempdir;

use super::{
    assert_fails, dir_with_model, dir_with_model_of_three, dir_with_test_set, succeed, succeed_with_json,
    test_set,
};

const IMAGES: &str = "t10k-images-idx3-ubyte";
const LABELS: &str = "t10k-labels-idx1-ubyte";

#[test]
fn eval_scores_the_test_part_and_times_it() {
    let dir = dir_with_test_set();
    let object = succeed_with_json(&dir, &["eval", "--data", "data", "--json"]);
    let expected = evaluate(&SHIPPED.model, &test_set());
    assert_eq!(object["images"], 12);
    assert_eq!(object["correct"], expected.correct());
    assert_eq!(object["accuracy"], expected.accuracy());
    assert_eq!(object["confusion"], json!(expected.confusion));
    assert_eq!(object["recall"], json!(expected.recall()));
    assert!(object["images_per_second"].as_f64().unwrap() > 0.0);
    assert!(
        ["avx512", "avx2", "neon-dotprod", "neon", "portable"]
            .contains(&object["back_end"].as_str().unwrap())
    );
}

#[test]
fn eval_prints_a_table_and_takes_the_training_part_and_a_model_by_name() {
    let dir = dir_with_model(|_| {});
    idx::write(dir.path(), Part::Train, &test_set()).unwrap();
    let text = succeed(&dir, &["eval", "--model", "model.lenet", "--data", ".", "--part", "train"]);
    assert!(
        text.starts_with("accuracy  ")
            && text.contains(" of 12 images)\nconfident ")
            && text.contains("\nspeed     ")
    );
    assert!(text.ends_with("no images\n"));
}

#[test]
fn eval_takes_a_model_of_another_number_of_classes_and_a_set_that_fits_it() {
    let dir = dir_with_model_of_three(1);
    let mut set = test_set();
    set.labels.iter_mut().for_each(|label| *label %= 3);
    idx::write(dir.path(), Part::Test, &set).unwrap();
    let eval = ["eval", "--data", ".", "--model", "model.lenet"];
    let text = succeed(&dir, &eval);
    assert!(text.lines().nth(1).unwrap().starts_with("confident "), "{text}");
    assert!(text.lines().any(|line| line.starts_with("circle ")), "{text}");
    let object = succeed_with_json(&dir, &[&eval[..], &["--json"]].concat());
    assert_eq!(object["confusion"].as_array().unwrap().len(), 3);

    idx::write(dir.path(), Part::Test, &test_set()).unwrap();
    let labels = Path::new(".").join(LABELS);
    let message = format!(
        "{}: expected labels from 0 to 2, found 3 at item 3 (counted from 0): choose a set of at most 3 classes",
        labels.display()
    );
    assert_fails(&dir, &eval, &message);
}

#[test]
fn a_missing_data_folder_is_named() {
    assert_fails(
        &tempdir().unwrap(),
        &["eval", "--data", "nowhere"],
        "nowhere: expected one of t10k-images-idx3-ubyte, t10k-images.idx3-ubyte, t10k-images-idx3-ubyte.gz, \
         t10k-images.idx3-ubyte.gz, found none of them: put the file there or name another folder",
    );
}

/// Fails to evaluate the test set after `edit`ing the bytes of one of its files.
fn assert_eval_fails(file: &str, edit: impl FnOnce(&mut Vec<u8>), message: &str) {
    let dir = dir_with_test_set();
    let path = dir.path().join("data").join(file);
    let mut contents = fs::read(&path).unwrap();
    edit(&mut contents);
    fs::write(&path, contents).unwrap();
    let file = Path::new("data").join(file);
    assert_fails(&dir, &["eval", "--data", "data"], &format!("{}: {message}", file.display()));
}

#[test]
fn a_truncated_gzip_file_is_named() {
    let cut_in_half = |contents: &mut Vec<u8>| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(contents).unwrap();
        *contents = encoder.finish().unwrap();
        contents.truncate(contents.len() / 2);
    };
    assert_eval_fails(
        IMAGES,
        cut_in_half,
        "expected a whole gzip stream, found its end missing: fetch or copy the file again",
    );
}

#[test]
fn a_file_that_is_not_idx_is_named() {
    assert_eval_fails(
        LABELS,
        |contents| contents[..2].copy_from_slice(b"<h"),
        "expected an IDX file (it starts with bytes 00 00) or a gzip one (1f 8b), found 3c 68: \
         is it another kind of file, or a web page saved in its place?",
    );
}

#[test]
fn a_count_that_the_contents_do_not_have_is_named() {
    assert_eval_fails(
        IMAGES,
        |contents| contents[7] = 13,
        "expected 10208 bytes by its header, found 9424: fetch or copy the file again",
    );
}

#[test]
fn images_and_labels_of_different_numbers_are_named() {
    let drop_last = |contents: &mut Vec<u8>| {
        contents[7] = 11;
        contents.pop();
    };
    let images = Path::new("data").join(IMAGES);
    let message = format!(
        "expected a label for each of the 12 images of {}, found 11: take both files from the same set",
        images.display()
    );
    assert_eval_fails(LABELS, drop_last, &message);
}

#[test]
fn a_label_above_nine_is_named() {
    assert_eval_fails(
        LABELS,
        |contents| contents[8 + 4] = 10,
        "expected labels from 0 to 9, found 10 at item 4 (counted from 0): choose a set of at most 10 classes",
    );
}
