//! What one step trains on, made ready while the step before it runs.

use super::resident::ResidentImages;
use crate::augment::{Augment, Change};
use crate::backend::{Backend, Pixels};
use crate::data::Split;
use crate::model::network::{Logits, Network};
use crate::model::output_layer::Classes;
use crate::train::recipe::Settings;
use dfdx::losses::cross_entropy_with_logits_loss;
use dfdx::prelude::{
    Backward, Gradients, NoneTape, OwnedTape, PutTape, Rank0, SplitTape, Tensor, Trace, WithEmptyTape,
};
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
    pub(super) fn upload<D: Backend>(
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
        Ok(Uploaded { pixels, targets, softened: None })
    }
}

/// A batch on a device.
pub(super) struct Uploaded<D: Backend> {
    pub(super) pixels: Pixels<D>,
    /// The probability of each class.
    pub(super) targets: Tensor<(usize, Classes), f32, D>,
    /// What teachers say, in a run that has some.
    pub(super) softened: Option<Softened<D>>,
}

/// What teachers say of a batch.
pub(super) struct Softened<D: Backend> {
    /// The probability of each class, at `temperature`.
    pub(super) probabilities: Tensor<(usize, Classes), f32, D>,
    /// What logits are divided by before they are compared with `probabilities`.
    pub(super) temperature: f32,
    /// Share of the loss, 0 to 1, that is the teachers'.
    pub(super) share: f32,
}

/// A batch's logits, and the gradients of its loss.
pub(super) type Pass<D> = (Logits<D, NoneTape>, Gradients<f32, D>);

impl<D: Backend> Uploaded<D> {
    /// The network's logits, and the gradients of its parameters added to `gradients`.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub(super) fn pass(self, network: &Network<D>, gradients: Gradients<f32, D>) -> Result<Pass<D>, D::Err> {
        let (pixels, tape): (_, OwnedTape<f32, D>) = self.pixels.traced(gradients).split_tape();
        let (logits, tape) = network.logits(pixels, tape)?.split_tape();
        let traced = logits.clone().put_tape(tape);
        Ok((logits, loss(traced, self.targets, self.softened).try_backward()?))
    }
}

/// The mean cross-entropy of `targets` and the softmax of the logits. With teachers, that of Hinton, Vinyals and Dean (2015,
/// arXiv 1503.02531): `(1 - a) CE(targets, softmax(logits)) + a T^2 CE(probabilities, softmax(logits / T))`, where `a` is
/// the teachers' share and `T` the temperature. The gradients of softened logits are smaller by `T^2`, those of the labels'
/// term are not.
fn loss<D: Backend>(
    logits: Logits<D, OwnedTape<f32, D>>,
    targets: Tensor<(usize, Classes), f32, D>,
    softened: Option<Softened<D>>,
) -> Tensor<Rank0, f32, D, OwnedTape<f32, D>> {
    let Some(Softened { probabilities, temperature, share }) = softened else {
        return cross_entropy_with_logits_loss(logits, targets);
    };
    let labels = cross_entropy_with_logits_loss(logits.with_empty_tape(), targets);
    let teachers = cross_entropy_with_logits_loss(logits / temperature, probabilities);
    teachers * (share * temperature.powi(2)) + labels * (1.0 - share)
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
    use dfdx::prelude::{AsArray, Cpu, TensorFromVec};

    const LOGITS: [[f64; 3]; 2] = [[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]];
    const LABELS: [[f64; 3]; 2] = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
    const TEACHERS: [[f64; 3]; 2] = [[0.5, 0.125, 0.375], [0.25, 0.5, 0.25]];

    fn softmax(logits: [f64; 3], temperature: f64) -> [f64; 3] {
        let exponentials = logits.map(|logit| (logit / temperature).exp());
        exponentials.map(|exponential| exponential / exponentials.iter().sum::<f64>())
    }

    /// Mean over the images of the cross-entropy, straight from the definition.
    fn cross_entropy(targets: [[f64; 3]; 2], temperature: f64) -> f64 {
        let pairs = targets.into_iter().zip(LOGITS.map(|logits| softmax(logits, temperature)));
        pairs.map(|(target, found)| -(0..3).map(|k| target[k] * found[k].ln()).sum::<f64>()).sum::<f64>()
            / 2.0
    }

    /// The loss, and its gradient of each logit.
    fn loss_of(softened: Option<(f32, f32)>) -> (f64, Vec<f32>) {
        let device = Cpu::default();
        let tensor = |values: [[f64; 3]; 2]| {
            let values = values.into_iter().flatten().map(|value| value as f32).collect();
            device.tensor_from_vec(values, (2, Classes(3)))
        };
        let softened = softened.map(|(share, temperature)| Softened {
            probabilities: tensor(TEACHERS),
            temperature,
            share,
        });
        let logits = tensor(LOGITS);
        let loss = loss(logits.leaky_trace(), tensor(LABELS), softened);
        let value = f64::from(loss.array());
        (value, loss.try_backward().unwrap().get(&logits).as_vec())
    }

    #[test]
    fn without_teachers_the_loss_is_the_cross_entropy_of_the_labels() {
        let (loss, _) = loss_of(None);
        assert!((loss - cross_entropy(LABELS, 1.0)).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn the_loss_of_distillation_softens_the_teachers_term_alone_and_scales_it_back() {
        for (share, temperature) in [(0.25, 4.0), (0.0, 4.0), (1.0, 2.0), (0.5, 1.0)] {
            let (a, t) = (f64::from(share), f64::from(temperature));
            let (loss, gradients) = loss_of(Some((share, temperature)));
            let expected = (1.0 - a) * cross_entropy(LABELS, 1.0) + a * t * t * cross_entropy(TEACHERS, t);
            assert!((loss - expected).abs() < 1e-5, "{loss} {expected}");
            for (index, gradient) in gradients.into_iter().enumerate() {
                let (image, class) = (index / 3, index % 3);
                let hard = softmax(LOGITS[image], 1.0)[class] - LABELS[image][class];
                let soft = softmax(LOGITS[image], t)[class] - TEACHERS[image][class];
                let expected = ((1.0 - a) * hard + a * t * soft) / 2.0;
                assert!((f64::from(gradient) - expected).abs() < 1e-6, "{gradient} {expected}");
            }
        }
    }

    #[test]
    fn smoothed_targets_sum_to_one_and_peak_at_the_label() {
        assert_eq!(smoothed(3, 0.0, 10), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let targets = smoothed(3, 0.1, 10);
        assert_eq!((targets[3], targets[0]), (0.91, 0.01));
        assert!((targets.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
