//! What one step trains on, made ready while the step before it runs.

use super::resident::ResidentImages;
use crate::augment::{Augment, Change};
use crate::dataset::Split;
use crate::network::{ConvDevice, Logits, Network, Pixels};
use crate::output_layer::Classes;
use crate::recipe::Settings;
use dfdx::losses::cross_entropy_with_logits_loss;
use dfdx::prelude::{Backward, Gradients, NoneTape, OwnedTape, PutTape, SplitTape, Tensor, Trace};
use lenet_core::shape::IMAGE_PIXELS;
use rayon::prelude::*;

/// Some training images on the host, and what the network should say of them.
pub(super) struct Batch {
    images: Images,
    /// The class of each image.
    pub(super) labels: Vec<u8>,
    /// The probability of each class, image after image.
    targets: Vec<f32>,
}

/// The images of a batch.
enum Images {
    /// Augmented.
    Made(Vec<[u8; IMAGE_PIXELS]>),
    /// Their places among those on the device, and what becomes of each there, if anything.
    Resident { places: Vec<u32>, changes: Vec<Change> },
}

impl Batch {
    /// The images at `places` of `split`, as epoch `epoch` sees them; with `resident`, those on the device.
    pub(super) fn new(
        settings: &Settings,
        split: Split<'_>,
        epoch: u32,
        places: &[u32],
        resident: bool,
    ) -> Self {
        let Settings { augment, seed, .. } = settings;
        let images = if resident {
            let changed = if *augment == Augment::OFF { &[] } else { places };
            let changes = changed.iter().map(|&place| augment.draw(*seed, epoch, place)).collect();
            Images::Resident { places: places.to_vec(), changes }
        } else {
            let image = |&place: &u32| augment.apply(&split.images[place as usize], *seed, epoch, place);
            Images::Made(places.par_iter().map(image).collect())
        };
        let labels: Vec<u8> = places.iter().map(|&place| split.labels[place as usize]).collect();
        let targets = labels
            .iter()
            .flat_map(|&label| smoothed(label, settings.label_smoothing, split.classes))
            .collect();
        Batch { images, labels, targets }
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// The batch on the device of `network`, where `resident` are the training images, if they stay there.
    ///
    /// # Errors
    ///
    /// What the device reports.
    ///
    /// # Panics
    ///
    /// If the batch is of resident images, and there are none.
    pub(super) fn upload<D: ConvDevice>(
        &self,
        network: &Network<D>,
        resident: Option<&ResidentImages<D>>,
    ) -> Result<Uploaded<D>, D::Err> {
        let pixels = match &self.images {
            Images::Made(images) => network.upload(images)?,
            Images::Resident { places, changes } => {
                resident.expect("the images that the batch names").pixels(places, changes)?
            }
        };
        let shape = (self.len(), Classes(network.classes()));
        let targets = network.device().try_tensor_from_vec(self.targets.clone(), shape)?;
        Ok(Uploaded { pixels, targets, temperature: 1.0 })
    }
}

/// A batch on a device.
pub(super) struct Uploaded<D: ConvDevice> {
    pub(super) pixels: Pixels<D>,
    /// The probability of each class.
    pub(super) targets: Tensor<(usize, Classes), f32, D>,
    /// What logits are divided by before they are compared with `targets`.
    pub(super) temperature: f32,
}

/// A batch's logits, and the gradients of its loss.
pub(super) type Pass<D> = (Logits<D, NoneTape>, Gradients<f32, D>);

impl<D: ConvDevice> Uploaded<D> {
    /// The network's logits, and the gradients of its parameters added to `gradients`.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub(super) fn pass(self, network: &Network<D>, gradients: Gradients<f32, D>) -> Result<Pass<D>, D::Err> {
        let (pixels, tape): (_, OwnedTape<f32, D>) = self.pixels.traced(gradients).split_tape();
        let (logits, tape) = network.logits(pixels, tape)?.split_tape();
        let traced = logits.clone().put_tape(tape);
        // Gradients of softened logits are smaller by the square of the temperature (Hinton et al. 2015).
        let loss = cross_entropy_with_logits_loss(traced / self.temperature, self.targets);
        Ok((logits, (loss * self.temperature.powi(2)).try_backward()?))
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
