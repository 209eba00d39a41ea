//! The shipped model on all of MNIST's test set. The count is exact: integers leave no room for chance.

use lenet_infer::evaluation::evaluate;
use lenet_infer::idx::Part;
use lenet_infer::{AnyModel, RAM_BYTES, SHIPPED_MODEL};

mod common;

/// Test images, of 10,000, that the shipped model classifies correctly.
const CORRECT: usize = 9_926;

#[test]
fn the_shipped_model_has_its_accuracy_on_all_test_images() {
    let test = common::mnist_part(Part::Test);
    let model = AnyModel::decode(SHIPPED_MODEL).unwrap();
    let evaluation = evaluate(&model, &test);
    assert_eq!((evaluation.images(), evaluation.correct()), (10_000, CORRECT));
    const { assert!(CORRECT >= 9_920) };
}

#[test]
fn the_shipped_model_says_its_accuracy_on_the_validation_images() {
    let train = common::mnist_part(Part::Train);
    let model = AnyModel::decode(SHIPPED_MODEL).unwrap();
    let validation = train.images[55_000..].iter().zip(&train.labels[55_000..]);
    let evaluation = evaluate(&model, validation);
    let metadata = lenet_infer::metadata(SHIPPED_MODEL).unwrap();
    assert_eq!((metadata.dataset, metadata.recipe), ("mnist", "default"));
    assert_eq!(evaluation.images(), metadata.validation_images as usize);
    assert_eq!(evaluation.correct(), metadata.validation_correct as usize);
}

#[test]
fn the_engine_holds_700_bytes_at_most() {
    assert_eq!(RAM_BYTES, 688);
}
