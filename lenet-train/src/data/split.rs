//! Which training images are held out: the parts of a data set, its folds, and how they are drawn.
//!
//! The folds are contiguous blocks of the training images, counted from their end. In the published sets that is the order
//! of the files. The images of any other IDX set are first put into the order of [`stratified`], in which every fold has
//! its share of every class.

use std::cmp::Reverse;

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::idx::LabeledImages;
use serde::{Deserialize, Serialize};

use super::Dataset;
use super::shuffle::permutation;

/// One of so many training images is held out.
const HELD_OUT_ONE_IN: usize = 12;
/// The key of the order in which the images of a class are dealt to the folds. It is a constant, so that runs with any seed
/// hold out the same images.
const KEY: [u8; 32] = *b"lenet-train: stratified hold-out";

/// The images that are scored after each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldOut {
    /// The validation images: training images that are not trained on.
    Validation,
    /// The test images. Only the reference recipe looks at them during training.
    Test,
}

/// Some images of a [`Dataset`], with one label per image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split<'a> {
    /// 28x28 gray levels per image.
    pub images: &'a [[u8; IMAGE_PIXELS]],
    /// The class of each image, below `classes`.
    pub labels: &'a [u8],
    /// The number of classes of the data set.
    pub classes: usize,
}

impl<'a> Split<'a> {
    /// All images of `set`, which has `classes` classes.
    pub fn new(set: &'a LabeledImages, classes: usize) -> Self {
        Self { images: &set.images, labels: &set.labels, classes }
    }

    /// The last `count` images, or all if there are fewer.
    pub fn last(self, count: usize) -> Self {
        let first = self.images.len().saturating_sub(count);
        Self { images: &self.images[first..], labels: &self.labels[first..], ..self }
    }
}

impl Dataset {
    /// The images to train on, and the validation images.
    pub fn split(&self) -> (Split<'_>, Split<'_>) {
        let (classes, trained) = (self.classes, self.train.len() - self.validation_images);
        let (images, validation_images) = self.train.images.split_at(trained);
        let (labels, validation_labels) = self.train.labels.split_at(trained);
        (
            Split { images, labels, classes },
            Split { images: validation_images, labels: validation_labels, classes },
        )
    }

    /// The number of folds: blocks of as many training images as are held out. At least one.
    pub fn folds(&self) -> usize {
        self.foldable / self.validation_images
    }

    /// Makes the images of fold `fold` the validation images. Call it at most once.
    ///
    /// Folds count from the end: fold 0 is the images that are held out without a call, and fold 1 the block in front of
    /// them. The other images keep their order.
    ///
    /// # Panics
    ///
    /// If there is no such fold.
    pub fn hold_out(&mut self, fold: usize) {
        let folds = self.folds();
        assert!(fold < folds, "expected a fold below {folds}, found {fold}");
        let count = self.validation_images;
        let first = self.train.len() - (fold + 1) * count;
        self.train.images[first..].rotate_left(count);
        self.train.labels[first..].rotate_left(count);
    }
}

/// An order of training images in which each fold has its share of each class.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stratified {
    /// Each image's place in the file, once: first those that no fold holds out, then the folds, fold 0 at the end.
    pub(super) order: Vec<u32>,
    /// The number of images per fold.
    pub(super) fold_size: usize,
    /// The number of images in classes of at least two. The folds are made of these.
    pub(super) foldable: usize,
}

/// Puts images with these labels into an order whose folds are stratified, or returns `None` if no class has two images.
///
/// Of `n` images in a class, of `m` images in all classes with at least two, each fold holds out `n x fold_size / m`,
/// rounded down or up, and never all `n`. A class of one image is always trained on. Within a fold the classes are mixed.
/// The order depends on the labels only.
pub(super) fn stratified(labels: &[u8]) -> Option<Stratified> {
    let label = |image: &u32| labels[*image as usize];
    let mut images_of = [0_usize; 256];
    labels.iter().for_each(|label| images_of[usize::from(*label)] += 1);

    let mut order = permutation(KEY, 0, labels.len());
    let mut deck: Vec<u32> =
        order.iter().copied().filter(|image| images_of[usize::from(label(image))] > 1).collect();
    if deck.is_empty() {
        return None;
    }
    let foldable = deck.len();
    let fold_size = (foldable / HELD_OUT_ONE_IN).max(1);
    let folds = foldable / fold_size;

    // Class after class, the images are dealt in `fold_size` rounds, in each of them one image to each fold. A round has
    // `foldable / fold_size` images, rounded down or up; the one too many goes to no fold. So the images of a fold lie
    // evenly in the deck, and any stretch of it, such as a class, has its share of them.
    deck.sort_by_key(label);
    let mut fold_of = vec![None; labels.len()];
    for (place, image) in deck.into_iter().enumerate() {
        let round = place as u64 * fold_size as u64 / foldable as u64;
        let first = (round * foldable as u64).div_ceil(fold_size as u64) as usize;
        fold_of[image as usize] = Some(place - first).filter(|fold| *fold < folds);
    }
    // `None`, the images of no fold, is the least of `Option`: they go to the front.
    order.sort_by_key(|image| fold_of[*image as usize].map(Reverse));
    Some(Stratified { order, fold_size, foldable })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many images of each class, sorted by class.
    fn sorted(images_of: &[usize]) -> Vec<u8> {
        (0..).zip(images_of).flat_map(|(class, &images)| vec![class; images]).collect()
    }

    fn count(labels: &[u8], class: usize) -> usize {
        labels.iter().filter(|label| usize::from(**label) == class).count()
    }

    /// Checks what [`stratified`] promises.
    fn check(labels: &[u8]) {
        let Stratified { order, fold_size, foldable } = stratified(labels).unwrap();
        let mut places = order.clone();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..labels.len() as u32));

        let ordered: Vec<u8> = order.iter().map(|image| labels[*image as usize]).collect();
        let folds: Vec<&[u8]> = ordered.rchunks_exact(fold_size).take(foldable / fold_size).collect();
        assert!((folds.len() >= 12 || fold_size == 1) && foldable <= labels.len());
        for class in 0..64 {
            let all = count(labels, class);
            for fold in &folds {
                let held_out = count(fold, class);
                if all < 2 {
                    assert_eq!(held_out, 0);
                } else {
                    assert!(held_out < all);
                    assert!((held_out * foldable).abs_diff(all * fold_size) < foldable, "class {class}");
                }
            }
        }
    }

    #[test]
    fn each_fold_of_a_sorted_set_has_its_share_of_each_class() {
        for images_of in [
            &[6_000; 10][..],
            &[600, 30, 7, 0, 1, 2, 3, 12, 11, 13],
            &[1_000, 1, 1, 1, 1, 1],
            &[1, 1, 1, 2],
            &[5, 5],
            &[2, 0, 0, 2],
        ] {
            check(&sorted(images_of));
        }
        // Few images of many classes: more classes than a fold has images.
        check(&sorted(&[3; 64]));
        // Sets of every small size and of every remainder.
        for images in 3..200 {
            check(&sorted(&[images / 2, images - images / 2 - images / 5, images / 5]));
        }
    }

    #[test]
    fn equal_classes_are_held_out_equally() {
        let labels = sorted(&[120; 10]);
        let Stratified { order, fold_size, .. } = stratified(&labels).unwrap();
        assert_eq!(fold_size, 100);
        let held_out: Vec<u8> = order[1_100..].iter().map(|image| labels[*image as usize]).collect();
        assert!((0..10).all(|class| count(&held_out, class) == 10));
        assert!(!held_out.is_sorted(), "the classes are mixed");
    }

    #[test]
    fn the_folds_of_a_set_never_change() {
        let labels = sorted(&[12; 2]);
        let last = &stratified(&labels).unwrap().order[18..];
        assert_eq!(last, [14, 1, 16, 0, 22, 9]);
    }

    #[test]
    fn classes_of_one_image_each_leave_none_to_hold_out() {
        assert_eq!(stratified(&[0, 1, 2, 3]), None);
        assert_eq!(stratified(&[7]), None);
    }
}
