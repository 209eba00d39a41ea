//! What one step trains on, made ready while the step before it runs.

use crate::dataset::Split;
use crate::network::{ConvDevice, Network};
use crate::output_layer::Classes;
use crate::recipe::Settings;
use dfdx::losses::cross_entropy_with_logits_loss;
use dfdx::prelude::{Backward, Gradients, OwnedTape, SplitTape, Trace};
use lenet_core::shape::IMAGE_PIXELS;
use rayon::prelude::*;

/// Some training images, augmented, and what the network should say of them.
pub(super) struct Batch {
    pub(super) images: Vec<[u8; IMAGE_PIXELS]>,
    /// The class of each image.
    pub(super) labels: Vec<u8>,
    /// The probability of each class, image after image.
    pub(super) targets: Vec<f32>,
    /// What logits are divided by before they are compared with `targets`.
    pub(super) temperature: f32,
}

/// A batch's logits, one a class for each image, and the gradients of its loss.
pub(super) type Pass<D> = (Vec<f32>, Gradients<f32, D>);

impl Batch {
    /// The images at `places` of `split`, as epoch `epoch` sees them.
    pub(super) fn new(settings: &Settings, split: Split<'_>, epoch: u32, places: &[u32]) -> Self {
        let image =
            |&place: &u32| settings.augment.apply(&split.images[place as usize], settings.seed, epoch, place);
        let images = places.par_iter().map(image).collect();
        let labels: Vec<u8> = places.iter().map(|&place| split.labels[place as usize]).collect();
        let targets = labels
            .iter()
            .flat_map(|&label| smoothed(label, settings.label_smoothing, split.classes))
            .collect();
        Batch { images, labels, targets, temperature: 1.0 }
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// The network's logits, and the gradients of its parameters added to `gradients`.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub(super) fn pass<D: ConvDevice>(
        &self,
        network: &Network<D>,
        gradients: Gradients<f32, D>,
    ) -> Result<Pass<D>, D::Err> {
        let targets = network
            .device()
            .try_tensor_from_vec(self.targets.clone(), (self.len(), Classes(network.classes())))?;
        let (pixels, tape): (_, OwnedTape<f32, D>) =
            network.upload(&self.images)?.traced(gradients).split_tape();
        let logits = network.logits(pixels, tape)?;
        let values = logits.as_vec();
        // Gradients of softened logits are smaller by the square of the temperature (Hinton et al. 2015).
        let loss = cross_entropy_with_logits_loss(logits / self.temperature, targets);
        Ok((values, (loss * self.temperature.powi(2)).try_backward()?))
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
