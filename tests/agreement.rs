//! The integer engine beside the f32 network that it was quantized from, on real digits.

use tempfile::tempdir;

mod common;

#[test]
fn after_one_epoch_the_integers_lose_five_test_images_in_10000_at_most() {
    let out = tempdir().unwrap();
    let table =
        common::train_with_threads(&common::mnist(), out.path(), None, |config| config.training.epochs = 1);
    assert_eq!(table.images, 10_000);
    assert!(table.f32_correct > 9_500, "{} correct", table.f32_correct);
    assert!(table.integer_correct + 5 >= table.f32_correct, "{table:?}");
    assert!(table.differing <= 50, "{} differ", table.differing);
}
