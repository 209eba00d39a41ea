//! Tests of commands with several runs: benchmarks over seeds, cross-validation, and teachers.

use super::{assert_fails, assert_succeeds, data, lenet_train, stderr, train_on, wait_for};
use lenet_infer::host::idx::{self, LabeledImages, Part};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

#[test]
fn bench_accuracy_keeps_finished_runs_and_writes_statistics_and_a_plot() {
    let (data, out) = (data(), tempdir().unwrap());
    let bench = |seeds: &str| {
        let (data, out) = (data.path().to_str().unwrap(), out.path().to_str().unwrap());
        let run = ["bench-accuracy", "--seeds", seeds, "--data", data, "--out", out, "--epochs", "2"];
        lenet_train(&[&run[..], &["--recipe", "best", "--qat-epochs", "1", "--bits", "conv=8,fc=4"]].concat())
    };
    assert!(bench("1").status.success());
    let model = out.path().join("seed-0/model.lenet");
    let first = fs::read(&model).unwrap();
    let output = bench("2");
    assert!(output.status.success(), "{}", stderr(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed.matches("\n      2/2  ").count(), 1, "the first seed is not trained again");
    for part in ["standard deviation", "Wilson", "further seeds", "other images", "on these 20"] {
        assert!(printed.contains(part), "expected {part:?} in {printed}");
    }
    assert_eq!(fs::read(&model).unwrap(), first);

    let results: serde_json::Value =
        serde_json::from_slice(&fs::read(out.path().join("accuracy.json")).unwrap()).unwrap();
    assert_eq!(results["seeds"].as_array().unwrap().len(), 2);
    assert_eq!(results["images"], 20);
    for interval in ["f32_wilson_interval_95", "integer_wilson_interval_95"] {
        assert_eq!(results[interval].as_array().unwrap().len(), 2, "{interval}");
    }
    assert!(results["integer"]["student_t_interval_95"].is_array());
    assert!(fs::read_to_string(out.path().join("accuracy.svg")).unwrap().starts_with("<svg"));
}

#[test]
fn seeds_beyond_the_largest_u64_are_usage_errors() {
    let (data, out) = (data(), tempdir().unwrap());
    let run = |command: &[&str]| {
        let fixed = ["--data", data.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()];
        let flags = ["--epochs", "2", "--seed", "18446744073709551615"];
        lenet_train(&[command, &fixed, &flags].concat())
    };
    let expected = ["--seed: expected at most 1844674407370955161", "found 18446744073709551615"];
    assert_fails(&run(&["bench-accuracy"]), 2, &expected);
    assert_fails(&run(&["cross-validate", "--folds", "2"]), 2, &expected);
    let output = run(&["bench-accuracy", "--seeds", "1"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(out.path().join("seed-18446744073709551615/model.lenet").exists());
}

#[test]
fn cross_validation_scores_each_fold_and_a_teacher_trained_on_validation_images_is_refused() {
    let (data, out) = (data(), tempdir().unwrap());
    let (data, teacher) = (data.path().to_str().unwrap(), out.path().join("teacher"));
    let (teacher, student) = (teacher.to_str().unwrap(), out.path().join("student"));
    let run = |out: &str, more: &[&str]| {
        let fixed = ["cross-validate", "--folds", "2", "--data", data, "--out", out, "--epochs", "2"];
        lenet_train(&[&fixed, more].concat())
    };
    let output = run(teacher, &["--bits", "4"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    for part in ["fold   integer      loss", "standard deviation", "4 bits", "nats"] {
        assert!(printed.contains(part), "expected {part:?} in {printed}");
    }
    let results = fs::read(out.path().join("teacher/cross-validation.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&results).unwrap();
    assert_eq!(results["folds"].as_array().unwrap().len(), 2);
    assert!(!out.path().join("teacher/fold-1/model.lenet").exists(), "no model file is written");

    // Each fold learns from the teacher of the same fold, and a finished fold is not trained again.
    let student = student.to_str().unwrap();
    assert!(run(student, &["--teacher", teacher]).status.success());
    let again = run(student, &["--teacher", teacher]);
    assert!(!String::from_utf8_lossy(&again.stdout).contains("\n      1/2  "), "no fold is trained again");

    let fold_1 = out.path().join("teacher/fold-1");
    let output =
        train_on(Path::new(data), &out.path().join("other"), &["--teacher", fold_1.to_str().unwrap()]);
    assert_fails(&output, 1, &["teacher/fold-1", "held out", "--teacher"]);
}

#[test]
fn the_error_for_a_teacher_with_other_classes_or_without_a_checkpoint_names_it() {
    let (data, out) = (data(), tempdir().unwrap());
    let set = LabeledImages { images: vec![[7; 784]; 24], labels: (0..24).map(|image| image % 3).collect() };
    for part in [Part::Train, Part::Test] {
        idx::write(out.path(), part, &set).unwrap();
    }
    let teacher = out.path().join("teacher");
    let learn =
        || train_on(data.path(), &out.path().join("student"), &["--teacher", teacher.to_str().unwrap()]);
    assert_fails(&learn(), 1, &["teacher/checkpoint.safetensors", "found no file", "--teacher"]);
    fs::create_dir(&teacher).unwrap();
    fs::write(teacher.join("checkpoint.safetensors"), "no checkpoint").unwrap();
    assert_fails(&learn(), 1, &["teacher/checkpoint.safetensors", "not in safetensors format", "--teacher"]);
    fs::remove_file(teacher.join("checkpoint.safetensors")).unwrap();
    assert_succeeds(&train_on(out.path(), &teacher, &[]));
    assert_fails(&learn(), 1, &["teacher: expected a teacher of 10 classes", "found one of 3", "--teacher"]);
}

#[test]
fn cross_validation_needs_a_recipe_and_folds_that_hold_images_out() {
    let (data, out) = (data(), tempdir().unwrap());
    let run = |more: &[&str]| {
        let (data, out) = (data.path().to_str().unwrap(), out.path().to_str().unwrap());
        lenet_train(&[&["cross-validate", "--data", data, "--out", out], more].concat())
    };
    assert_fails(&run(&["--folds", "13"]), 1, &["--folds", "expected 1 to 12", "found 13"]);
    assert_fails(&run(&["--recipe", "reference"]), 1, &["--recipe reference", "default or best"]);
}

#[test]
fn cross_validations_are_compared_only_if_they_have_the_same_folds() {
    let (data, out) = (data(), tempdir().unwrap());
    let run = |out: &Path, more: &[&str]| {
        let (data, out) = (data.path().to_str().unwrap(), out.to_str().unwrap());
        let fixed = ["cross-validate", "--data", data, "--out", out, "--epochs", "1"];
        lenet_train(&[&fixed, more].concat())
    };
    let (earlier, later) = (out.path().join("earlier"), out.path().join("later"));
    let compare = ["--compare", earlier.to_str().unwrap()];
    let output = run(&later, &[&compare[..], &["--folds", "2"]].concat());
    assert_fails(&output, 1, &["earlier/cross-validation.json", "--compare"]);

    assert!(run(&earlier, &["--folds", "2"]).status.success());
    let output = run(&later, &[&compare[..], &["--folds", "3"]].concat());
    assert_fails(&output, 1, &["expected results of the folds [0, 1, 2]", "found [0, 1]", "--folds"]);
    assert!(!later.join("fold-0").exists(), "refused before the first fold is trained");

    let output = run(&later, &[&compare[..], &["--folds", "2", "--lr", "1e-2"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    for part in ["paired by fold", "accuracy mean difference", "points, standard deviation", "loss     mean"]
    {
        assert!(printed.contains(part), "expected {part:?} in {printed}");
    }
}

#[test]
fn folds_and_seeds_that_were_trained_otherwise_are_refused() {
    let (data, out) = (data(), tempdir().unwrap());
    let (data, out) = (data.path().to_str().unwrap(), out.path().to_str().unwrap());
    for command in [["cross-validate", "--folds", "1"], ["bench-accuracy", "--seeds", "1"]] {
        let run = |epochs| {
            lenet_train(&[&command[..], &["--data", data, "--out", out, "--epochs", epochs]].concat())
        };
        assert_succeeds(&run("1"));
        assert_fails(&run("2"), 1, &["a run with epochs 2, found one with 1"]);
    }
}

#[test]
fn imported_weights_may_not_teach_since_nobody_knows_what_they_were_trained_on() {
    let (data, out) = (data(), tempdir().unwrap());
    let [teacher, weights, imported] = ["teacher", "weights", "imported"].map(|name| out.path().join(name));
    let paths = [&teacher, &weights, &imported].map(|path| path.to_str().unwrap());
    let [teacher_path, weights, imported_path] = paths;
    assert_succeeds(&train_on(data.path(), &teacher, &[]));
    assert_succeeds(&lenet_train(&["export", teacher_path, "--safetensors", weights]));
    let data_path = data.path().to_str().unwrap();
    assert_succeeds(&lenet_train(&["import", weights, "--data", data_path, "--out", imported_path]));
    let student = train_on(data.path(), &out.path().join("student"), &["--teacher", imported_path]);
    assert_fails(&student, 1, &["imported", "--teacher"]);
}

#[cfg(unix)]
#[test]
fn a_benchmark_that_is_asked_to_stop_says_so_and_ends_with_130() {
    let (data, out) = (data(), tempdir().unwrap());
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_lenet-train"))
        .args(["bench-accuracy", "--epochs", "9000", "--quiet", "--data"])
        .args([data.path().as_os_str(), "--out".as_ref(), out.path().as_os_str()])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(&out.path().join("seed-0/checkpoint.safetensors"));
    let signal = std::process::Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert_fails(&run.wait_with_output().unwrap(), 130, &["seed 0", "saved"]);
}
