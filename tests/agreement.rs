//! The integer engine beside the f32 network that it was quantized from, on real digits.

use lenet_train::commands::train::{Options, run};
use lenet_train::data::DatasetName;
use lenet_train::train::recipe::{Recipe, Settings};
use tempfile::tempdir;

mod common;

#[test]
fn after_one_epoch_the_integers_lose_five_test_images_in_10000_at_most() {
    let out = tempdir().unwrap();
    let table = run(&Options {
        settings: Settings { epochs: 1, ..Recipe::Default.settings() },
        dataset: DatasetName::Mnist,
        data: Some(common::mnist()),
        fold: 0,
        teachers: Vec::new(),
        out: out.path().to_owned(),
        threads: None,
        cuda: false,
        resume: false,
        quiet: true,
    })
    .unwrap();
    assert_eq!(table.images, 10_000);
    assert!(table.f32_correct > 9_500, "{} correct", table.f32_correct);
    assert!(table.integer_correct + 5 >= table.f32_correct, "{table:?}");
    assert!(table.differing <= 50, "{} differ", table.differing);
}
