//! Tests of `--resume`: runs that were stopped, and runs that are extended.

use super::{assert_fails, assert_succeeds, data, lenet_train, stderr, stdout, train_on, wait_for};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::tempdir;

fn resume(out: &Path, more: &[&str]) -> Output {
    lenet_train(&[&["--resume", "--out", out.to_str().unwrap()], more].concat())
}

/// Checks that a run that is killed after its first epoch, and then resumed, ends with the files of an uninterrupted one.
fn assert_ends_the_same_when_killed(flags: &[&str]) {
    let (data, uninterrupted, killed) = (data(), tempdir().unwrap(), tempdir().unwrap());
    assert_succeeds(&train(data.path(), uninterrupted.path(), flags).output().unwrap());
    let mut run = train(data.path(), killed.path(), flags).spawn().unwrap();
    wait_for(&killed.path().join("checkpoint.safetensors"));
    run.kill().unwrap();
    assert!(!run.wait().unwrap().success(), "the run ended before it was killed");
    assert_succeeds(&resume(killed.path(), &["--quiet"]));
    assert_same_files(uninterrupted.path(), killed.path());
}

/// Starts a training that prints nothing.
fn train(data: &Path, out: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lenet-train"));
    command.args(["--quiet", "--data"]).arg(data).arg("--out").arg(out).args(flags).stderr(Stdio::piped());
    command
}

#[track_caller]
fn assert_same_files(expected: &Path, found: &Path) {
    for file in ["model.lenet", "golden-logits.bin"] {
        let [expected, found] = [expected, found].map(|out| fs::read(out.join(file)).unwrap());
        assert!(expected == found, "{file} differs");
    }
}

#[test]
fn a_killed_run_resumed_ends_with_the_files_of_an_uninterrupted_one() {
    assert_ends_the_same_when_killed(&["--epochs", "300"]);
}

/// Checks that a run that diverges names the epoch, keeps the last finite checkpoint, and diverges again when resumed.
fn assert_diverges(flags: &[&str]) {
    let (data, out) = (data(), tempdir().unwrap());
    let fixed = ["--optimizer", "sgd", "--lr", "10", "--weight-decay", "10", "--epochs", "200"];
    let diverged = train(data.path(), out.path(), &[&fixed, flags].concat()).output().unwrap();
    assert_fails(&diverged, 1, &["expected a finite loss", "after epoch", "--lr", "--weight-decay"]);
    let checkpoint = out.path().join("checkpoint.safetensors");
    let kept = fs::read(&checkpoint).unwrap();
    let resumed = resume(out.path(), &["--quiet"]);
    assert_eq!(stderr(&resumed), stderr(&diverged), "the resumed run starts before the epoch that diverges");
    assert!(fs::read(&checkpoint).unwrap() == kept);
}

#[test]
fn the_error_for_a_run_that_diverges_names_the_epoch_and_the_last_finite_checkpoint_is_kept() {
    assert_diverges(&[]);
}

/// Checks that a run that gets SIGINT after its first epoch is saved, and ends the same when it is resumed.
#[cfg(unix)]
fn assert_ends_the_same_when_interrupted(flags: &[&str]) {
    let (data, uninterrupted, stopped) = (data(), tempdir().unwrap(), tempdir().unwrap());
    assert_succeeds(&train(data.path(), uninterrupted.path(), flags).output().unwrap());
    let run = train(data.path(), stopped.path(), flags).spawn().unwrap();
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
    assert_same_files(uninterrupted.path(), stopped.path());
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_saved_names_the_command_to_continue_and_ends_the_same() {
    assert_ends_the_same_when_interrupted(&["--epochs", "300", "--batch-size", "16"]);
}

/// On CUDA, where every sum is added in a fixed order too.
#[cfg(all(unix, feature = "cuda"))]
mod cuda {
    use super::{assert_diverges, assert_ends_the_same_when_interrupted, assert_ends_the_same_when_killed};

    /// Fewer epochs than on the CPU, as the stand-in is slow. The last ones are quantization-aware.
    const FLAGS: [&str; 7] = ["--cuda", "--epochs", "40", "--qat-epochs", "20", "--rotation", "10"];

    #[test]
    fn a_killed_run_resumed_ends_with_the_files_of_an_uninterrupted_one() {
        assert_ends_the_same_when_killed(&FLAGS);
    }

    #[test]
    fn the_error_for_a_run_that_diverges_names_the_epoch_and_the_last_finite_checkpoint_is_kept() {
        assert_diverges(&["--cuda"]);
    }

    #[test]
    fn an_interrupted_run_is_saved_names_the_command_to_continue_and_ends_the_same() {
        assert_ends_the_same_when_interrupted(&[&FLAGS[..], &["--batch-size", "16"]].concat());
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
