//! Text from files never controls the terminal that it is printed on.

use std::fs;

use lenet_infer::{Metadata, SHIPPED};
use tempfile::TempDir;

use super::{dir_with_test_set, lenet_infer, stderr, stdout, strokes, succeed, succeed_with_json};

const ESCAPE: &str = "\x1b[2J";
const SHOWN: &str = r"\u{1b}[2J";

/// A folder with a data set, a picture, and a model whose names all contain an escape sequence.
fn hostile_dir() -> TempDir {
    let dir = dir_with_test_set();
    let names = [ESCAPE; 10].join("\n");
    let metadata = Metadata { class_names: &names, dataset: ESCAPE, recipe: ESCAPE, ..SHIPPED.metadata };
    let model = lenet_core::encode(&SHIPPED.model, &metadata).unwrap();
    fs::write(dir.path().join(format!("{ESCAPE}.lenet")), model).unwrap();
    fs::write(dir.path().join(format!("{ESCAPE}.raw")), strokes(0)).unwrap();
    dir
}

#[cfg(unix)] // Elsewhere a file cannot have such a name.
#[test]
fn names_in_a_model_and_names_of_files_are_shown_with_their_escapes() {
    let dir = hostile_dir();
    let (model, picture) = (format!("{ESCAPE}.lenet"), format!("{ESCAPE}.raw"));
    let run = |arguments: &[&str]| succeed(&dir, &[&["--model", &model], arguments].concat());
    for text in [run(&["classify", &picture]), run(&["inspect"]), run(&["eval", "--data", "data"])] {
        assert!(text.contains(SHOWN) && !text.contains('\x1b'), "{text:?}");
    }
    let object = succeed_with_json(&dir, &["--model", &model, "--json", "inspect"]);
    assert_eq!((&object["dataset"], &object["recipe"]), (&ESCAPE.into(), &ESCAPE.into()));
}

#[test]
fn names_in_errors_are_shown_with_their_escapes() {
    let dir = hostile_dir();
    let missing = format!("{ESCAPE}missing");
    for arguments in [
        &["--model", &missing, "inspect"][..],
        &["classify", &missing],
        &["eval", "--data", &missing],
        &["board", "--port", &missing, "info"],
        &["board", "--tcp", &missing, "info"],
        &["board", "--qemu", "M0", "--firmware", &missing, "info"],
    ] {
        let output = lenet_infer(&dir, arguments);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
        let text = stderr(&output);
        assert!(text.contains(&format!("{SHOWN}missing")) && !text.contains('\x1b'), "{text:?}");
    }
}
