//! Training on the CPU: the networks, the loss and the optimizers of dfdx, with convolutions of our own.

pub(super) mod average;
mod distill;
mod pass;
pub(super) mod qat;

use super::batch::Batch;
use super::error::TrainingError;
use super::images::TrainingImages;
use super::learner::{Learner, LearnerState, TrainingDevice, device_error};
use super::optimizer::{self, Optimizer};
use super::recipe::Settings;
use crate::data::Split;
use crate::eval::score::{HeldOutImages, Score};
use crate::model::network::{Logits, Network};
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use average::Average;
use dfdx::nn::ZeroGrads;
use dfdx::prelude::{Cpu, CpuError, Gradients, NoneTape};
use distill::Teachers;
use lenet_core::shape::IMAGE_PIXELS;
use pass::TensorBatch;
use qat::IntegerNetwork;
use rayon::prelude::*;

/// The state of a run on the CPU.
pub struct CpuLearner<'a> {
    settings: &'a Settings,
    held_out: HeldOutImages<'a>,
    network: Network,
    optimizer: Optimizer,
    /// Zero between steps. `None` only while a step uses them.
    gradients: Option<Gradients<f32, Cpu>>,
    /// The moving average of the weights, if the run has one.
    average: Option<Average>,
    /// The teachers, in a run with distillation.
    teachers: Option<Teachers>,
    /// The integer network, if quantization-aware training has begun.
    integers: Option<IntegerNetwork>,
}

impl TrainingDevice for Cpu {
    const NAME: &'static str = "cpu";
    type Learner<'a> = CpuLearner<'a>;
}

impl<'a> Learner<'a> for CpuLearner<'a> {
    type Device = Cpu;
    /// The augmented images.
    type Images = Vec<[u8; IMAGE_PIXELS]>;
    type Logits = Logits<NoneTape>;

    fn new(
        device: Cpu,
        settings: &'a Settings,
        images: &TrainingImages<'a>,
        held_out: Split<'a>,
    ) -> Result<Self, TrainingError> {
        let network = Network::new(device, images.data.classes).map_err(device_error::<Cpu>)?;
        let gradients = Some(network.layers.try_alloc_grads().map_err(device_error::<Cpu>)?);
        let average = (settings.ema_decay > 0.0).then(|| Average::new(settings.ema_decay, &network));
        Ok(CpuLearner {
            settings,
            held_out: HeldOutImages::new(held_out),
            gradients,
            optimizer: Optimizer::new(settings.rule),
            average: average.transpose().map_err(device_error::<Cpu>)?,
            teachers: None,
            integers: None,
            network,
        })
    }

    fn prepare(
        settings: &Settings,
        training: &TrainingImages<'_>,
        epoch: u32,
        numbers: &[u32],
    ) -> Self::Images {
        let Settings { augment, seed, .. } = settings;
        let image = |&number: &u32| augment.apply(training.image(number), *seed, epoch, number);
        numbers.par_iter().map(image).collect()
    }

    fn learn_from(&mut self, teachers: &[FloatWeights]) -> Result<(), TrainingError> {
        let Settings { distillation, temperature, .. } = *self.settings;
        let teachers = Teachers::new(self.network.device(), teachers, distillation, temperature);
        self.teachers = Some(teachers.map_err(device_error::<Cpu>)?);
        Ok(())
    }

    fn quantize(&mut self, quantization: Quantization, weights: &FloatWeights) -> Result<(), TrainingError> {
        self.integers = Some(IntegerNetwork::new(self.network.device(), weights, quantization)?);
        Ok(())
    }

    fn quantization(&self) -> Option<&Quantization> {
        self.integers.as_ref().map(|integers| &integers.quantization)
    }

    fn step(
        &mut self,
        batch: &Batch<Self::Images>,
        learning_rate: f64,
        count: u64,
    ) -> Result<Self::Logits, TrainingError> {
        let mut batch = TensorBatch::new(batch, &self.network).map_err(device_error::<Cpu>)?;
        if let Some(teachers) = &self.teachers {
            teachers.add_targets(&mut batch).map_err(device_error::<Cpu>)?;
        }
        let mut gradients = self.gradients.take().expect("returned by the last step");
        let logits = match &mut self.integers {
            None => {
                let (logits, added) = batch.pass(&self.network, gradients).map_err(device_error::<Cpu>)?;
                gradients = added;
                logits
            }
            Some(integers) => {
                let (logits, values) = integers.pass(batch, &self.network.weights())?;
                optimizer::write(&mut gradients, &self.network, &values).map_err(device_error::<Cpu>)?;
                logits
            }
        };
        self.update(&mut gradients, learning_rate, count).map_err(device_error::<Cpu>)?;
        self.gradients = Some(gradients);
        Ok(logits)
    }

    fn read(&mut self, logits: Vec<Self::Logits>) -> Result<Vec<Vec<f32>>, TrainingError> {
        Ok(logits.into_iter().map(|logits| logits.as_vec()).collect())
    }

    fn exported(&self) -> Result<FloatWeights, TrainingError> {
        Ok(exported_network(&self.network, &self.average).weights())
    }

    fn score(&mut self) -> Result<Score, TrainingError> {
        let exported = exported_network(&self.network, &self.average);
        let scored = match &mut self.integers {
            Some(integers) => integers.quantized(&exported.weights())?,
            None => exported,
        };
        self.held_out.score(scored).map_err(device_error::<Cpu>)
    }

    fn logits_of_first_image(&mut self, images: &TrainingImages<'a>) -> Result<Vec<f32>, TrainingError> {
        let pixels = self.network.upload(&images.data.images[..1]);
        let logits = pixels.and_then(|pixels| self.network.logits(pixels, NoneTape));
        Ok(logits.map_err(device_error::<Cpu>)?.as_vec())
    }

    fn state(&mut self) -> Result<LearnerState, TrainingError> {
        Ok(LearnerState {
            weights: self.network.weights(),
            optimizer: self.optimizer.state(&self.network).map_err(device_error::<Cpu>)?,
            average: self.average.as_ref().map(|average| average.network.weights()),
        })
    }

    fn restore(&mut self, state: &LearnerState) -> Result<(), TrainingError> {
        self.network.set_weights(&state.weights);
        self.optimizer.restore(&state.optimizer, &self.network).map_err(device_error::<Cpu>)?;
        if let (Some(average), Some(weights)) = (&mut self.average, &state.average) {
            average.network.set_weights(weights);
        }
        Ok(())
    }
}

/// Returns the network that a run would export now, in f32.
fn exported_network<'n>(network: &'n Network, average: &'n Option<Average>) -> &'n Network {
    average.as_ref().map_or(network, |average| &average.network)
}

impl CpuLearner<'_> {
    /// Updates the parameters, and then their average.
    fn update(
        &mut self,
        gradients: &mut Gradients<f32, Cpu>,
        learning_rate: f64,
        count: u64,
    ) -> Result<(), CpuError> {
        self.optimizer.step(&mut self.network, gradients, learning_rate)?;
        self.network.layers.try_zero_grads(gradients)?;
        match &mut self.average {
            Some(average) => average.update(&self.network, count),
            None => Ok(()),
        }
    }
}

#[cfg(all(test, feature = "cuda"))]
impl CpuLearner<'_> {
    /// Updates the parameters by given gradients.
    pub(super) fn update_by(
        &mut self,
        gradients: &FloatWeights,
        learning_rate: f64,
        count: u64,
    ) -> Result<(), CpuError> {
        let mut buffers = self.gradients.take().expect("returned by the last step");
        optimizer::write(&mut buffers, &self.network, gradients)?;
        self.update(&mut buffers, learning_rate, count)?;
        self.gradients = Some(buffers);
        Ok(())
    }
}
