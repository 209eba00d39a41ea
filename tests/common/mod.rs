//! What the cross-crate tests share.
#![allow(dead_code)]

use lenet_infer::idx::{self, LabelledImages, Part};
use std::path::{Path, PathBuf};

/// The four MNIST files that the repository carries.
pub fn mnist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lenet-train/data/mnist")
}

/// One part of MNIST.
pub fn mnist_part(part: Part) -> LabelledImages {
    idx::load(&mnist(), part).expect("the repository carries MNIST")
}

/// `images` pictures of ten classes that a small network learns at once: a bright block whose place is the class, on a
/// noisy ground. `seed` varies the noise.
pub fn synthetic(images: usize, seed: u32) -> LabelledImages {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 26) as u8
    };
    let mut set = LabelledImages::default();
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

/// Writes a synthetic data set of `train` and `test` images into `dir`.
pub fn write_synthetic(dir: &Path, train: usize, test: usize) {
    idx::write(dir, Part::Train, &synthetic(train, 1)).expect("a writable folder");
    idx::write(dir, Part::Test, &synthetic(test, 2)).expect("a writable folder");
}
