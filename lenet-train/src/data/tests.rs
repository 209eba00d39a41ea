use std::fs;

use lenet_core::shape::CLASSES;
use tempfile::tempdir;

use super::*;

fn set(images: usize) -> LabelledImages {
    LabelledImages {
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
    let mnist = Dataset::load(DatasetName::Mnist, None, true).unwrap();
    assert_eq!((mnist.name.as_str(), &mnist.note), ("mnist", &None));
    assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
    let (training, validation) = mnist.split();
    assert_eq!((training.images.len(), validation.images.len()), (55_000, 5_000));
    assert_eq!((training.labels.len(), validation.labels.len()), (55_000, 5_000));
    assert_eq!(validation.labels[0], mnist.train.labels[55_000]);
}

#[test]
fn a_users_copy_of_mnist_is_named_by_its_contents() {
    let mnist = Dataset::load(DatasetName::FashionMnist, Some(&bundled_mnist()), true).unwrap();
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
    let loaded = Dataset::load(DatasetName::Mnist, Some(dir.path()), true).unwrap();
    assert_eq!((&loaded.train, &loaded.test), (&set(30), &set(4)));
    assert_eq!(loaded.name, CUSTOM);
    assert!(loaded.note.unwrap().ends_with("are not those of mnist; the data set is reported as \"custom\""));
}

#[test]
fn another_set_in_the_place_of_the_published_one_is_refused() {
    let dir = tempdir().unwrap();
    write_set(dir.path(), 30, 4);
    let error = Dataset::as_published(DatasetName::Mnist, dir.path(), "mend it").unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with(&dir.path().join("train-images-idx3-ubyte").display().to_string()),
        "{message}"
    );
    assert!(message.contains("SHA-256 ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"));
    assert!(message.ends_with(": mend it"));

    fs::write(dir.path().join("t10k-labels-idx1-ubyte"), "").unwrap();
    let error = Dataset::as_published(DatasetName::Mnist, dir.path(), "mend it").unwrap_err();
    assert!(matches!(error, DatasetError::Unusable { source: IdxError::Truncated { .. }, .. }));
}

#[test]
fn small_sets_hold_out_a_twelfth_and_at_least_one() {
    let dir = tempdir().unwrap();
    for (images, training) in [(2, 1), (23, 22), (24, 22), (100, 92)] {
        write_set(dir.path(), images, 1);
        let set = Dataset::load(DatasetName::Mnist, Some(dir.path()), true).unwrap();
        let (train, validation) = set.split();
        assert_eq!((train.images.len(), validation.images.len()), (training, images - training));
        assert_eq!([train.images, validation.images].concat(), set.train.images);
        assert_eq!([train.labels, validation.labels].concat(), set.train.labels);
    }
}

#[test]
fn the_training_labels_decide_how_many_classes_there_are() {
    let dir = tempdir().unwrap();
    let labelled =
        |labels: &[u8]| LabelledImages { images: vec![[0; 784]; labels.len()], labels: labels.to_vec() };
    let write = |train: &[u8], test: &[u8]| {
        idx::write(dir.path(), Part::Train, &labelled(train)).unwrap();
        idx::write(dir.path(), Part::Test, &labelled(test)).unwrap();
        Dataset::load(DatasetName::Mnist, Some(dir.path()), true)
    };
    assert_eq!(write(&[2, 0, 46, 1], &[45]).unwrap().classes, 47);
    assert!(matches!(write(&[0, 0], &[0]), Err(DatasetError::OneClass { .. })));
    let error = write(&[0, 2], &[1, 3]).unwrap_err().to_string();
    assert!(error.contains("t10k-labels-idx1-ubyte: expected labels from 0 to 2, found 3"), "{error}");
    let error = write(&[0, 64], &[0]).unwrap_err().to_string();
    assert!(error.contains("from 0 to 63, found 64"), "{error}");
}

#[test]
fn a_single_training_image_is_too_few() {
    let dir = tempdir().unwrap();
    write_set(dir.path(), 1, 1);
    let error = Dataset::load(DatasetName::Mnist, Some(dir.path()), true).unwrap_err();
    assert!(matches!(error, DatasetError::TooFewImages { .. }));
}

#[test]
fn the_order_of_an_epoch_never_changes() {
    assert_eq!(shuffled(0, 1, 60_000)[..6], [37077, 47009, 45510, 28117, 45034, 59695]);
    assert_eq!(shuffled(42, 3, 10), [8, 1, 6, 0, 9, 4, 7, 2, 5, 3]);
}

#[test]
fn an_epoch_meets_each_image_once_in_an_order_of_its_own() {
    let orders = [shuffled(7, 1, 1000), shuffled(7, 2, 1000), shuffled(8, 1, 1000)];
    for order in &orders {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..1000));
    }
    assert!(orders[0] != orders[1] && orders[0] != orders[2] && orders[1] != orders[2]);
    assert!(shuffled(7, 1, 0).is_empty());
}

#[test]
fn each_fold_is_held_out_once_and_the_others_keep_their_order() {
    let dir = tempdir().unwrap();
    write_set(dir.path(), 30, 1);
    let load = || Dataset::load(DatasetName::Mnist, Some(dir.path()), true).unwrap();
    assert_eq!((load().folds(), load().validation_images), (15, 2));
    for (fold, held_out) in [(0, [28, 29]), (1, [26, 27]), (14, [0, 1])] {
        let mut dataset = load();
        dataset.hold_out(fold);
        let (training, validation) = dataset.split();
        let pixels = |split: Split<'_>| split.images.iter().map(|image| image[0]).collect::<Vec<u8>>();
        assert_eq!(pixels(validation), held_out);
        let others: Vec<u8> = (0..30).filter(|image| !held_out.contains(image)).collect();
        assert_eq!(pixels(training), others);
        assert!(training.labels.iter().eq(others.iter().map(|image| image % 10).collect::<Vec<_>>().iter()));
    }
}
