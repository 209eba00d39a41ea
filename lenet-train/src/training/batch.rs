//! What one step trains on, made ready while the step before it runs.

use crate::activations::scaled;
use crate::dataset::Split;
use crate::recipe::Settings;
use lenet_core::shape::IMAGE_PIXELS;
use rayon::prelude::*;

/// Some training images, augmented, and what the network should say of them.
pub(super) struct Batch {
    /// 784 an image, 0 to 1.
    pub(super) pixels: Vec<f32>,
    /// The probability of each class, image after image.
    pub(super) targets: Vec<f32>,
    /// The class of each image.
    pub(super) labels: Vec<u8>,
}

impl Batch {
    /// The images at `places` of `split`, as epoch `epoch` sees them.
    pub(super) fn new(settings: &Settings, split: Split<'_>, epoch: u32, places: &[u32]) -> Self {
        let mut pixels = vec![0.0; places.len() * IMAGE_PIXELS];
        pixels.par_chunks_exact_mut(IMAGE_PIXELS).zip(places).for_each(|(pixels, &place)| {
            let image = &split.images[place as usize];
            let image = settings.augment.apply(image, settings.seed, epoch, place);
            for (value, pixel) in pixels.iter_mut().zip(image) {
                *value = scaled(pixel);
            }
        });
        let labels: Vec<u8> = places.iter().map(|&place| split.labels[place as usize]).collect();
        let smoothing = settings.label_smoothing;
        let targets = labels.iter().flat_map(|&label| smoothed(label, smoothing, split.classes)).collect();
        Batch { pixels, targets, labels }
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }
}

/// All but the share `smoothing` on `label`, that share evenly on all classes.
fn smoothed(label: u8, smoothing: f64, classes: usize) -> Vec<f32> {
    let even = smoothing / classes as f64;
    let mut targets = vec![even as f32; classes];
    targets[usize::from(label)] = (1.0 - smoothing + even) as f32;
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothed_targets_sum_to_one_and_peak_at_the_label() {
        assert_eq!(smoothed(3, 0.0, 10), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let targets = smoothed(3, 0.1, 10);
        assert_eq!((targets[3], targets[0]), (0.91, 0.01));
        assert!((targets.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
