use std::fs;

use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use tempfile::tempdir;

use super::*;

fn set(images: usize) -> LabeledImages {
    LabeledImages {
        images: (0..images).map(|image| [image as u8; IMAGE_PIXELS]).collect(),
        labels: (0..images).map(|image| (image % CLASSES) as u8).collect(),
    }
}

fn write_set(dir: &Path, train: usize, test: usize) {
    idx::write(dir, Part::Train, &set(train)).unwrap();
    idx::write(dir, Part::Test, &set(test)).unwrap();
}

fn bundled_mnist() -> PathBuf {
    bundled(DatasetName::Mnist).expect("the source tree holds MNIST")
}

#[test]
fn the_bundled_mnist_is_the_published_one() {
    let mnist = Dataset::load(DatasetName::Mnist, None, Preparation::Prepared, true).unwrap();
    assert_eq!((mnist.name.as_str(), &mnist.note), ("mnist", &None));
    assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
    let (training, validation) = mnist.split();
    assert_eq!((training.images.len(), validation.images.len()), (55_000, 5_000));
    assert_eq!((training.labels.len(), validation.labels.len()), (55_000, 5_000));
    assert_eq!(validation.labels[0], mnist.train.labels[55_000]);
    assert_eq!(mnist.sha256, "2523918a5047d36b5f15d6a954a710d5e45d05466102563428ac9e8975ffc8d4");
}

#[test]
fn the_published_sets_keep_the_order_of_their_files() {
    let file = idx::load(&bundled_mnist(), Part::Train).unwrap();
    let mut mnist =
        Dataset::load(DatasetName::Mnist, Some(&bundled_mnist()), Preparation::Prepared, true).unwrap();
    assert!(mnist.train == file);
    assert_eq!((mnist.note.as_ref(), mnist.folds()), (None, 12));
    mnist.hold_out(11);
    assert!(mnist.split().1.images == &file.images[..5_000]);
}

#[test]
fn a_users_copy_of_mnist_is_named_by_its_contents() {
    let mnist = Dataset::load(DatasetName::FashionMnist, Some(&bundled_mnist()), Preparation::Prepared, true)
        .unwrap();
    assert_eq!(mnist.name, "mnist");
    assert_eq!(
        mnist.note.unwrap(),
        format!(
            "{}: the contents are not those of fashion-mnist; the data set is reported as \"mnist\"",
            bundled_mnist().display()
        )
    );
}

#[test]
fn another_set_is_taken_from_a_users_folder_and_not_called_mnist() {
    let dir = tempdir().unwrap();
    write_set(dir.path(), 30, 4);
    let loaded = Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::Prepared, true).unwrap();
    let mut images: Vec<(u8, u8)> =
        loaded.train.into_iter().map(|(image, label)| (image[0], *label)).collect();
    images.sort_unstable();
    assert!(images.into_iter().eq((0..30).map(|image| (image, image % 10))), "in another order");
    assert_eq!(loaded.test, set(4));
    assert_eq!(loaded.name, CUSTOM);
    assert!(loaded.note.unwrap().ends_with("are not those of mnist; the data set is reported as \"custom\""));
}

#[test]
fn another_set_in_the_place_of_the_published_one_is_refused() {
    let dir = tempdir().unwrap();
    write_set(dir.path(), 30, 4);
    let error = Dataset::as_published(DatasetName::Mnist, dir.path(), "fix it").unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with(&dir.path().join("train-images-idx3-ubyte").display().to_string()),
        "{message}"
    );
    assert!(message.contains("SHA-256 ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"));
    assert!(message.ends_with(": fix it"));

    fs::write(dir.path().join("t10k-labels-idx1-ubyte"), "").unwrap();
    let error = Dataset::as_published(DatasetName::Mnist, dir.path(), "fix it").unwrap_err();
    assert!(matches!(error, DatasetError::Unusable { source: IdxError::Truncated { .. }, .. }));
}

#[test]
fn small_sets_hold_out_a_twelfth_and_at_least_one() {
    let dir = tempdir().unwrap();
    for (images, training) in [(20, 19), (23, 22), (24, 22), (100, 92)] {
        write_set(dir.path(), images, 1);
        let set = Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::Prepared, true).unwrap();
        let (train, validation) = set.split();
        assert_eq!((train.images.len(), validation.images.len()), (training, images - training));
        assert_eq!([train.images, validation.images].concat(), set.train.images);
        assert_eq!([train.labels, validation.labels].concat(), set.train.labels);
    }
}

/// Loads a set of blank images with these labels.
fn load_labels(train: &[u8], test: &[u8]) -> Result<Dataset, DatasetError> {
    let dir = tempdir().unwrap();
    for (part, labels) in [(Part::Train, train), (Part::Test, test)] {
        let images = vec![[0; IMAGE_PIXELS]; labels.len()];
        idx::write(dir.path(), part, &LabeledImages { images, labels: labels.to_vec() }).unwrap();
    }
    Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::Prepared, true)
}

#[test]
fn the_training_labels_decide_how_many_classes_there_are() {
    assert_eq!(load_labels(&[2, 0, 46, 0], &[45]).unwrap().classes, 47);
    let error = load_labels(&[0, 2], &[1, 3]).unwrap_err().to_string();
    assert!(error.contains("t10k-labels-idx1-ubyte: expected labels from 0 to 2, found 3"), "{error}");
    let error = load_labels(&[0, 64], &[0]).unwrap_err().to_string();
    assert!(error.contains("from 0 to 63, found 64"), "{error}");
}

#[test]
fn a_set_of_one_class_is_refused_whatever_its_label() {
    for label in [0, 5] {
        let error = load_labels(&[label; 30], &[label]).unwrap_err();
        assert!(matches!(error, DatasetError::OneClass { .. }));
        let expected = format!("expected training labels of at least 2 classes, found only {label}: ");
        assert!(error.to_string().contains(&expected), "{error}");
    }
}

#[test]
fn labels_may_leave_numbers_out_and_the_note_says_which() {
    let set = load_labels(&[1, 1, 1, 5, 5, 6], &[1]).unwrap();
    assert_eq!(set.classes, 7);
    let note = set.note.unwrap();
    assert!(note.ends_with("reported as \"custom\"; no training image of class 0, 2 to 4"), "{note}");
    assert!(!note.contains('\n'));
}

#[test]
fn one_training_image_per_class_is_too_few() {
    for labels in [&[0][..], &[7], &[0, 1, 2]] {
        let error = load_labels(labels, &[0]).unwrap_err();
        assert!(matches!(error, DatasetError::TooFewImages { .. }), "{error}");
    }
}

#[test]
fn a_class_of_one_image_is_trained_on_in_every_fold() {
    let load = || load_labels(&[3, 0, 0, 0, 1, 1, 2], &[0]).unwrap();
    assert_eq!((load().folds(), load().validation_images), (5, 1));
    for fold in 0..5 {
        let mut set = load();
        set.hold_out(fold);
        assert!((0..4).all(|class| set.split().0.labels.contains(&class)), "fold {fold}");
    }
}

#[test]
#[should_panic(expected = "expected a fold below 5, found 5")]
fn there_is_no_fold_of_the_classes_of_one_image() {
    load_labels(&[3, 0, 0, 0, 1, 1, 2], &[0]).unwrap().hold_out(5);
}

#[test]
fn the_identity_depends_on_the_data_and_not_on_the_folder_or_the_fold() {
    let write = |change: &dyn Fn(&mut LabeledImages)| {
        let dir = tempdir().unwrap();
        let mut train = set(30);
        change(&mut train);
        idx::write(dir.path(), Part::Train, &train).unwrap();
        idx::write(dir.path(), Part::Test, &set(4)).unwrap();
        Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::Prepared, true).unwrap()
    };
    let unchanged = write(&|_| {});
    let mut again = write(&|_| {});
    again.hold_out(2);
    assert_eq!(unchanged.sha256, again.sha256);
    assert_ne!(unchanged.sha256, write(&|train| train.images[17][400] ^= 1).sha256);
    assert_ne!(unchanged.sha256, write(&|train| train.labels.swap(0, 1)).sha256);
}

#[test]
fn each_fold_is_held_out_once_and_the_others_keep_their_order() {
    let dir = tempdir().unwrap();
    write_set(dir.path(), 30, 1);
    let load = || Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::Prepared, true).unwrap();
    assert_eq!((load().folds(), load().validation_images), (15, 2));
    let pixels = |images: &[[u8; IMAGE_PIXELS]]| images.iter().map(|image| image[0]).collect::<Vec<u8>>();
    let order = pixels(&load().train.images);
    for (fold, held_out) in [(0, 28..30), (1, 26..28), (14, 0..2)] {
        let mut dataset = load();
        dataset.hold_out(fold);
        let (training, validation) = dataset.split();
        assert_eq!(pixels(validation.images), order[held_out.clone()]);
        let others = [&order[..held_out.start], &order[held_out.end..]].concat();
        assert_eq!(pixels(training.images), others);
        assert!(training.labels.iter().zip(others).all(|(label, image)| *label == image % 10));
    }
}
