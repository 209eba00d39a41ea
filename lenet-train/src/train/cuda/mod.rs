//! Training on CUDA.
//!
//! All numbers of a run stay in the GPU's memory: the images, the parameters with their moments and their average, and the
//! results of each batch. A step is one upload (targets, numbers of images, augmentation) and a fixed list of launches;
//! nothing is allocated, and nothing is waited for until the logits of 32 steps are read.

mod layout;
mod passes;
mod quantized;
mod step;
mod teachers;
#[cfg(test)]
mod tests;

use super::batch::Batch;
use super::error::TrainingError;
use super::images::TrainingImages;
use super::learner::{Learner, LearnerState, STEPS_PER_READING, TrainingDevice, device_error};
use super::optimizer::OptimizerState;
use super::recipe::Settings;
use crate::augment::{Augment, CHANGE_WORDS, SPLINE_WEIGHTS};
use crate::backend::cuda::launch::{self, Images};
use crate::backend::cuda::{Buffer, Cuda, CudaError, Slice};
use crate::data::Split;
use crate::eval::score::{Score, Tally};
use crate::model::network;
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use dfdx::prelude::Cpu;
use layout::Layout;
use lenet_core::shape::IMAGE_PIXELS;
use passes::{Network, Passes};
use quantized::Quantized;
use step::NumberedImages;
use teachers::Teachers;

/// The largest number of held-out images in a forward pass, where the batches of training are smaller.
const SCORED_TOGETHER: usize = 500;

const _: () = assert!(CHANGE_WORDS == launch::CHANGE_WORDS);
const _: () = assert!(SPLINE_WEIGHTS.as_flattened().len() == launch::SPLINE_NUMBERS);

/// The state of a run on a GPU.
pub struct CudaLearner<'a> {
    cuda: Cuda,
    settings: &'a Settings,
    layout: Layout,
    held_out: Split<'a>,
    /// The largest number of images in a batch of training.
    batch: usize,
    /// The largest number of images in a forward pass.
    capacity: usize,
    passes: Passes,
    images: Buffer<u8>,
    held_out_images: Buffer<u8>,
    held_out_logits: Buffer<f32>,
    augmentation: Option<Augmentation>,
    /// What a step uploads: the targets (f32), the numbers of the images, and their changes.
    input: Buffer<u32>,
    /// The logits of the steps since the last reading.
    logits: Buffer<f32>,
    /// The number of those steps.
    unread: usize,
    parameters: Buffer<f32>,
    first_moment: Buffer<f32>,
    second_moment: Buffer<f32>,
    /// The steps of the optimizer.
    steps: u32,
    average: Option<Buffer<f32>>,
    rows: Buffer<u32>,
    teachers: Option<Teachers>,
    quantized: Option<Quantized>,
}

/// The memory for augmented images.
struct Augmentation {
    spline: Buffer<f32>,
    changed: Buffer<u8>,
}

/// The logits of a step, which are on the GPU.
pub struct StepLogits {
    /// Its place among the steps since the last reading.
    step: usize,
    images: usize,
}

impl TrainingDevice for Cuda {
    const NAME: &'static str = "cuda";
    type Learner<'a> = CudaLearner<'a>;
}

impl<'a> Learner<'a> for CudaLearner<'a> {
    type Device = Cuda;
    type Images = NumberedImages;
    type Logits = StepLogits;

    fn new(
        device: Cuda,
        settings: &'a Settings,
        images: &TrainingImages<'a>,
        held_out: Split<'a>,
    ) -> Result<Self, TrainingError> {
        let initial = network::Network::new(Cpu::seed_from_u64(settings.seed), images.data.classes);
        let weights = initial.map_err(device_error::<Cpu>)?.weights();
        Self::allocate(device, settings, images, held_out, &weights).map_err(device_error::<Cuda>)
    }

    fn prepare(settings: &Settings, _: &TrainingImages<'_>, epoch: u32, numbers: &[u32]) -> NumberedImages {
        NumberedImages::new(settings, epoch, numbers)
    }

    fn learn_from(&mut self, teachers: &[FloatWeights]) -> Result<(), TrainingError> {
        let teachers = Teachers::new(&self.cuda, &self.layout, self.settings, teachers, self.batch);
        self.teachers = Some(teachers.map_err(device_error::<Cuda>)?);
        Ok(())
    }

    fn quantize(&mut self, quantization: Quantization, weights: &FloatWeights) -> Result<(), TrainingError> {
        let integers = quantization.integers(weights)?;
        let quantized = Quantized::new(&self.cuda, &self.layout, quantization, &integers);
        self.quantized = Some(quantized.map_err(device_error::<Cuda>)?);
        Ok(())
    }

    fn quantization(&self) -> Option<&Quantization> {
        self.quantized.as_ref().map(|quantized| &quantized.quantization)
    }

    fn step(
        &mut self,
        batch: &Batch<NumberedImages>,
        learning_rate: f64,
        count: u64,
    ) -> Result<StepLogits, TrainingError> {
        self.queue_step(batch, learning_rate, count).map_err(device_error::<Cuda>)
    }

    fn read(&mut self, logits: Vec<StepLogits>) -> Result<Vec<Vec<f32>>, TrainingError> {
        self.unread = 0;
        let Some(last) = logits.last() else { return Ok(Vec::new()) };
        let (per_step, classes) = (self.batch * self.layout.classes, self.layout.classes);
        let end = last.step * per_step + last.images * classes;
        let all = self.logits.download(0..end).map_err(device_error::<Cuda>)?;
        self.check_quantized()?;
        Ok(logits.iter().map(|step| all[step.step * per_step..][..step.images * classes].to_vec()).collect())
    }

    fn exported(&self) -> Result<FloatWeights, TrainingError> {
        self.weights_in(self.exported_parameters()).map_err(device_error::<Cuda>)
    }

    fn score(&mut self) -> Result<Score, TrainingError> {
        let logits = self.score_logits().map_err(device_error::<Cuda>)?;
        self.check_quantized()?;
        let mut tally = Tally::new(self.layout.classes);
        tally.add(&logits, self.held_out.labels.iter().copied());
        Ok(tally.score())
    }

    fn logits_of_first_image(&mut self, _: &TrainingImages<'a>) -> Result<Vec<f32>, TrainingError> {
        let network = Network { parameters: self.parameters.all(), integers: None };
        let images = first_images(self.images.all(), 1);
        let run = self.passes.forward(images, network, self.logits.part(0..self.layout.classes));
        run.and_then(|()| self.logits.download(0..self.layout.classes)).map_err(device_error::<Cuda>)
    }

    fn state(&mut self) -> Result<LearnerState, TrainingError> {
        let read = |buffer| self.weights_in(buffer).map_err(device_error::<Cuda>);
        Ok(LearnerState {
            weights: read(&self.parameters)?,
            optimizer: OptimizerState {
                steps: self.steps,
                first_moment: read(&self.first_moment)?,
                second_moment: read(&self.second_moment)?,
            },
            average: self.average.as_ref().map(read).transpose()?,
        })
    }

    fn restore(&mut self, state: &LearnerState) -> Result<(), TrainingError> {
        let LearnerState { weights, optimizer, average } = state;
        self.steps = optimizer.steps;
        let write = |buffer: &mut Buffer<f32>, weights: &FloatWeights| {
            buffer.upload(&self.layout.join(weights)).map_err(device_error::<Cuda>)
        };
        write(&mut self.parameters, weights)?;
        write(&mut self.first_moment, &optimizer.first_moment)?;
        write(&mut self.second_moment, &optimizer.second_moment)?;
        match (&mut self.average, average) {
            (Some(buffer), Some(weights)) => write(buffer, weights),
            _ => Ok(()),
        }
    }
}

impl<'a> CudaLearner<'a> {
    fn allocate(
        cuda: Cuda,
        settings: &'a Settings,
        images: &TrainingImages<'a>,
        held_out: Split<'a>,
        weights: &FloatWeights,
    ) -> Result<Self, CudaError> {
        let gpu = &cuda.gpu;
        let layout = Layout::new(images.data.classes);
        let batch = settings.batch_size.min(images.per_epoch());
        let capacity = batch.max(held_out.images.len().min(SCORED_TOGETHER));
        let parameters = layout.join(weights);
        let levels: Vec<u8> = images.iter().flatten().copied().collect();
        let augmented = settings.augment != Augment::OFF;
        let augmentation = || {
            let spline = Buffer::of(gpu, SPLINE_WEIGHTS.as_flattened())?;
            Ok(Augmentation { spline, changed: Buffer::zeros(gpu, batch * IMAGE_PIXELS)? })
        };
        let input = layout.classes + 1 + if augmented { CHANGE_WORDS } else { 0 };
        let averaged = settings.ema_decay > 0.0;
        Ok(CudaLearner {
            settings,
            held_out,
            batch,
            capacity,
            passes: Passes::new(&cuda, &layout, capacity)?,
            images: Buffer::of(gpu, &levels)?,
            held_out_images: Buffer::of(gpu, held_out.images.as_flattened())?,
            held_out_logits: Buffer::zeros(gpu, held_out.images.len() * layout.classes)?,
            augmentation: augmented.then(augmentation).transpose()?,
            input: Buffer::zeros(gpu, batch * input)?,
            logits: Buffer::zeros(gpu, STEPS_PER_READING * batch * layout.classes)?,
            unread: 0,
            first_moment: Buffer::zeros(gpu, layout.len)?,
            second_moment: Buffer::zeros(gpu, layout.len)?,
            steps: 0,
            average: averaged.then(|| Buffer::of(gpu, &parameters)).transpose()?,
            parameters: Buffer::of(gpu, &parameters)?,
            rows: Buffer::of(gpu, &layout.rows())?,
            teachers: None,
            quantized: None,
            layout,
            cuda,
        })
    }

    fn exported_parameters(&self) -> &Buffer<f32> {
        self.average.as_ref().unwrap_or(&self.parameters)
    }

    fn weights_in(&self, buffer: &Buffer<f32>) -> Result<FloatWeights, CudaError> {
        Ok(self.layout.split(&buffer.download(0..self.layout.len)?))
    }

    /// Returns the network that is trained, with these parameters: their integers, in quantization-aware training.
    fn network<'n>(&'n self, parameters: &'n Buffer<f32>) -> Result<Network<'n>, CudaError> {
        match &self.quantized {
            None => Ok(Network { parameters: parameters.all(), integers: None }),
            Some(quantized) => quantized.network(&self.cuda, parameters.all()),
        }
    }

    /// Returns the logits of the held-out images.
    fn score_logits(&self) -> Result<Vec<f32>, CudaError> {
        let network = self.network(self.exported_parameters())?;
        let (all, classes) = (self.held_out.images.len(), self.layout.classes);
        for first in (0..all).step_by(self.capacity) {
            let count = self.capacity.min(all - first);
            let levels = self.held_out_images.part(first * IMAGE_PIXELS..(first + count) * IMAGE_PIXELS);
            let logits = self.held_out_logits.part(first * classes..(first + count) * classes);
            self.passes.forward(first_images(levels, count), network, logits)?;
        }
        self.held_out_logits.download(0..all * classes)
    }

    /// Returns the error of the exporter if parameters that were quantized are not finite.
    fn check_quantized(&self) -> Result<(), TrainingError> {
        let Some(quantized) = &self.quantized else { return Ok(()) };
        if quantized.has_failed().map_err(device_error::<Cuda>)? {
            let weights = self.weights_in(&self.parameters).map_err(device_error::<Cuda>)?;
            quantized.quantization.integers(&weights)?;
        }
        Ok(())
    }
}

/// Returns the first images of an array as a batch.
fn first_images(levels: Slice<'_, u8>, count: usize) -> Images<'_> {
    Images { levels, places: None, count }
}
