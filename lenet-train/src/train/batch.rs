//! The batch of a training step, prepared on the host while the step before it runs.

use super::images::TrainingImages;
use crate::augment::{Augment, Change};
use crate::backend::Pixels;
use crate::model::network::{Logits, Network};
use crate::model::output_layer::Classes;
use crate::train::recipe::Settings;
use dfdx::losses::cross_entropy_with_logits_loss;
use dfdx::prelude::{
    Backward, Cpu, CpuError, Gradients, NoneTape, OwnedTape, PutTape, Rank0, SplitTape, Tensor, TensorFromVec, Trace, WithEmptyTape,
};
use lenet_core::shape::IMAGE_PIXELS;
use rayon::prelude::*;

/// A batch of training images on the host, with their labels and targets.
pub struct Batch {
    pub(super) images: Images,
    /// The class of each image, if it has one.
    pub(super) labels: Vec<Option<u8>>,
    /// The target probability of each class, image after image.
    pub(super) targets: Vec<f32>,
}

/// The images of a batch.
pub(super) enum Images {
    /// The augmented images.
    Augmented(Vec<[u8; IMAGE_PIXELS]>),
    /// The numbers of images that are on the device already, and the augmentation of each, if there is any.
    Resident { numbers: Vec<u32>, changes: Vec<Change> },
}

impl Batch {
    /// Prepares the images of `training` with the numbers `indices` for epoch `epoch`. With `resident`, the images are on the device
    /// already.
    pub(super) fn new(
        settings: &Settings,
        training: &TrainingImages<'_>,
        epoch: u32,
        indices: &[u32],
        resident: bool,
    ) -> Self {
        let Settings { augment, seed, .. } = settings;
        let images = if resident {
            let changed = if *augment == Augment::OFF { &[] } else { indices };
            let changes = changed.iter().map(|&index| augment.draw(*seed, epoch, index)).collect();
            Images::Resident { numbers: indices.to_vec(), changes }
        } else {
            let image = |&index: &u32| augment.apply(training.image(index), *seed, epoch, index);
            Images::Augmented(indices.par_iter().map(image).collect())
        };
        let labels: Vec<Option<u8>> = indices.iter().map(|&index| training.label(index)).collect();
        let targets = labels
            .iter()
            .flat_map(|&label| target(label, settings.label_smoothing, training.data.classes))
            .collect();
        Batch { images, labels, targets }
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Converts the batch to tensors for `network`.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    ///
    /// # Panics
    ///
    /// Panics if the images are on a device.
    pub(super) fn upload(&self, network: &Network) -> Result<Uploaded, CpuError> {
        let Images::Augmented(images) = &self.images else { panic!("the images are on a device") };
        let pixels = network.upload(images)?;
        let shape = (self.len(), Classes(network.classes()));
        let targets = network.device().try_tensor_from_vec(self.targets.clone(), shape)?;
        Ok(Uploaded { pixels, targets, teachers: None })
    }
}

/// A batch as tensors of the CPU.
pub(super) struct Uploaded {
    /// The images.
    pub(super) pixels: Pixels,
    /// The target probability of each class: images x classes.
    pub(super) targets: Tensor<(usize, Classes), f32, Cpu>,
    /// The targets from the teachers, in a run with distillation.
    pub(super) teachers: Option<TeacherTargets>,
}

/// The targets of a batch that its teachers give.
pub(super) struct TeacherTargets {
    /// The teachers' probability of each class at `temperature`: images x classes.
    pub(super) probabilities: Tensor<(usize, Classes), f32, Cpu>,
    /// The temperature: logits are divided by it before the softmax.
    pub(super) temperature: f32,
    /// The share of the loss, 0 to 1, that compares with the teachers.
    pub(super) share: f32,
}

/// A batch's logits, and the gradients of its loss.
pub(super) type Pass = (Logits<NoneTape>, Gradients<f32, Cpu>);

impl Uploaded {
    /// Runs the forward and the backward pass. Returns the logits, and `gradients` with those of the parameters added.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(super) fn pass(self, network: &Network, gradients: Gradients<f32, Cpu>) -> Result<Pass, CpuError> {
        let (pixels, tape): (_, OwnedTape<f32, Cpu>) = self.pixels.traced(gradients).split_tape();
        let (logits, tape) = network.logits(pixels, tape)?.split_tape();
        let traced = logits.clone().put_tape(tape);
        Ok((logits, loss(traced, self.targets, self.teachers).try_backward()?))
    }
}

/// Computes the loss of a batch.
///
/// Without teachers, it is the mean cross-entropy of `targets` and the softmax of the logits. With teachers, it is that of
/// Hinton, Vinyals and Dean (2015, <https://arxiv.org/abs/1503.02531>),
///
/// ```text
/// (1 - a) CE(targets, softmax(logits)) + a T^2 CE(probabilities, softmax(logits / T))
/// ```
///
/// where `a` is the teachers' share and `T` the temperature. The factor `T^2` compensates for the gradients of the second
/// term, which the temperature makes smaller by `T^2`.
fn loss(
    logits: Logits<OwnedTape<f32, Cpu>>,
    targets: Tensor<(usize, Classes), f32, Cpu>,
    teachers: Option<TeacherTargets>,
) -> Tensor<Rank0, f32, Cpu, OwnedTape<f32, Cpu>> {
    let Some(TeacherTargets { probabilities, temperature, share }) = teachers else {
        return cross_entropy_with_logits_loss(logits, targets);
    };
    let label_loss = cross_entropy_with_logits_loss(logits.with_empty_tape(), targets);
    let teacher_loss = cross_entropy_with_logits_loss(logits / temperature, probabilities);
    teacher_loss * (share * temperature.powi(2)) + label_loss * (1.0 - share)
}

/// Returns the target probabilities of an image: those of its label, or the same for every class if it has none.
fn target(label: Option<u8>, smoothing: f64, classes: usize) -> Vec<f32> {
    match label {
        Some(label) => smoothed(label, smoothing, classes),
        None => vec![1.0 / classes as f32; classes],
    }
}

/// Returns the target probabilities with label smoothing: the share `smoothing` is spread evenly over all classes, and the
/// rest is on `label`.
fn smoothed(label: u8, smoothing: f64, classes: usize) -> Vec<f32> {
    let even = smoothing / classes as f64;
    let mut targets = vec![even as f32; classes];
    targets[usize::from(label)] = (1.0 - smoothing + even) as f32;
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::AsArray;

    const LOGITS: [[f64; 3]; 2] = [[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]];
    const LABELS: [[f64; 3]; 2] = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]];
    const TEACHERS: [[f64; 3]; 2] = [[0.5, 0.125, 0.375], [0.25, 0.5, 0.25]];

    fn softmax(logits: [f64; 3], temperature: f64) -> [f64; 3] {
        let exponentials = logits.map(|logit| (logit / temperature).exp());
        exponentials.map(|exponential| exponential / exponentials.iter().sum::<f64>())
    }

    /// The mean cross-entropy over the images, computed as in the definition.
    fn cross_entropy(targets: [[f64; 3]; 2], temperature: f64) -> f64 {
        let pairs = targets.into_iter().zip(LOGITS.map(|logits| softmax(logits, temperature)));
        pairs.map(|(target, found)| -(0..3).map(|k| target[k] * found[k].ln()).sum::<f64>()).sum::<f64>()
            / 2.0
    }

    /// The loss, and its gradient for each logit. `teachers` are their share and the temperature.
    fn loss_of(teachers: Option<(f32, f32)>) -> (f64, Vec<f32>) {
        let device = Cpu::default();
        let tensor = |values: [[f64; 3]; 2]| {
            let values = values.into_iter().flatten().map(|value| value as f32).collect();
            device.tensor_from_vec(values, (2, Classes(3)))
        };
        let teachers = teachers.map(|(share, temperature)| TeacherTargets {
            probabilities: tensor(TEACHERS),
            temperature,
            share,
        });
        let logits = tensor(LOGITS);
        let loss = loss(logits.leaky_trace(), tensor(LABELS), teachers);
        let value = f64::from(loss.array());
        (value, loss.try_backward().unwrap().get(&logits).as_vec())
    }

    #[test]
    fn without_teachers_the_loss_is_the_cross_entropy_with_the_labels() {
        let (loss, _) = loss_of(None);
        assert!((loss - cross_entropy(LABELS, 1.0)).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn the_distillation_loss_and_its_gradients_match_the_formula() {
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
