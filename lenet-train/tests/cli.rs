//! The command as a user meets it: wrong input gives a message that helps, the right exit code, and no panic.

use lenet_infer::host::idx::{self, LabelledImages, Part};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;
use tempfile::{TempDir, tempdir};

fn lenet_train(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lenet-train")).args(arguments).output().expect("the command starts")
}

/// A data set that trains in an instant.
fn data() -> TempDir {
    let set = |images: usize| LabelledImages {
        images: (0..images).map(|image| [(image * 25 % 256) as u8; 784]).collect(),
        labels: (0..images).map(|image| (image % 10) as u8).collect(),
    };
    let dir = tempdir().unwrap();
    idx::write(dir.path(), Part::Train, &set(120)).unwrap();
    idx::write(dir.path(), Part::Test, &set(20)).unwrap();
    dir
}

fn train_on(data: &Path, out: &Path, more: &[&str]) -> Output {
    let fixed = ["--data", data.to_str().unwrap(), "--out", out.to_str().unwrap(), "--epochs", "2"];
    lenet_train(&[&fixed, more].concat())
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_fails(output: &Output, code: i32, parts: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(message.starts_with("error: "), "{message}");
    assert!(!message.contains("panicked") && !message.contains("backtrace"), "{message}");
    for part in parts {
        assert!(message.contains(part), "expected {part:?} in {message}");
    }
}

#[test]
fn a_run_prints_shapes_epochs_and_the_final_table() {
    let (data, out) = (data(), tempdir().unwrap());
    let output = train_on(data.path(), out.path(), &[]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", stderr(&output));
    for part in [
        "flattened 256",
        "===== 1 =====",
        "===== 2 =====",
        "validation",
        "integer accuracy",
        "total run time",
    ] {
        assert!(printed.contains(part), "expected {part:?} in {printed}");
    }
}

#[test]
fn a_benchmark_of_seeds_keeps_what_was_finished_and_writes_statistics_and_a_plot() {
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
    assert_eq!(printed.matches("===== 2 =====").count(), 1, "the first seed is not trained again");
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
fn seeds_past_the_largest_are_wrong_usage() {
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
fn cross_validation_scores_each_fold_and_a_teacher_may_not_know_what_its_pupil_is_validated_on() {
    let (data, out) = (data(), tempdir().unwrap());
    let (data, teacher) = (data.path().to_str().unwrap(), out.path().join("teacher"));
    let (teacher, pupil) = (teacher.to_str().unwrap(), out.path().join("pupil"));
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
    assert!(!out.path().join("teacher/fold-1/model.lenet").exists(), "nothing is delivered");

    // Each fold learns from the teacher of that fold, and goes on where it was stopped.
    let pupil = pupil.to_str().unwrap();
    assert!(run(pupil, &["--teacher", teacher]).status.success());
    let again = run(pupil, &["--teacher", teacher]);
    assert!(!String::from_utf8_lossy(&again.stdout).contains("====="), "no fold is trained again");

    let fold_1 = out.path().join("teacher/fold-1");
    let output =
        train_on(Path::new(data), &out.path().join("other"), &["--teacher", fold_1.to_str().unwrap()]);
    assert_fails(&output, 1, &["teacher/fold-1", "held out", "--teacher"]);
}

#[test]
fn cross_validations_of_the_same_folds_are_compared_and_others_are_refused() {
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
    for part in ["fold by fold", "accuracy mean difference", "points, standard deviation", "loss     mean"] {
        assert!(printed.contains(part), "expected {part:?} in {printed}");
    }
}

#[test]
fn a_teacher_of_other_classes_or_without_a_checkpoint_is_named() {
    let (data, out) = (data(), tempdir().unwrap());
    let set = LabelledImages { images: vec![[7; 784]; 24], labels: (0..24).map(|image| image % 3).collect() };
    for part in [Part::Train, Part::Test] {
        idx::write(out.path(), part, &set).unwrap();
    }
    let teacher = out.path().join("teacher");
    let learn =
        || train_on(data.path(), &out.path().join("pupil"), &["--teacher", teacher.to_str().unwrap()]);
    assert_fails(&learn(), 1, &["teacher/checkpoint.safetensors", "found no file", "--teacher"]);
    fs::create_dir(&teacher).unwrap();
    fs::write(teacher.join("checkpoint.safetensors"), "no checkpoint").unwrap();
    assert_fails(&learn(), 1, &["teacher/checkpoint.safetensors", "no safetensors file", "--teacher"]);
    assert!(train_on(out.path(), &teacher, &[]).status.success());
    assert_fails(&learn(), 1, &["teacher: expected a teacher of 10 classes", "found one of 3", "--teacher"]);
}

#[test]
fn cross_validation_needs_images_to_hold_out() {
    let (data, out) = (data(), tempdir().unwrap());
    let run = |more: &[&str]| {
        let (data, out) = (data.path().to_str().unwrap(), out.path().to_str().unwrap());
        lenet_train(&[&["cross-validate", "--data", data, "--out", out], more].concat())
    };
    assert_fails(&run(&["--folds", "13"]), 1, &["--folds", "expected 1 to 12", "found 13"]);
    assert_fails(&run(&["--recipe", "reference"]), 1, &["--recipe reference", "default and best"]);
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
fn a_missing_data_folder_is_named() {
    let out = tempdir().unwrap();
    let output = train_on(Path::new("/no/such/folder"), out.path(), &[]);
    assert_fails(&output, 1, &["/no/such/folder", "train-images-idx3-ubyte"]);
}

#[test]
fn a_truncated_gz_is_named() {
    let (data, out) = (data(), tempdir().unwrap());
    let plain = data.path().join("train-images-idx3-ubyte");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &fs::read(&plain).unwrap()).unwrap();
    let bytes = encoder.finish().unwrap();
    fs::remove_file(&plain).unwrap();
    fs::write(plain.with_extension("gz"), &bytes[..bytes.len() / 2]).unwrap();
    assert_fails(&train_on(data.path(), out.path(), &[]), 1, &["train-images-idx3-ubyte.gz"]);
}

/// Changes one file of a good data set and expects its name and `parts` in the message.
#[track_caller]
fn assert_refused(file: &str, change: impl Fn(&mut Vec<u8>), parts: &[&str]) {
    let (data, out) = (data(), tempdir().unwrap());
    let path = data.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let output = train_on(data.path(), out.path(), &[]);
    assert_fails(&output, 1, &[&[file], parts].concat());
}

#[test]
fn damaged_idx_files_are_refused_each_with_its_reason() {
    let (images, labels) = ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    assert_refused(images, |bytes| bytes[0] = 1, &["expected", "found"]);
    assert_refused(images, |bytes| bytes[2] = 9, &["expected", "found"]);
    assert_refused(images, |bytes| bytes[3] = 1, &["expected", "found"]);
    assert_refused(images, |bytes| bytes[11] = 27, &["28", "27"]);
    assert_refused(images, |bytes| bytes.truncate(1_000), &["expected", "found"]);
    assert_refused(images, |bytes| bytes.push(0), &["expected", "found"]);
    assert_refused(labels, |bytes| bytes[8] = 10, &["10"]);
    assert_refused(
        labels,
        |bytes| {
            bytes[7] -= 1;
            bytes.pop();
        },
        &["20", "19"],
    );
}

#[test]
fn a_picture_that_is_none_is_named() {
    let (data, out) = (tempdir().unwrap(), tempdir().unwrap());
    for class in ["a", "b"] {
        fs::create_dir(data.path().join(class)).unwrap();
        for picture in ["1.png", "2.png", "3.png"] {
            fs::write(data.path().join(class).join(picture), "no picture").unwrap();
        }
    }
    let output = train_on(data.path(), out.path(), &[]);
    assert_fails(
        &output,
        1,
        &["a/", ".png: expected a PNG or JPEG picture", "found 10 bytes of another kind"],
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let (data, out) = (data(), tempdir().unwrap());
    let file = out.path().join("file");
    fs::write(&file, "").unwrap();
    let output = train_on(data.path(), &file.join("run"), &[]);
    assert_fails(&output, 1, &["file/run", "--out"]);
}

/// A full disk, acted by the limit on a file's size.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_is_an_error_and_leaves_no_half_file() {
    let (data, out) = (data(), tempdir().unwrap());
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_lenet-train"), "--data"])
        .args([data.path().as_os_str(), "--out".as_ref(), out.path().as_os_str()])
        .output()
        .unwrap();
    assert_fails(&output, 1, &["checkpoint.safetensors", "--out"]);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn without_the_feature_cuda_says_how_to_build_it() {
    if cfg!(feature = "cuda") {
        println!("NOT TESTED: this build has the feature");
        return;
    }
    let (data, out) = (data(), tempdir().unwrap());
    assert_fails(&train_on(data.path(), out.path(), &["--cuda"]), 1, &["--features cuda"]);
}

/// The deadline is that of a stuck test, not a measure of speed.
fn wait_for(path: &Path) {
    for _ in 0..6_000 {
        if path.exists() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{} did not appear", path.display());
}

#[test]
fn a_killed_run_resumed_ends_with_the_files_of_an_uninterrupted_one() {
    let (data, whole, killed) = (data(), tempdir().unwrap(), tempdir().unwrap());
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
    assert!(command(&arguments(&whole)).status().unwrap().success());

    let mut run = command(&arguments(&killed)).spawn().unwrap();
    wait_for(&killed.path().join("checkpoint.safetensors"));
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(command(&arguments(&killed)).arg("--resume").status().unwrap().success());
    for file in ["model.lenet", "golden-logits.bin"] {
        let [whole, killed] = [&whole, &killed].map(|out| fs::read(out.path().join(file)).unwrap());
        assert!(whole == killed, "{file} differs");
    }
}

#[test]
fn a_new_run_keeps_the_checkpoint_of_the_one_before() {
    let (data, out) = (data(), tempdir().unwrap());
    assert!(train_on(data.path(), out.path(), &["--seed", "1"]).status.success());
    let first = fs::read(out.path().join("checkpoint.safetensors")).unwrap();
    assert!(train_on(data.path(), out.path(), &["--seed", "2"]).status.success());
    assert!(fs::read(out.path().join("checkpoint.previous.safetensors")).unwrap() == first);
}

#[test]
fn a_run_that_diverges_says_when_and_keeps_the_last_good_checkpoint() {
    let (data, out) = (data(), tempdir().unwrap());
    let flags = ["--optimizer", "sgd", "--lr", "10", "--weight-decay", "10", "--epochs", "200", "--quiet"];
    let run = |more: &[&str]| {
        let paths = ["--data", data.path().to_str().unwrap(), "--out", out.path().to_str().unwrap()];
        lenet_train(&[&paths, &flags[..], more].concat())
    };
    let diverged = run(&[]);
    assert_fails(&diverged, 1, &["expected a finite loss", "after epoch", "--lr", "--weight-decay"]);
    let checkpoint = out.path().join("checkpoint.safetensors");
    let kept = fs::read(&checkpoint).unwrap();
    let resumed = run(&["--resume"]);
    assert_eq!(stderr(&resumed), stderr(&diverged), "resumed from the epoch before");
    assert!(fs::read(&checkpoint).unwrap() == kept);
}

#[test]
fn resuming_without_a_checkpoint_or_with_other_flags_says_so() {
    let (data, out) = (data(), tempdir().unwrap());
    assert_fails(
        &train_on(data.path(), out.path(), &["--resume"]),
        1,
        &["checkpoint.safetensors", "--resume"],
    );
    assert!(train_on(data.path(), out.path(), &[]).status.success());
    let output = train_on(data.path(), out.path(), &["--resume", "--seed", "7"]);
    assert_fails(&output, 1, &["seed", "7"]);
    let checkpoint = out.path().join("checkpoint.safetensors");
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    assert_fails(&train_on(data.path(), out.path(), &["--resume"]), 1, &["checkpoint.safetensors", "found"]);
}
