//! Helpers for the tests that span the crates.
#![allow(dead_code, unreachable_pub)]

use image::{GrayImage, Luma};
use lenet_infer::host::idx::{self, LabeledImages, Part};
use lenet_infer::{Engine, Model};
use lenet_train::commands::{Session, train};
use lenet_train::eval::check::FinalTable;
use lenet_train::run::config::RunConfig;
use lenet_train::run::folder::Destination;
use lenet_train::train::recipe::Recipe;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the four MNIST files in the repository.
pub fn mnist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lenet-train/data/mnist")
}

/// The training or the test images of MNIST.
pub fn mnist_part(part: Part) -> LabeledImages {
    idx::load(&mnist(), part).expect("MNIST in the repository")
}

/// The logits of a model for each image as little-endian bytes, as in the files of golden logits.
pub fn logit_bytes(model: &Model<'_>, images: &[[u8; 784]]) -> Vec<u8> {
    let mut engine = Engine::new(model);
    let mut bytes = Vec::new();
    for image in images {
        bytes.extend(engine.classify(image).logits.iter().flat_map(|logit| logit.to_le_bytes()));
    }
    bytes
}

/// `images` images of ten classes that are easy to learn: the position of a bright block on a noisy background is the
/// class. `seed` varies the noise.
pub fn synthetic(images: usize, seed: u32) -> LabeledImages {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 26) as u8
    };
    let mut set = LabeledImages::default();
    for index in 0..images {
        let class = index % 10;
        let (top, left) = (2 + class / 5 * 13, 1 + class % 5 * 5);
        set.images.push(std::array::from_fn(|pixel| {
            let (row, column) = (pixel / 28, pixel % 28);
            let lit = (top..top + 10).contains(&row) && (left..left + 5).contains(&column);
            if lit { 190 + noise() } else { noise() }
        }));
        set.labels.push(class as u8);
    }
    set
}

/// Writes a folder of PNG files, with `pictures` pictures of each class: a bar of dark ink on light paper, whose
/// direction and position is the class. There can be up to six classes.
pub fn write_pictures(dir: &Path, classes: &[&str], pictures: u32) {
    for (class, name) in (0_u32..).zip(classes) {
        let folder = dir.join(name);
        fs::create_dir_all(&folder).expect("a writable folder");
        for picture in 0..pictures {
            let along = |x: u32, y: u32| if class % 2 == 0 { x } else { y };
            let first = 10 + 10 * (class / 2) + picture % 3;
            let ink = |x, y| {
                (first..first + 8).contains(&along(x, y)) && (8 + picture % 5..48).contains(&along(y, x))
            };
            let paper = 215 + (picture * 7 % 40) as u8;
            let image = GrayImage::from_fn(56, 56, |x, y| Luma([if ink(x, y) { 20 } else { paper }]));
            image.save(folder.join(format!("{picture}.png"))).expect("a writable folder");
        }
    }
}

/// Writes a synthetic data set of `train` training images and `test` test images into `dir`.
pub fn write_synthetic(dir: &Path, train: usize, test: usize) {
    idx::write(dir, Part::Train, &synthetic(train, 1)).expect("a writable folder");
    idx::write(dir, Part::Test, &synthetic(test, 2)).expect("a writable folder");
}

/// Trains the default recipe on the data set in `data` into the folder `out`, with `change` applied to the description of
/// the run. Returns the result of the check.
pub fn train_with_threads(
    data: &Path,
    out: &Path,
    threads: Option<usize>,
    change: impl FnOnce(&mut RunConfig),
) -> FinalTable {
    let mut config = RunConfig::new(Recipe::Default.settings());
    config.data.path = Some(data.to_owned());
    change(&mut config);
    let destination = Destination { out: Some(out.to_owned()), force: false };
    train::run(config, &destination, &Session { threads, ..Session::quiet() }).expect("a run that succeeds")
}
