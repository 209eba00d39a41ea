//! A training step on a GPU: what is uploaded, and the launches.

use super::quantized::Quantized;
use super::{Augmentation, CudaLearner, StepLogits, first_images};
use crate::augment::{Augment, CHANGE_WORDS, Change};
use crate::backend::cuda::launch::{CrossEntropy, Images, UpdateNumbers, Updated};
use crate::backend::cuda::{Buffer, CudaError};
use crate::train::batch::Batch;
use crate::train::cpu::average;
use crate::train::optimizer::{Algorithm, Rule};
use crate::train::recipe::Settings;
use dfdx::optim::AdamConfig;
use rayon::prelude::*;

/// Images of a batch, which are in the memory of the GPU already.
pub struct NumberedImages {
    numbers: Vec<u32>,
    /// The augmentation of each image. Empty if there is none.
    changes: Vec<Change>,
}

impl NumberedImages {
    /// Draws the augmentation of the images with these numbers for epoch `epoch`.
    pub(super) fn new(settings: &Settings, epoch: u32, numbers: &[u32]) -> Self {
        let Settings { augment, seed, .. } = settings;
        let changed = if *augment == Augment::OFF { &[] } else { numbers };
        let changes = changed.par_iter().map(|&number| augment.draw(*seed, epoch, number)).collect();
        NumberedImages { numbers: numbers.to_vec(), changes }
    }
}

impl CudaLearner<'_> {
    /// Queues all work of a step.
    pub(super) fn queue_step(
        &mut self,
        batch: &Batch<NumberedImages>,
        learning_rate: f64,
        count: u64,
    ) -> Result<StepLogits, CudaError> {
        let images = batch.len();
        let classes = self.layout.classes;
        self.input.upload(&input(batch))?;
        let batch_images = self.batch_images(batch)?;
        let targets = self.input.part(0..images * classes).as_floats();
        if let Some(teachers) = &self.teachers {
            teachers.write_targets(&self.cuda, &self.passes, batch_images)?;
        }
        let network = self.network(&self.parameters)?;
        let logits = StepLogits { step: self.unread, images };
        let first = logits.step * self.batch * classes;
        let step_logits = self.logits.part(first..first + images * classes);
        self.passes.forward(batch_images, network, step_logits)?;
        let labels = CrossEntropy {
            logits: step_logits,
            targets,
            images,
            temperature: 1.0,
            share: 1.0,
            unit: network.logit_unit(),
            adds: false,
        };
        let gradients = self.passes.logit_gradients();
        match &self.teachers {
            None => self.cuda.kernels.cross_entropy(labels, gradients)?,
            Some(teachers) => teachers.write_gradients(&self.cuda, labels, gradients)?,
        }
        self.passes.backward(batch_images, network)?;
        self.steps += 1;
        self.cuda.kernels.update(self.updated(), self.update_numbers(learning_rate, count))?;
        self.unread += 1;
        Ok(logits)
    }

    /// Returns the images of a batch whose input is uploaded, after it has queued their augmentation.
    pub(super) fn batch_images(&self, batch: &Batch<NumberedImages>) -> Result<Images<'_>, CudaError> {
        let (count, classes) = (batch.len(), self.layout.classes);
        let places = self.input.part(count * classes..count * (classes + 1));
        let images = Images { places: Some(places), ..first_images(self.images.all(), count) };
        let Some(Augmentation { spline, changed }) = &self.augmentation else { return Ok(images) };
        let changes = self.input.part(count * (classes + 1)..count * (classes + 1 + CHANGE_WORDS));
        self.cuda.kernels.augment(images, changes, spline.all(), changed.all())?;
        Ok(first_images(changed.all(), count))
    }

    pub(super) fn updated(&self) -> Updated<'_> {
        Updated {
            rows: self.rows.all(),
            gradients: self.passes.gradients(),
            quantized: self.quantized.as_ref().map(Quantized::factors),
            parameters: self.parameters.all(),
            first: self.first_moment.all(),
            second: self.second_moment.all(),
            average: self.average.as_ref().map(Buffer::all),
        }
    }

    /// Returns the numbers of an update, in the arithmetic of dfdx's optimizers.
    pub(super) fn update_numbers(&self, learning_rate: f64, count: u64) -> UpdateNumbers {
        let Rule { algorithm, momentum, weight_decay } = self.settings.rule;
        let AdamConfig { betas, eps, .. } = AdamConfig::default();
        let is_adamw = algorithm == Algorithm::AdamW;
        let betas = if is_adamw { betas } else { [momentum, 0.0] }.map(|beta| beta as f32);
        let average = average::decay_at(self.settings.ema_decay, count);
        UpdateNumbers {
            is_adamw,
            learning_rate: learning_rate as f32,
            decay: (if is_adamw { weight_decay * learning_rate } else { weight_decay }) as f32,
            betas,
            corrections: betas.map(|beta| (1.0 - beta.powi(self.steps as i32)).recip()),
            epsilon: eps as f32,
            average: [average as f32, (1.0 - average) as f32],
        }
    }
}

/// Returns what a step uploads.
pub(super) fn input(batch: &Batch<NumberedImages>) -> Vec<u32> {
    let NumberedImages { numbers, changes } = &batch.images;
    let targets = batch.targets.iter().map(|target| target.to_bits());
    let changes = changes.iter().flat_map(|change| change.words());
    targets.chain(numbers.iter().copied()).chain(changes).collect()
}
