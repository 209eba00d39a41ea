//! Tests of run folders: where a run is stored, and that nothing overwrites it.

use super::{assert_fails, assert_succeeds, data, lenet_train, stdout, train_on, wait_for};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// The names of the files in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_error_for_a_folder_that_cannot_be_created_names_it() {
    let (data, out) = (data(), tempdir().unwrap());
    let file = out.path().join("file");
    fs::write(&file, "").unwrap();
    let output = train_on(data.path(), &file.join("run"), &[]);
    assert_fails(&output, 1, &["file/run", "--out"]);
}

/// A limit on the size of files simulates a full disk. It ends a program without a handler for the signal.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_no_incomplete_file() {
    let (data, out) = (data(), tempdir().unwrap());
    let script = "ulimit -f 64; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_lenet-train"), "--data"])
        .args([data.path().as_os_str(), "--out".as_ref(), out.path().as_os_str()])
        .output()
        .unwrap();
    assert_fails(&output, 1, &["best.safetensors", "--out"]);
    assert_eq!(names(out.path()), [".lock", "metrics.jsonl", "run.toml"]);
}

#[test]
fn a_run_without_out_gets_a_new_folder_and_resume_continues_the_latest() {
    let (data, place) = (data(), tempdir().unwrap());
    let run = |more: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_lenet-train")).args(more).current_dir(place.path()).output();
        output.unwrap()
    };
    let data = data.path().to_str().unwrap();
    for _ in 0..2 {
        assert_succeeds(&run(&["--data", data, "--epochs", "2"]));
    }
    let runs = names(&place.path().join("runs"));
    let [first, second, latest] = &runs[..] else { panic!("{runs:?}") };
    assert!(first.ends_with("-1") && second.ends_with("-2") && latest == "latest", "{runs:?}");
    let printed = stdout(&run(&["--resume", "--epochs", "3"]));
    assert!(printed.contains(&format!("results in runs/{second}: ")), "{printed}");
    let epochs = |run: &str| {
        let lines = fs::read_to_string(place.path().join("runs").join(run).join("metrics.jsonl")).unwrap();
        lines.lines().count()
    };
    assert_eq!((epochs(first), epochs(second)), (2, 3));
}

#[test]
fn a_new_run_overwrites_another_only_with_force_and_keeps_its_checkpoint() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_succeeds(&train_on(data.path(), out.path(), &["--seed", "1", "--csv"]));
    let [checkpoint, model] = ["checkpoint.safetensors", "model.lenet"].map(|file| out.path().join(file));
    let first = [&checkpoint, &model].map(|file| fs::read(file).unwrap());
    assert_fails(&train_on(data.path(), out.path(), &["--seed", "2"]), 1, &["--resume", "--out", "--force"]);
    assert!([&checkpoint, &model].map(|file| fs::read(file).unwrap()) == first);
    assert_succeeds(&train_on(data.path(), out.path(), &["--seed", "2", "--force"]));
    assert!(fs::read(out.path().join("checkpoint.previous.safetensors")).unwrap() == first[0]);
    assert!(fs::read(&model).unwrap() != first[1]);
    assert!(!out.path().join("metrics.csv").exists(), "a file of the replaced run");
}

#[test]
fn without_a_checkpoint_resume_names_that_of_a_replaced_run() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    fs::rename(out.path().join("checkpoint.safetensors"), out.path().join("checkpoint.previous.safetensors"))
        .unwrap();
    let resumed = lenet_train(&["--resume", "--out", out.path().to_str().unwrap()]);
    assert_fails(&resumed, 1, &["found only that of an earlier run", "checkpoint.previous.safetensors"]);
}

#[test]
fn a_second_process_in_a_folder_is_refused_and_the_first_continues() {
    let (data, out) = (data(), tempdir().unwrap());
    let mut first = Command::new(env!("CARGO_BIN_EXE_lenet-train"))
        .args(["--epochs", "10000", "--quiet", "--data"])
        .args([data.path().as_os_str(), "--out".as_ref(), out.path().as_os_str()])
        .spawn()
        .unwrap();
    wait_for(&out.path().join("checkpoint.safetensors"));
    let folder = out.path().to_str().unwrap();
    for second in [&["--force", "--data", data.path().to_str().unwrap()][..], &["--resume"]] {
        let output = lenet_train(&[&["--out", folder], second].concat());
        assert_fails(&output, 1, &[folder, "another lenet-train is writing to", "--out"]);
    }
    assert!(first.try_wait().unwrap().is_none(), "the first run has ended");
    first.kill().unwrap();
    first.wait().unwrap();
}
