//! Distillation on a GPU.

use super::layout::Layout;
use super::passes::{Network, Passes};
use crate::backend::cuda::launch::{CrossEntropy, Images};
use crate::backend::cuda::{Buffer, Cuda, CudaError, Slice};
use crate::model::weights::FloatWeights;
use crate::train::recipe::Settings;

/// The teachers of a run, and the memory for their predictions.
pub(super) struct Teachers {
    parameters: Vec<Buffer<f32>>,
    classes: usize,
    logits: Buffer<f32>,
    /// The mean of the teachers' probabilities.
    probabilities: Buffer<f32>,
    /// The share of the loss, 0 to 1, that compares with the teachers.
    share: f32,
    /// The temperature of the softmax.
    temperature: f32,
}

impl Teachers {
    /// Uploads the teachers, for batches of at most `images` images.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example out of memory.
    pub(super) fn new(
        cuda: &Cuda,
        layout: &Layout,
        settings: &Settings,
        members: &[FloatWeights],
        images: usize,
    ) -> Result<Self, CudaError> {
        let upload = |weights| Buffer::of(&cuda.gpu, &layout.join(weights));
        Ok(Teachers {
            parameters: members.iter().map(upload).collect::<Result<_, _>>()?,
            classes: layout.classes,
            logits: Buffer::zeros(&cuda.gpu, images * layout.classes)?,
            probabilities: Buffer::zeros(&cuda.gpu, images * layout.classes)?,
            share: settings.distillation as f32,
            temperature: settings.temperature as f32,
        })
    }

    /// Queues the predictions of the teachers: the mean of their probabilities.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn write_targets(
        &self,
        cuda: &Cuda,
        passes: &Passes,
        images: Images<'_>,
    ) -> Result<(), CudaError> {
        let numbers = 0..images.count * self.classes;
        let (logits, probabilities) = (self.logits.part(numbers.clone()), self.probabilities.part(numbers));
        let share = 1.0 / self.parameters.len() as f32;
        for (teacher, parameters) in self.parameters.iter().enumerate() {
            let network = Network { parameters: parameters.all(), integers: None };
            passes.forward(images, network, logits)?;
            cuda.kernels.teach(logits, images.count, self.temperature, share, teacher == 0, probabilities)?;
        }
        Ok(())
    }

    /// Queues the gradients of the loss, given the cross-entropy with the labels.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn write_gradients(
        &self,
        cuda: &Cuda,
        labels: CrossEntropy<'_>,
        gradients: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let &Teachers { share, temperature, .. } = self;
        cuda.kernels.cross_entropy(CrossEntropy { share: 1.0 - share, ..labels }, gradients)?;
        let targets = self.probabilities.part(0..labels.images * self.classes);
        cuda.kernels
            .cross_entropy(CrossEntropy { targets, temperature, share, adds: true, ..labels }, gradients)
    }
}
