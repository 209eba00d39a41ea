//! Data sets as users bring them: in any order, and with something else in the place of a file.

use lenet_infer::host::idx::{self, LabeledImages, Part};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};

/// More classes than the folds of a twelfth, so that the last twelfth of a sorted set is a whole class.
const CLASSES: usize = 12;
/// The deadline is that of a stuck test, not a measure of speed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Trains on `data` with the flags `more`, and fails if that does not end.
fn train_on(data: &Path, out: &Path, more: &[&str]) -> Output {
    let mut run = Command::new(env!("CARGO_BIN_EXE_lenet-train"))
        .args(["--quiet".as_ref(), "--data".as_ref(), data.as_os_str(), "--out".as_ref(), out.as_os_str()])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while run.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            run.kill().unwrap();
            run.wait().unwrap();
            panic!("{} waits for ever", data.display());
        }
        sleep(Duration::from_millis(10));
    }
    run.wait_with_output().unwrap()
}

/// `images` images of each class, sorted by class: a bright square in a place that tells the class, and noise.
fn sorted(images: usize) -> LabeledImages {
    let mut state = 1_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 26) as u8
    };
    let mut set = LabeledImages::default();
    for index in 0..images * CLASSES {
        let class = index / images;
        let (top, left) = (2 + class / 4 * 8, 2 + class % 4 * 6);
        set.images.push(std::array::from_fn(|pixel| {
            let (row, column) = (pixel / 28, pixel % 28);
            let lit = (top..top + 8).contains(&row) && (left..left + 6).contains(&column);
            if lit { 190 + noise() } else { noise() }
        }));
        set.labels.push(class as u8);
    }
    set
}

/// The same images with the classes in turn.
fn mixed(set: &LabeledImages) -> LabeledImages {
    let images = set.len() / CLASSES;
    let order = || (0..set.len()).map(|place| place % CLASSES * images + place / CLASSES);
    LabeledImages {
        images: order().map(|image| set.images[image]).collect(),
        labels: order().map(|image| set.labels[image]).collect(),
    }
}

#[test]
fn a_set_sorted_by_class_trains_as_well_as_a_mixed_one() {
    for train in [sorted(50), mixed(&sorted(50))] {
        let (data, out) = (tempdir().unwrap(), tempdir().unwrap());
        idx::write(data.path(), Part::Train, &train).unwrap();
        idx::write(data.path(), Part::Test, &sorted(10)).unwrap();
        let output = train_on(data.path(), out.path(), &["--epochs", "6", "--batch-size", "32"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metrics = fs::read(out.path().join("metrics.json")).unwrap();
        let metrics: serde_json::Value = serde_json::from_slice(&metrics).unwrap();
        assert_eq!(metrics["result"]["integer_accuracy"], 1.0);
    }
}

/// A folder with a good set of IDX files.
#[cfg(unix)]
fn idx_files() -> TempDir {
    let dir = tempdir().unwrap();
    idx::write(dir.path(), Part::Train, &sorted(2)).unwrap();
    idx::write(dir.path(), Part::Test, &sorted(1)).unwrap();
    dir
}

/// A folder with two classes of raw pictures.
#[cfg(unix)]
fn pictures() -> TempDir {
    let dir = tempdir().unwrap();
    for class in ["1", "2"] {
        fs::create_dir(dir.path().join(class)).unwrap();
        for picture in ["a.png", "b.png", "c.png", "d.png"] {
            // Not blank, which would be refused too.
            let pixels: [u8; 784] = std::array::from_fn(|index| (index % 7) as u8);
            fs::write(dir.path().join(class).join(picture), pixels).unwrap();
        }
    }
    dir
}

/// Puts something else in the place of `file`, by a command of the shell, and expects its name and `found` in the message.
#[cfg(unix)]
#[track_caller]
fn assert_refused(data: &TempDir, file: &str, put: &[&str], found: &str) {
    let (path, out) = (data.path().join(file), tempdir().unwrap());
    let _ = fs::remove_file(&path);
    assert!(Command::new(put[0]).args(&put[1..]).arg(&path).status().unwrap().success());
    let output = train_on(data.path(), out.path(), &["--epochs", "1"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains(&path.display().to_string()) && message.contains(found), "{message}");
    assert!(message.contains("expected a regular file, "), "{message}");
}

/// A pipe without a writer blocks who opens it, and this device who reads it.
#[cfg(unix)]
#[test]
fn a_pipe_a_device_or_a_folder_in_the_place_of_a_file_is_named_and_does_not_hang() {
    for (put, found) in [
        (&["mkfifo"][..], "found a named pipe: save its contents to a file"),
        (&["ln", "-s", "/dev/ptmx"], "found a device"),
        (&["mkdir"], "found a folder"),
    ] {
        assert_refused(&pictures(), "1/a.png", put, found);
        for file in ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
            assert_refused(&idx_files(), file, put, found);
        }
        let gzipped = idx_files();
        fs::remove_file(gzipped.path().join("train-images-idx3-ubyte")).unwrap();
        assert_refused(&gzipped, "train-images-idx3-ubyte.gz", put, found);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_of_nothing_but_pipes_is_not_taken_for_one_of_pictures() {
    let data = tempdir().unwrap();
    assert_refused(&data, "train-images-idx3-ubyte", &["mkfifo"], "found a named pipe");
}
