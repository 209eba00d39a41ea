//! The forward and the backward pass of a batch, and its loss.

use crate::backend::Pixels;
use crate::model::network::{Logits, Network};
use crate::model::output_layer::Classes;
use crate::train::batch::Batch;
use dfdx::losses::cross_entropy_with_logits_loss;
use dfdx::prelude::{
    Backward, Cpu, CpuError, Gradients, NoneTape, OwnedTape, PutTape, Rank0, SplitTape, Tensor,
    TensorFromVec, Trace, WithEmptyTape,
};
use lenet_core::shape::IMAGE_PIXELS;

/// A batch as tensors.
pub(super) struct TensorBatch {
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

impl TensorBatch {
    /// Converts a batch to tensors for `network`.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(super) fn new(batch: &Batch<Vec<[u8; IMAGE_PIXELS]>>, network: &Network) -> Result<Self, CpuError> {
        let pixels = network.upload(&batch.images)?;
        let shape = (batch.len(), Classes(network.classes()));
        let targets = network.device().try_tensor_from_vec(batch.targets.clone(), shape)?;
        Ok(TensorBatch { pixels, targets, teachers: None })
    }

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
}
