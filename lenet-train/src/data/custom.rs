//! A set of IDX files that is none of the published ones.

use std::path::Path;

use lenet_infer::host::idx::LabeledImages;

use super::identity::{fingerprint, identity};
use super::split::{Stratified, stratified};
use super::{CUSTOM, Dataset, DatasetError};

/// The data set of these training and test images, read from `dir`, its training images in the order of [`stratified`].
pub(super) fn dataset(
    dir: &Path,
    classes: usize,
    train: LabeledImages,
    test: LabeledImages,
) -> Result<Dataset, DatasetError> {
    let Some(Stratified { order, fold_size, foldable }) = stratified(&train.labels) else {
        return Err(DatasetError::TooFewImages { dir: dir.to_owned() });
    };
    if let &[label, ref others @ ..] = &train.labels[..]
        && others.iter().all(|other| *other == label)
    {
        return Err(DatasetError::OneClass { dir: dir.to_owned(), label });
    }
    let train = LabeledImages {
        images: order.iter().map(|image| train.images[*image as usize]).collect(),
        labels: order.iter().map(|image| train.labels[*image as usize]).collect(),
    };
    Ok(Dataset {
        name: CUSTOM.to_owned(),
        preparation: None,
        note: untrained_classes(&train.labels, classes),
        sha256: identity(classes, &[], fold_size, &fingerprint(&train, &test)),
        classes,
        class_names: Vec::new(),
        train,
        validation_images: fold_size,
        foldable,
        test,
    })
}

/// Says which classes have no training image, unless all have one.
fn untrained_classes(labels: &[u8], classes: usize) -> Option<String> {
    let mut trained = vec![false; classes];
    labels.iter().for_each(|label| trained[usize::from(*label)] = true);
    let mut text = Vec::new();
    let mut class = 0;
    for run in trained.chunk_by(|one, next| one == next) {
        let last = class + run.len() - 1;
        match run {
            [true, ..] => {}
            [_] => text.push(class.to_string()),
            _ => text.push(format!("{class} to {last}")),
        }
        class = last + 1;
    }
    (!text.is_empty()).then(|| format!("no training image of class {}", text.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_without_a_training_image_are_named() {
        let named = |labels: &[u8]| untrained_classes(labels, 10);
        assert_eq!(named(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), None);
        assert_eq!(named(&[9, 1, 5, 4, 5]).unwrap(), "no training image of class 0, 2 to 3, 6 to 8");
        assert_eq!(named(&[0, 1, 2, 3, 5, 6, 7, 8, 9]).unwrap(), "no training image of class 4");
    }
}
