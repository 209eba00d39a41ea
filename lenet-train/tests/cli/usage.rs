//! Tests of the output, and of wrong usage.

use super::{assert_fails, assert_succeeds, data, lenet_train, stderr, stdout, train_on};
use std::fs::File;
use std::process::Command;
use tempfile::tempdir;

#[test]
fn a_run_prints_its_description_one_line_per_epoch_and_the_results() {
    let (data, out) = (data(), tempdir().unwrap());
    let output = train_on(data.path(), out.path(), &["--weight-decay", "0.5", "--threads", "1"]);
    assert_succeeds(&output);
    let printed = stdout(&output);
    for part in [
        "data     custom: 10 classes, 110 training images, 10 validation images, 20 test images",
        "device   cpu, 1 threads",
        "recipe   default, changed: epochs 2, weight decay 0.5",
        "flattened 256",
        "validation loss, acc.",
        "\n      1/2  ",
        "\n      2/2  ",
        "activation ranges conv1 ",
        "integer accuracy",
        "model.lenet, report.html, metrics.json, metrics.jsonl, run.toml, golden-digits.bin",
        "total run time",
    ] {
        assert!(printed.contains(part), "expected {part:?} in {printed}");
    }
}

#[test]
fn a_quiet_run_prints_nothing() {
    let (data, out) = (data(), tempdir().unwrap());
    let output = train_on(data.path(), out.path(), &["--quiet"]);
    assert!(output.status.success());
    assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [["--epochs", "0"], ["--lr", "-1"], ["--recipe", "best-ever"], ["--no-such-flag", "1"]] {
        assert_fails(&lenet_train(&arguments), 2, &[]);
    }
    let out = tempdir().unwrap();
    let output = train_on(out.path(), &out.path().join("run"), &["--qat-epochs", "2"]);
    assert_fails(&output, 2, &["--qat-epochs", "fewer than the run's 2 epochs"]);
    assert!(!out.path().join("run").exists());
}

#[test]
fn without_the_feature_cuda_the_error_says_how_to_build_it() {
    if cfg!(feature = "cuda") {
        println!("NOT TESTED: this build has the feature cuda");
        return;
    }
    let (data, out) = (data(), tempdir().unwrap());
    assert_fails(&train_on(data.path(), out.path(), &["--cuda"]), 1, &["--features cuda"]);
}

/// Every write to `/dev/full` fails as on a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_failure_to_print_is_reported_at_the_end_and_the_run_is_complete() {
    let (data, out) = (data(), tempdir().unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_lenet-train"))
        .args(["--epochs", "2", "--data"])
        .args([data.path().as_os_str(), "--out".as_ref(), out.path().as_os_str()])
        .stdout(File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_fails(&output, 1, &["standard output: cannot be written", "the files of the run are complete"]);
    assert!(out.path().join("report.html").exists());
}

#[test]
fn a_closed_pipe_on_standard_output_is_not_a_failure() {
    let (data, out) = (data(), tempdir().unwrap());
    let script = "\"$@\" | head -n 1; exit ${PIPESTATUS[0]}";
    let output = Command::new("bash")
        .args(["-c", script, "bash", env!("CARGO_BIN_EXE_lenet-train"), "--epochs", "2", "--data"])
        .args([data.path().as_os_str(), "--out".as_ref(), out.path().as_os_str()])
        .output()
        .unwrap();
    assert_succeeds(&output);
    assert_eq!(stderr(&output), "");
}

#[cfg(unix)]
#[test]
fn a_path_that_a_run_cannot_record_is_wrong_usage() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    for path in [&b"no\xff"[..], b"two\nlines"] {
        let output = Command::new(env!("CARGO_BIN_EXE_lenet-train"))
            .args([OsStr::new("--data"), OsStr::from_bytes(path)])
            .output()
            .unwrap();
        assert_fails(&output, 2, &[]);
    }
}
