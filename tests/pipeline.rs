//! The complete pipeline on small synthetic data sets: train, quantize, export, check, report.

use lenet_infer::host::idx::{self, Part};
use lenet_infer::host::picture_file::{self, Invert};
use lenet_infer::{Engine, ModelFile, decode};
use lenet_train::commands::{Session, resume};
use lenet_train::data::Preparation;
use lenet_train::eval::check::FinalTable;
use lenet_train::run::config::RunConfig;
use lenet_train::train::recipe::Recipe;
use std::fs;
use std::path::Path;
use tempfile::tempdir;

mod common;

/// Trains a short run, with `change` applied to its description.
fn train_on(data: &Path, out: &Path, change: impl FnOnce(&mut RunConfig)) -> FinalTable {
    common::train_with_threads(data, out, Some(2), |config| {
        (config.training.epochs, config.training.batch_size) = (4, 32);
        change(config);
    })
}

/// Trains a short run on a synthetic set, with `change` applied to its description. Returns the result of the check and the
/// model file.
fn train(threads: usize, change: impl Fn(&mut RunConfig)) -> (FinalTable, Vec<u8>) {
    let (data, out) = (tempdir().unwrap(), tempdir().unwrap());
    common::write_synthetic(data.path(), 600, 100);
    let table = common::train_with_threads(data.path(), out.path(), Some(threads), |config| {
        (config.training.epochs, config.training.batch_size) = (4, 32);
        change(config);
    });
    (table, fs::read(out.path().join("model.lenet")).unwrap())
}

#[test]
fn a_small_set_is_learned_and_the_model_file_classifies_it_correctly() {
    let (data, out) = (tempdir().unwrap(), tempdir().unwrap());
    common::write_synthetic(data.path(), 600, 100);
    let table = train_on(data.path(), out.path(), |_| ());
    assert_eq!((table.images, table.integer_correct, table.f32_correct, table.differing), (100, 100, 100, 0));
    assert_eq!(table.confusion[7][7], 10);

    let bytes = fs::read(out.path().join("model.lenet")).unwrap();
    assert_eq!(table.flash_bytes, bytes.len());
    let ModelFile { model, metadata, .. } = decode(&bytes).unwrap();
    assert_eq!((metadata.dataset, metadata.recipe), ("custom", "default, changed: batch size 32, epochs 4"));
    assert_eq!((metadata.validation_correct, metadata.validation_images), (50, 50));

    let digits = fs::read(out.path().join("golden-digits.bin")).unwrap();
    let logits = fs::read(out.path().join("golden-logits.bin")).unwrap();
    let (digits, _) = digits.as_chunks();
    assert_eq!(common::logit_bytes(&model, digits), logits);

    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(out.path().join("metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["epochs"].as_array().unwrap().len(), 4);
    assert_eq!(metrics["result"]["integer_accuracy"], 1.0);
    assert!(fs::read_to_string(out.path().join("report.html")).unwrap().contains("Confusion matrix"));
}

#[test]
fn a_folder_of_pictures_becomes_a_model_with_the_names_of_its_classes() {
    let (data, out) = (tempdir().unwrap(), tempdir().unwrap());
    let names = ["left", "middle", "top"];
    common::write_pictures(data.path(), &names, 60);
    let table = train_on(data.path(), out.path(), |config| {
        config.training.epochs = 30;
        // The classes differ in where the ink is.
        config.data.pictures = Some(Preparation::AsIs);
    });
    assert_eq!((table.images, table.integer_correct, table.confusion.len()), (18, 18, 3));

    let bytes = fs::read(out.path().join("model.lenet")).unwrap();
    let ModelFile { model, metadata, .. } = decode(&bytes).unwrap();
    assert_eq!((model.classes(), metadata.class_names), (3, "left\nmiddle\ntop"));
    assert_eq!(metadata.dataset, "custom, pictures as they are");
    assert_eq!((metadata.validation_correct, metadata.validation_images), (18, 18));
    assert!(model.confidence().threshold > 0);
    let mut engine = Engine::new(&model);
    for (class, name) in names.into_iter().enumerate() {
        let picture = picture_file::stretch(&data.path().join(name).join("7.png"), Invert::Auto).unwrap();
        assert_eq!(usize::from(engine.classify(&picture.image).class), class);
    }
    let logits = fs::read(out.path().join("golden-logits.bin")).unwrap();
    assert_eq!(logits.len(), 18 * 3 * 4);
    assert!(fs::read_to_string(out.path().join("report.html")).unwrap().contains("middle"));
}

#[test]
fn labels_up_to_46_give_a_model_of_47_classes() {
    let (data, out) = (tempdir().unwrap(), tempdir().unwrap());
    for (part, images) in [(Part::Train, 470), (Part::Test, 47)] {
        let mut set = common::synthetic(images, 1);
        (0..).zip(&mut set.labels).for_each(|(index, label)| *label = (index % 47) as u8);
        idx::write(data.path(), part, &set).unwrap();
    }
    let table = train_on(data.path(), out.path(), |config| config.training.epochs = 1);
    assert_eq!(table.confusion.len(), 47);
    let bytes = fs::read(out.path().join("model.lenet")).unwrap();
    assert_eq!(decode(&bytes).unwrap().model.classes(), 47);
    resume::run(Some(out.path()), RunConfig::clone, &Session::quiet()).unwrap();
    assert_eq!(fs::read(out.path().join("model.lenet")).unwrap(), bytes);
}

#[test]
fn the_reference_recipe_holds_no_images_out() {
    let (table, bytes) = train(2, |config| {
        config.training = Recipe::Reference.settings();
    });
    let metadata = decode(&bytes).unwrap().metadata;
    assert_eq!((metadata.recipe, metadata.validation_images), ("reference", 0));
    assert_eq!(table.images, 100);
}

#[test]
fn the_same_seed_gives_the_same_file_with_any_number_of_threads() {
    let [one, two, five] = [1, 2, 5].map(|threads| train(threads, |_| ()).1);
    assert!(one == two && two == five);
    let (_, other) = train(2, |config| config.training.seed = 1);
    assert!(one != other);
}
