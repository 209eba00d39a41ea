//! `board classify` and `board read`.

use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use super::fake::{Defect, board};
use super::{lenet_infer, stderr, stdout, succeed, succeed_with_json};

/// A folder with the picture `digits.png`: 721 above 04 on gray paper, 300x200 pixels.
fn dir_with_picture() -> TempDir {
    let dir = tempdir().unwrap();
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/five-digits.png");
    fs::copy(picture, dir.path().join("digits.png")).unwrap();
    dir
}

#[test]
fn read_shows_the_digits_line_by_line_and_that_the_host_sees_the_same() {
    let dir = dir_with_picture();
    let text = succeed(&dir, &["board", "--tcp", &board(Defect::default()), "read", "digits.png"]);
    for expected in [
        "board    thread\npicture  digits.png, sent as 150x100 pixels\nreads    721 / 04\ndigit    7, odds ",
        " wide\n         3,000 cycles to prepare it, 2,000 to classify it\n",
        "\nas host  yes: boxes, images and logits\n",
    ] {
        assert!(text.contains(expected), "no {expected:?} in {text}");
    }
    let arguments = ["board", "--tcp", &board(Defect::default()), "--json", "read", "digits.png"];
    let object = succeed_with_json(&dir, &arguments);
    assert_eq!((&object["equal"], &object["width"]), (&true.into(), &150.into()));
    let classes: Vec<_> = object["digits"].as_array().unwrap().iter().map(|digit| &digit["class"]).collect();
    assert_eq!(classes, [7, 2, 1, 0, 4]);
}

#[test]
fn classify_names_the_reason_when_there_are_several_digits() {
    let arguments = ["board", "--tcp", &board(Defect::default()), "classify", "digits.png"];
    let output = lenet_infer(&dir_with_picture(), &arguments);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), ""));
    assert!(stdout(&output).contains("\nreads    no digit: there are several; "), "{}", stdout(&output));
}

#[test]
fn a_single_wrong_pixel_fails_the_reading() {
    let board = board(Defect { pixel: 1, ..Defect::default() });
    let output = lenet_infer(&dir_with_picture(), &["board", "--tcp", &board, "read", "digits.png"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), ""));
    assert!(
        stdout(&output).ends_with("\nas host  NO: the host sees something else\n"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_picture_that_is_not_there_is_named() {
    let board = board(Defect::default());
    let output = lenet_infer(&dir_with_picture(), &["board", "--tcp", &board, "read", "none.png"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
    assert!(stderr(&output).starts_with("error: none.png: "), "{}", stderr(&output));
}
