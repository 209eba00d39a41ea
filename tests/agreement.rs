//! The integer engine compared with the f32 network that was quantized, on MNIST.

use tempfile::tempdir;

mod common;

#[test]
fn after_one_epoch_quantization_loses_at_most_five_of_10_000_test_images() {
    let out = tempdir().unwrap();
    let table =
        common::train_with_threads(&common::mnist(), out.path(), None, |config| config.training.epochs = 1);
    assert_eq!(table.images, 10_000);
    assert!(table.f32_correct > 9_500, "{} correct", table.f32_correct);
    assert!(table.integer_correct + 5 >= table.f32_correct, "{table:?}");
    assert!(table.differing <= 50, "{} differ", table.differing);
}
