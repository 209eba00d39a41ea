//! Tests of `--resume`: runs that were stopped, and runs that are extended.

use super::{assert_fails, assert_succeeds, data, lenet_train, stderr, stdout, train_on, wait_for};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::{TempDir, tempdir};

fn resume(out: &Path, more: &[&str]) -> Output {
    lenet_train(&[&["--resume", "--out", out.to_str().unwrap()], more].concat())
}

#[test]
fn a_killed_run_resumed_ends_with_the_files_of_an_uninterrupted_one() {
    let (data, uninterrupted, killed) = (data(), tempdir().unwrap(), tempdir().unwrap());
    let arguments = |out: &TempDir| {
        let paths = [data.path(), out.path()].map(|path| path.to_str().unwrap().to_owned());
        let [data, out] = paths;
        ["--data", &data, "--out", &out, "--epochs", "300", "--quiet"].map(str::to_owned)
    };
    let command = |arguments: &[String]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lenet-train"));
        command.args(arguments);
        command
    };
    assert!(command(&arguments(&uninterrupted)).status().unwrap().success());

    let mut run = command(&arguments(&killed)).spawn().unwrap();
    wait_for(&killed.path().join("checkpoint.safetensors"));
    run.kill().unwrap();
    run.wait().unwrap();
    let folder = killed.path().to_str().unwrap();
    assert_succeeds(&lenet_train(&["--resume", "--quiet", "--out", folder]));
    for file in ["model.lenet", "golden-logits.bin"] {
        let [expected, found] = [&uninterrupted, &killed].map(|out| fs::read(out.path().join(file)).unwrap());
        assert!(expected == found, "{file} differs");
    }
}

#[test]
fn the_error_for_a_run_that_diverges_names_the_epoch_and_the_last_finite_checkpoint_is_kept() {
    let (data, out) = (data(), tempdir().unwrap());
    let flags = ["--optimizer", "sgd", "--lr", "10", "--weight-decay", "10", "--epochs", "200", "--quiet"];
    let run = || {
        let paths = ["--data", data.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()];
        lenet_train(&[&paths, &flags[..]].concat())
    };
    let diverged = run();
    assert_fails(&diverged, 1, &["expected a finite loss", "after epoch", "--lr", "--weight-decay"]);
    let checkpoint = out.path().join("checkpoint.safetensors");
    let kept = fs::read(&checkpoint).unwrap();
    let resumed = lenet_train(&["--resume", "--quiet", "--out", out.path().to_str().unwrap()]);
    assert_eq!(stderr(&resumed), stderr(&diverged), "the resumed run starts before the epoch that diverges");
    assert!(fs::read(&checkpoint).unwrap() == kept);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_saved_names_the_command_to_continue_and_ends_the_same() {
    let (data, uninterrupted, stopped) = (data(), tempdir().unwrap(), tempdir().unwrap());
    let arguments = |out: &TempDir| {
        let [data, out] = [data.path(), out.path()].map(|path| path.to_str().unwrap().to_owned());
        ["--data".to_owned(), data, "--out".to_owned(), out]
    };
    let command = |out: &TempDir| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lenet-train"));
        command.args(arguments(out)).args(["--epochs", "300", "--batch-size", "16", "--quiet"]);
        command
    };
    assert!(command(&uninterrupted).status().unwrap().success());
    let run = command(&stopped).stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_for(&stopped.path().join("checkpoint.safetensors"));
    let signal = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let output = run.wait_with_output().unwrap();
    assert_fails(
        &output,
        130,
        &["stopped after", "saved", "--resume --out", stopped.path().to_str().unwrap()],
    );
    assert_succeeds(&resume(stopped.path(), &["--quiet"]));
    for file in ["model.lenet", "golden-logits.bin"] {
        let [expected, found] =
            [&uninterrupted, &stopped].map(|out| fs::read(out.path().join(file)).unwrap());
        assert!(expected == found, "{file} differs");
    }
}

#[test]
fn resuming_without_a_checkpoint_or_with_changed_settings_is_refused() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_fails(&resume(out.path(), &[]), 1, &["checkpoint.safetensors", "found no file"]);
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    for (flags, expected) in [
        (["--seed", "7"], "expected a run with seed 7, found one with 0"),
        (["--lr", "0.5"], "learning rate 0.5, found one with 0.003"),
        (["--bits", "4"], "bits \"4\", found one with \"8\""),
        (["--recipe", "best"], "recipe \"best\", found one with \"default\""),
        (["--epochs", "1"], "expected at least the 2 epochs that are finished, found 1"),
    ] {
        assert_fails(&resume(out.path(), &flags), 1, &[expected]);
    }
    let checkpoint = out.path().join("checkpoint.safetensors");
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    assert_fails(&resume(out.path(), &[]), 1, &["checkpoint.safetensors", "found"]);
}

#[test]
fn a_resumed_run_refuses_other_data_and_accepts_the_same_data_in_another_folder() {
    let (cats, out) = (tempdir().unwrap(), tempdir().unwrap());
    for class in ["cat", "dog"] {
        let folder = cats.path().join(class);
        fs::create_dir(&folder).unwrap();
        for picture in 0..4_u8 {
            let level = if class == "cat" { 40 } else { 200 } + picture;
            let image = image::GrayImage::from_pixel(28, 28, image::Luma([level]));
            image.save(folder.join(format!("{picture}.png"))).unwrap();
        }
    }
    assert_succeeds(&train_on(cats.path(), out.path(), &["--as-is"]));
    fs::rename(cats.path().join("dog"), cats.path().join("ant")).unwrap();
    assert_fails(
        &resume(out.path(), &["--epochs", "3"]),
        1,
        &["expected the data set that the run started with"],
    );
    fs::rename(cats.path().join("ant"), cats.path().join("dog")).unwrap();
    let moved = tempdir().unwrap();
    let place = moved.path().join("pets");
    fs::rename(cats.path(), &place).unwrap();
    assert_fails(&resume(out.path(), &[]), 1, &[cats.path().to_str().unwrap()]);
    assert_succeeds(&resume(out.path(), &["--data", place.to_str().unwrap(), "--epochs", "3"]));
}

#[test]
fn a_finished_run_can_be_extended_and_its_run_toml_repeats_it() {
    let (data, out, again) = (data(), tempdir().unwrap(), tempdir().unwrap());
    assert_succeeds(&train_on(data.path(), out.path(), &[]));
    let output = resume(out.path(), &["--epochs", "5"]);
    assert_succeeds(&output);
    let printed = stdout(&output);
    assert!(printed.contains("\n      3/5  ") && !printed.contains("\n      2/5  "), "{printed}");
    let description = out.path().join("run.toml");
    let flags = ["--config", description.to_str().unwrap(), "--out", again.path().to_str().unwrap()];
    assert_succeeds(&lenet_train(&flags));
    let [extended, repeated] = [&out, &again].map(|out| fs::read(out.path().join("model.lenet")).unwrap());
    assert!(extended == repeated);
}

#[test]
fn early_stopping_ends_the_run_and_exports_the_best_epoch() {
    let (data, out) = (data(), tempdir().unwrap());
    let flags = ["--epochs", "500", "--early-stop", "3", "--lr", "0.05", "--optimizer", "sgd"];
    let paths = ["--data", data.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()];
    assert_succeeds(&lenet_train(&[&paths[..], &flags].concat()));
    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(out.path().join("metrics.json")).unwrap()).unwrap();
    let epochs = metrics["epochs"].as_array().unwrap();
    let losses: Vec<f64> = epochs.iter().map(|epoch| epoch["held_out"]["loss"].as_f64().unwrap()).collect();
    let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap();
    assert_eq!(metrics["exported_epoch"], best as u64 + 1);
    assert!(losses.len() == best + 4 || losses.len() == 500, "{losses:?}");
}
