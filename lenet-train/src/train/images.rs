//! The images that a run trains on: those of its data set, those of extra ones, and generated ones.

use crate::data::{Split, shuffled};
use crate::generate::{Generated, generate, share_of};
use crate::train::recipe::Settings;
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::idx::LabeledImages;

/// The generated images of a source, in epochs' worth. After so many epochs they are met again, augmented in another way.
const EPOCHS_OF_IMAGES: usize = 4;

/// Images of an extra data set.
#[derive(Clone, Copy, Debug)]
pub struct ExtraImages<'a> {
    /// The images.
    pub images: &'a LabeledImages,
    /// How many of them an epoch has, as a share of the number of images of the data set. `None` means all.
    pub share: Option<f64>,
}

/// The images that a run trains on. They are numbered: first those of the data set, then the others.
pub struct TrainingImages<'a> {
    /// The images of the data set, all of which are in each epoch.
    pub(super) data: Split<'a>,
    others: Vec<Generated>,
    /// The number of generated images among the others.
    pub(super) generated: usize,
    pools: Vec<Pool>,
}

/// Images of one source, of which each epoch has some: the next ones, and after the last the first.
struct Pool {
    /// The number of the first.
    first: usize,
    count: usize,
    per_epoch: usize,
}

impl<'a> TrainingImages<'a> {
    /// Adds the images of extra data sets, and those that `settings` let it generate, to those of `data`.
    pub(super) fn new(data: Split<'a>, extra: &[ExtraImages<'_>], settings: &Settings) -> Self {
        let (seed, images) = (settings.seed, data.images.len());
        let mut training = Self { data, others: Vec::new(), generated: 0, pools: Vec::new() };
        for extra in extra {
            let count = extra.images.len();
            let one = |place: u32| Generated {
                image: extra.images.images[place as usize],
                label: Some(extra.images.labels[place as usize]),
                form: 0,
            };
            // Mixed, so that each epoch has images of all classes.
            let mixed = shuffled(seed, 0, count).into_iter().map(one).collect();
            training.add(mixed, extra.share.map_or(count, |share| share_of(share, images)));
        }
        for (source, share) in settings.mix.sources() {
            let per_epoch = share_of(share, images);
            let generated = generate(source, data, seed, EPOCHS_OF_IMAGES * per_epoch);
            training.generated += generated.len();
            training.add(generated, per_epoch);
        }
        training
    }

    fn add(&mut self, images: Vec<Generated>, per_epoch: usize) {
        if !images.is_empty() && per_epoch > 0 {
            self.pools.push(Pool { first: self.len(), count: images.len(), per_epoch });
            self.others.extend(images);
        }
    }

    /// The number of all images.
    pub(super) fn len(&self) -> usize {
        self.data.images.len() + self.others.len()
    }

    /// All images, in the order of their numbers.
    #[cfg(any(test, feature = "cuda"))]
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8; IMAGE_PIXELS]> {
        self.data.images.iter().chain(self.others.iter().map(|other| &other.image))
    }

    /// The number of images per epoch.
    pub(super) fn per_epoch(&self) -> usize {
        self.data.images.len() + self.pools.iter().map(|pool| pool.per_epoch).sum::<usize>()
    }

    /// The numbers of the images of epoch `epoch`, counted from 1, in its order.
    pub(super) fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        let of_pools = self.pools.iter().flat_map(|pool| {
            let start = pool.per_epoch * (epoch as usize - 1);
            (start..start + pool.per_epoch).map(|place| pool.first + place % pool.count)
        });
        let numbers: Vec<u32> =
            (0..self.data.images.len()).chain(of_pools).map(|number| number as u32).collect();
        shuffled(seed, epoch, numbers.len()).into_iter().map(|place| numbers[place as usize]).collect()
    }

    /// The image with a number.
    pub(super) fn image(&self, number: u32) -> &[u8; IMAGE_PIXELS] {
        let number = number as usize;
        match number.checked_sub(self.data.images.len()) {
            None => &self.data.images[number],
            Some(other) => &self.others[other].image,
        }
    }

    /// The class of the image with a number. `None` for one of no class.
    pub(super) fn label(&self, number: u32) -> Option<u8> {
        let number = number as usize;
        match number.checked_sub(self.data.images.len()) {
            None => Some(self.data.labels[number]),
            Some(other) => self.others[other].label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Mix;
    use crate::test_images::synthetic;
    use crate::train::recipe::Recipe;
    use lenet_core::shape::CLASSES;

    #[test]
    fn without_others_an_epoch_is_the_shuffled_data_set() {
        let set = synthetic(30);
        let training = TrainingImages::new(Split::new(&set, CLASSES), &[], &Recipe::Default.settings());
        assert_eq!((training.len(), training.per_epoch()), (30, 30));
        assert_eq!(training.order(5, 2), shuffled(5, 2, 30));
        assert_eq!((training.image(7), training.label(7)), (&set.images[7], Some(set.labels[7])));
    }

    #[test]
    fn an_epoch_has_each_image_of_the_data_set_and_the_next_images_of_each_other_source() {
        let (set, extra) = (synthetic(40), synthetic(7));
        let mix = Mix { hands: 0.25, world: 0.0, non_digits: 0.1 };
        let settings = Settings { mix, ..Recipe::Default.settings() };
        let extra = ExtraImages { images: &extra, share: Some(0.1) };
        let training = TrainingImages::new(Split::new(&set, CLASSES), &[extra], &settings);
        assert_eq!((training.len(), training.per_epoch()), (40 + 7 + 40 + 16, 40 + 4 + 10 + 4));
        assert_eq!(training.iter().count(), training.len());
        let others = |epoch| {
            let mut order = training.order(0, epoch);
            order.sort_unstable();
            assert!(order[..40].iter().copied().eq(0..40));
            order.split_off(40)
        };
        assert!(others(1).into_iter().eq((40..44).chain(47..57).chain(87..91)));
        assert!(others(2).into_iter().eq([40, 44, 45, 46].into_iter().chain(57..67).chain(91..95)));
        assert_eq!(others(5)[4..14], others(1)[4..14]);
        assert!((87..103).all(|number| training.label(number).is_none()));
        assert!((47..87).all(|number| training.label(number).is_some()));
    }
}
