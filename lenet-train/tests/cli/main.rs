//! Tests of the program as a user runs it: wrong input gives a helpful message and the right exit code, and no panic.

mod commands;
mod data;
mod folders;
mod many_runs;
mod resuming;
mod usage;

use lenet_infer::host::idx::{self, LabeledImages, Part};
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;
use tempfile::{TempDir, tempdir};

/// Runs the program.
pub(crate) fn lenet_train(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lenet-train")).args(arguments).output().expect("the command starts")
}

/// A small data set that trains in a moment: 120 training images and 20 test images of 10 classes.
pub(crate) fn data() -> TempDir {
    let set = |images: usize| LabeledImages {
        images: (0..images).map(|image| [(image * 25 % 256) as u8; 784]).collect(),
        labels: (0..images).map(|image| (image % 10) as u8).collect(),
    };
    let dir = tempdir().unwrap();
    idx::write(dir.path(), Part::Train, &set(120)).unwrap();
    idx::write(dir.path(), Part::Test, &set(20)).unwrap();
    dir
}

/// Trains two epochs.
pub(crate) fn train_on(data: &Path, out: &Path, more: &[&str]) -> Output {
    let fixed = ["--data", data.to_str().unwrap(), "--out", out.to_str().unwrap(), "--epochs", "2"];
    lenet_train(&[&fixed, more].concat())
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks the exit code, that the message on standard error contains all `parts`, and that nothing panicked.
#[track_caller]
pub(crate) fn assert_fails(output: &Output, code: i32, parts: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(message.starts_with("error: "), "{message}");
    assert!(!message.contains("panicked") && !message.contains("backtrace"), "{message}");
    for part in parts {
        assert!(message.contains(part), "expected {part:?} in {message}");
    }
}

/// Waits until a file exists. The deadline only ends a stuck test; it does not measure speed.
pub(crate) fn wait_for(path: &Path) {
    for _ in 0..6_000 {
        if path.exists() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{} did not appear", path.display());
}

/// Checks that the command succeeded. Else fails with its output.
#[track_caller]
pub(crate) fn assert_succeeds(output: &Output) {
    assert!(output.status.success(), "{}{}", stdout(output), stderr(output));
}
