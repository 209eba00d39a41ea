//! Runs the `lenet-infer` command as a user does: its output, its messages for wrong input, its exit codes.

mod board;
mod classify;
mod eval;
mod inspect;
mod photo;
#[cfg(unix)]
mod pipes;
#[cfg(unix)]
mod qemu;
mod read;
/// Small ELF files, which the library's own tests use too.
#[path = "../../src/host/qemu/program/sample.rs"]
mod sample;
mod terminal;

use std::fs;
use std::process::{Command, Output, Stdio};

use lenet_core::model::{Confidence, Fc3, Weights};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::idx::{self, LabeledImages, Part};
use lenet_infer::{Metadata, Model, SHIPPED};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

fn lenet_infer(dir: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lenet-infer"))
        .current_dir(dir)
        .args(arguments)
        .output()
        .expect("cargo built the command")
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

/// Returns the standard output of a run that succeeds and writes nothing to the standard error.
fn succeed(dir: &TempDir, arguments: &[&str]) -> String {
    let output = lenet_infer(dir, arguments);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    stdout(&output).to_owned()
}

/// Returns the JSON object of a run that succeeds.
fn succeed_with_json(dir: &TempDir, arguments: &[&str]) -> Value {
    let text = succeed(dir, arguments);
    serde_json::from_str(text.strip_suffix('\n').expect("a whole line")).unwrap()
}

/// Asserts that a run fails with exit code 1, prints nothing, and writes only `message` to the standard error.
fn assert_fails(dir: &TempDir, arguments: &[&str], message: &str) {
    let output = lenet_infer(dir, arguments);
    assert_eq!(stderr(&output), format!("error: {message}\n"));
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""));
}

/// The operating system's message for a missing file.
fn not_found() -> String {
    fs::read("a file that is not there").unwrap_err().to_string()
}

/// Diagonal strokes on dark paper, a border of paper around them.
fn strokes(seed: usize) -> [u8; IMAGE_PIXELS] {
    std::array::from_fn(|index| {
        let (row, column) = (index / 28, index % 28);
        let inside = (4..24).contains(&row) && (4..24).contains(&column);
        if inside && (row * (seed + 1) + column) % 7 < 3 { 255 } else { 0 }
    })
}

/// Twelve images, none of them of label 9, so that one class has no recall.
fn test_set() -> LabeledImages {
    LabeledImages { images: (0..12).map(strokes).collect(), labels: (0..12).map(|i| i % 9).collect() }
}

fn dir_with_test_set() -> TempDir {
    let dir = tempdir().unwrap();
    idx::write(&dir.path().join("data"), Part::Test, &test_set()).unwrap();
    dir
}

/// A folder with the shipped model as `model.lenet`, changed by `edit`.
fn dir_with_model(edit: impl FnOnce(&mut Vec<u8>)) -> TempDir {
    let dir = tempdir().unwrap();
    let mut bytes = SHIPPED.bytes.to_vec();
    edit(&mut bytes);
    fs::write(dir.path().join("model.lenet"), bytes).unwrap();
    dir
}

/// A folder with a model of three named classes as `model.lenet`: the shipped model's first three, with a confidence
/// threshold.
fn dir_with_model_of_three(threshold: u16) -> TempDir {
    let model = &SHIPPED.model;
    let Weights::Int8(weights) = model.fc3().weights() else { panic!("int4 weights") };
    let fc3 = Fc3::new(Weights::Int8(&weights[..3]), &[[0; 4]; 3]).unwrap();
    let confidence = Confidence { threshold, ..model.confidence() };
    let model = Model::new(*model.conv1(), *model.conv2(), *model.fc1(), *model.fc2(), fc3, confidence);
    let metadata = Metadata { class_names: "circle\nbox\nstar", ..SHIPPED.metadata };
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("model.lenet"), lenet_core::encode(&model, &metadata).unwrap()).unwrap();
    dir
}

/// A folder with `contents` as `name`.
fn dir_with(name: &str, contents: &[u8]) -> TempDir {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join(name), contents).unwrap();
    dir
}

#[test]
fn wrong_usage_exits_with_two_and_says_what_is_wrong() {
    let dir = tempdir().unwrap();
    for (arguments, message) in [
        (&[][..], "Usage: lenet-infer"),
        (&["train"], "unrecognized subcommand 'train'"),
        (&["inspect", "--verbose"], "unexpected argument '--verbose'"),
        (&["classify"], "<PICTURE>"),
        (&["read"], "<PICTURE>"),
        (&["classify", "--invert", "yes", "a.png"], "--as-is"),
        (
            &["classify", "--as-is", "--steps", "s.png", "a.png"],
            "'--as-is' cannot be used with '--steps <FILE>'",
        ),
        (&["classify", "--steps", "s.png", "a.png", "b.png"], "'--steps <FILE>' draws one picture, found 2"),
        (
            &["read", "--annotate", "s.png", "a.png", "b.png"],
            "'--annotate <FILE>' draws one picture, found 2",
        ),
        (&["eval"], "--data <DIR>"),
        (&["board", "info"], "<--port <PORT>|--tcp <HOST:PORT>|--qemu <CORE>>"),
        (
            &["board", "--port", "a", "--qemu", "M4", "info"],
            "'--port <PORT>' cannot be used with '--qemu <CORE>'",
        ),
        (&["board", "--qemu", "M9", "info"], "possible values: M0, M3, M4, M7, M33, M55, RV32IMC"),
        (&["board", "--port", "a", "--timeout", "0", "info"], "expected 0.001 to 3600 seconds"),
        (&["board", "--port", "a", "--firmware", "a.elf", "info"], "'--firmware' needs '--qemu <CORE>'"),
        (&["board", "--port", "a", "eval", "--data", ".", "--limit", "0"], "0 is not in 1..=4294967295"),
        (&["board", "--port", "a", "bulk", "--data", "."], "'bulk' needs '--qemu <CORE>'"),
        (&["board", "--tcp", "a:1", "bench", "--images", "70000"], "70000 is not in 1..=65535"),
        (&["classify", "--show", "--json", "a.png"], "'--show' cannot be used with '--json'"),
    ] {
        let output = lenet_infer(&dir, arguments);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = dir_with("strokes.raw", &strokes(0));
    let mut child = Command::new(env!("CARGO_BIN_EXE_lenet-infer"))
        .current_dir(&dir)
        .args(["classify", "--show"])
        // More text than a pipe holds.
        .args(["strokes.raw"; 200])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}
