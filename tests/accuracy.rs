//! The accuracy of the shipped models on MNIST's test set. The counts are exact, since integer arithmetic is deterministic.

use lenet_infer::host::evaluation::evaluate;
use lenet_infer::host::idx::Part;
use lenet_infer::{ModelFile, RAM_BYTES, SHIPPED, SHIPPED_INT4, SHIPPED_TERNARY};
use lenet_train::data::Split;
use lenet_train::eval::confidence;
use lenet_train::train::recipe::Recipe;

mod common;

/// The shipped models, each with the number of test images, of 10,000, that it classifies correctly.
static MODELS: [(&ModelFile<'static>, usize); 3] =
    [(&SHIPPED, 9_962), (&SHIPPED_INT4, 9_962), (&SHIPPED_TERNARY, 9_960)];

#[test]
fn the_shipped_models_classify_the_expected_number_of_test_images_correctly() {
    let test = common::mnist_part(Part::Test);
    for (file, correct) in MODELS {
        let evaluation = evaluate(&file.model, &test);
        assert_eq!((evaluation.images(), evaluation.correct()), (10_000, correct));
    }
}

#[test]
fn the_metadata_of_the_shipped_models_state_their_accuracy_on_the_validation_images() {
    let train = common::mnist_part(Part::Train);
    for (ModelFile { model, metadata, .. }, _) in MODELS {
        let validation = train.images[55_000..].iter().zip(&train.labels[55_000..]);
        let evaluation = evaluate(model, validation);
        assert_eq!((metadata.dataset, metadata.recipe, metadata.seed), ("mnist", "best", 0));
        assert_eq!(evaluation.images(), metadata.validation_images as usize);
        assert_eq!(evaluation.correct(), metadata.validation_correct as usize);
    }
}

#[test]
fn the_thresholds_of_the_shipped_models_are_those_that_the_validation_images_give() {
    let train = common::mnist_part(Part::Train);
    let validation = Split::new(&train, 10).last(5_000);
    let augment = Recipe::Best.settings().augment;
    for (ModelFile { model, .. }, _) in MODELS {
        let copies = confidence::distorted(model, validation, &augment);
        assert_eq!(model.confidence().threshold, confidence::threshold(&copies));
    }
}

#[test]
fn the_int4_model_has_at_most_25_000_bytes() {
    assert!(SHIPPED_INT4.bytes.len() <= 25_000);
}

#[test]
fn the_ternary_model_has_at_most_12_000_bytes() {
    assert!(SHIPPED_TERNARY.bytes.len() <= 12_000);
}

#[test]
fn the_engine_needs_688_bytes_of_ram() {
    assert_eq!(RAM_BYTES, 688);
}
