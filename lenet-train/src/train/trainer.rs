//! The training loop. On MNIST's test set, the reference recipe reaches about 97.8 %, the default recipe about 99.3 %.
//!
//! On CPUs with the same arithmetic, the weights depend on the settings and the images alone: the same seed gives the same
//! weights, bit by bit, with any number of threads, and whether or not the run was stopped and resumed. This does not hold
//! on CUDA, where the order in which gradients are added varies.

use super::average::Average;
use super::batch::Batch;
use super::distill::Teachers;
use super::error::{TrainingError, device_error};
use super::history::{EpochMetrics, PartialEpoch};
use super::images::{ExtraImages, TrainingImages};
use super::pending::PendingLogits;
use super::qat::IntegerNetwork;
use super::resident::ResidentImages;
use crate::backend::Backend;
use crate::data::Split;
use crate::eval::score::HeldOutImages;
use crate::eval::score::Score;
use crate::model::activations::Activations;
use crate::model::network::{Logits, Network};
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::quantize::calibrate::{CALIBRATION_IMAGES, calibrate};
use crate::train::optimizer::{self, Optimizer};
use crate::train::recipe::Settings;
use dfdx::nn::ZeroGrads;
use dfdx::prelude::{Gradients, NoneTape};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// A training run in progress on a device.
pub struct Trainer<'a, D: Backend> {
    pub(super) settings: &'a Settings,
    pub(super) images: Arc<TrainingImages<'a>>,
    /// The training images on a device that keeps them.
    pub(super) resident: Option<ResidentImages<D>>,
    pub(super) held_out: HeldOutImages<'a, D>,
    pub(super) network: Network<D>,
    pub(super) optimizer: Optimizer<D>,
    /// Zero between steps. `None` only while a step uses them.
    pub(super) gradients: Option<Gradients<f32, D>>,
    /// The moving average of the weights, if the run has one.
    pub(super) average: Option<Average<D>>,
    /// The teachers, in a run with distillation.
    pub(super) teachers: Option<Teachers<D>>,
    /// The integer network, if quantization-aware training has begun.
    pub(super) integers: Option<IntegerNetwork<D>>,
    /// The finished part of the next epoch, if the run was stopped within an epoch.
    pub(super) partial: Option<PartialEpoch>,
    /// The metrics of the finished epochs.
    pub(super) history: Vec<EpochMetrics>,
}

impl<'a, D: Backend> Trainer<'a, D> {
    /// Creates a run at its beginning, with initial weights from the seed of `device`. It trains on the images `train`, those of
    /// the data sets `extra`, and those that `settings` let it generate.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails, for example because it is out of memory.
    pub fn new(
        device: D,
        settings: &'a Settings,
        train: Split<'a>,
        extra: &[ExtraImages<'_>],
        held_out: Split<'a>,
    ) -> Result<Self, TrainingError> {
        let images = Arc::new(TrainingImages::new(train, extra, settings));
        let network = Network::new(device, train.classes).map_err(device_error::<D>)?;
        let gradients = Some(network.layers.try_alloc_grads().map_err(device_error::<D>)?);
        let optimizer = Optimizer::new(settings.rule);
        let average = (settings.ema_decay > 0.0).then(|| Average::new(settings.ema_decay, &network));
        let average = average.transpose().map_err(device_error::<D>)?;
        let mut trainer = Trainer {
            settings,
            images,
            resident: None,
            held_out: HeldOutImages::new(held_out),
            network,
            optimizer,
            gradients,
            average,
            teachers: None,
            integers: None,
            partial: None,
            history: Vec::new(),
        };
        if D::KEEPS_IMAGES {
            trainer.keep_images_on_device().map_err(device_error::<D>)?;
        }
        Ok(trainer)
    }

    /// Uploads all images to the device, so that later steps upload only indices and augmentation coefficients.
    pub(super) fn keep_images_on_device(&mut self) -> Result<(), D::Err> {
        self.resident =
            Some(ResidentImages::new(self.network.device(), &self.images, &self.settings.augment)?);
        self.held_out.keep_on_device(&self.network)
    }

    /// Adds teachers: trained networks that the run learns from in addition to the labels.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails, for example because it is out of memory.
    pub fn learn_from(&mut self, teachers: &[FloatWeights]) -> Result<(), TrainingError> {
        let Settings { distillation, temperature, .. } = *self.settings;
        let teachers = Teachers::new(self.network.device(), teachers, distillation, temperature);
        self.teachers = Some(teachers.map_err(device_error::<D>)?);
        Ok(())
    }

    /// Returns the logits of the first training image.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails, for example because it is out of memory.
    pub fn logits_of_first_image(&self) -> Result<Vec<f32>, TrainingError> {
        let pixels = self.network.upload(&self.images.data.images[..1]);
        let logits = pixels.and_then(|pixels| self.network.logits(pixels, NoneTape));
        Ok(logits.map_err(device_error::<D>)?.as_vec())
    }

    /// Returns the network that the run would export now: that with the averaged weights, if the run has an average.
    pub fn network(&self) -> &Network<D> {
        self.average.as_ref().map_or(&self.network, |average| &average.network)
    }

    /// Returns how the weights are quantized, if quantization-aware training has begun.
    pub fn quantization(&self) -> Option<&Quantization> {
        self.integers.as_ref().map(|integers| &integers.quantization)
    }

    /// Returns the metrics of the finished epochs.
    pub fn history(&self) -> &[EpochMetrics] {
        &self.history
    }

    /// Trains one epoch, or the rest of a partial one, and scores the held-out images.
    ///
    /// After each step, `on_step` is called with the step's number of images. If it breaks, the epoch stops there and
    /// `None` is returned; a [snapshot](Self::snapshot) then contains the finished part. Else the metrics of the epoch
    /// are returned.
    ///
    /// # Errors
    ///
    /// Returns a [`TrainingError`] if the loss is not finite, the weights cannot be quantized, or the device fails. The run
    /// cannot continue from that state, and a snapshot of it is useless.
    pub fn epoch(
        &mut self,
        on_step: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<&EpochMetrics>, TrainingError> {
        let epoch = self.history.len() as u32 + 1;
        let started = Instant::now();
        if self.integers.is_none() && self.settings.is_quantization_aware(epoch) {
            self.begin_qat()?;
        }
        let begun = self.partial.take().unwrap_or_else(|| PartialEpoch::new(self.images.data.classes));
        let mut done = self.steps(epoch, begun, on_step)?;
        done.seconds += started.elapsed().as_secs_f64();
        if done.steps < self.steps_per_epoch() {
            self.partial = Some(done);
            return Ok(None);
        }
        let held_out = self.score_held_out()?;
        // Each step's loss is from before its update, so only this loss shows the effect of the last update.
        if !held_out.loss.is_finite() {
            return Err(TrainingError::DivergedHeldOut { epoch, loss: held_out.loss });
        }
        self.history.push(EpochMetrics {
            epoch,
            seconds: done.seconds,
            images_per_second: self.images.per_epoch() as f64 / done.seconds,
            learning_rate: self.settings.learning_rate_at(epoch, done.steps - 1, done.steps),
            train: done.tally.score(),
            held_out,
        });
        Ok(self.history.last())
    }

    /// Returns the number of images per epoch.
    pub fn images_per_epoch(&self) -> usize {
        self.images.per_epoch()
    }

    /// Returns the number of images that were generated for the run.
    pub fn generated_images(&self) -> usize {
        self.images.generated
    }

    /// Returns the number of steps per epoch. The last batch may be smaller.
    fn steps_per_epoch(&self) -> u64 {
        self.images.per_epoch().div_ceil(self.settings.batch_size) as u64
    }

    /// Runs the steps of epoch `epoch` after those in `begun`, until `on_step` breaks.
    fn steps(
        &mut self,
        epoch: u32,
        begun: PartialEpoch,
        mut on_step: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<PartialEpoch, TrainingError> {
        let (settings, images) = (self.settings, Arc::clone(&self.images));
        let (first, steps) = (begun.steps, self.steps_per_epoch());
        let order = images.order(settings.seed, epoch);
        let resident = self.resident.is_some();
        let mut pending = PendingLogits::new(epoch, begun);
        let mut batches = order.chunks(settings.batch_size).skip(first as usize);
        let mut prepare_next =
            || batches.next().map(|indices| Batch::new(settings, &images, epoch, indices, resident));
        let mut next = prepare_next();
        for step in first..steps {
            let batch = next.take().expect("a batch for each step");
            let learning_rate = settings.learning_rate_at(epoch, step, steps);
            let count = steps * u64::from(epoch - 1) + step + 1;
            // The threads that this step leaves idle prepare the next batch.
            let logits = rayon::in_place_scope(|scope| {
                scope.spawn(|_| next = prepare_next());
                self.step(&batch, learning_rate, count)
            })?;
            let images = batch.len();
            pending.add(logits, batch.labels)?;
            if on_step(images).is_break() {
                break;
            }
        }
        pending.read()
    }

    /// Runs step `count` of the run, counted from 1. Returns the batch's logits from before the update.
    fn step(
        &mut self,
        batch: &Batch,
        learning_rate: f64,
        count: u64,
    ) -> Result<Logits<D, NoneTape>, TrainingError> {
        let uploaded = batch.upload(&self.network, self.resident.as_ref());
        let mut batch = uploaded.map_err(device_error::<D>)?;
        if let Some(teachers) = &self.teachers {
            teachers.add_targets(&mut batch).map_err(device_error::<D>)?;
        }
        let mut gradients = self.gradients.take().expect("returned by the last step");
        let logits = match &mut self.integers {
            None => {
                let (logits, added) = batch.pass(&self.network, gradients).map_err(device_error::<D>)?;
                gradients = added;
                logits
            }
            Some(integers) => {
                let (logits, values) = integers.pass(batch, &self.network.weights())?;
                optimizer::write(&mut gradients, &self.network, &values).map_err(device_error::<D>)?;
                logits
            }
        };
        self.update(&mut gradients, learning_rate, count).map_err(device_error::<D>)?;
        self.gradients = Some(gradients);
        Ok(logits)
    }

    /// Updates the parameters, and then their average.
    fn update(
        &mut self,
        gradients: &mut Gradients<f32, D>,
        learning_rate: f64,
        count: u64,
    ) -> Result<(), D::Err> {
        self.optimizer.step(&mut self.network, gradients, learning_rate)?;
        self.network.layers.try_zero_grads(gradients)?;
        match &mut self.average {
            Some(average) => average.update(&self.network, count),
            None => Ok(()),
        }
    }

    /// Begins quantization-aware training: calibrates on training images, and keeps the resulting quantization.
    fn begin_qat(&mut self) -> Result<(), TrainingError> {
        let images = self.images.data.last(CALIBRATION_IMAGES);
        let weights = self.network().weights();
        let activations = Activations::of(&weights, images.images);
        let bits = self.settings.bits;
        let quantization = calibrate(&weights, &activations, images, bits)?.quantization;
        self.integers = Some(IntegerNetwork::new(self.network.device(), &weights, quantization)?);
        Ok(())
    }

    /// Scores the network that the run would export now on the held-out images.
    fn score_held_out(&mut self) -> Result<Score, TrainingError> {
        let weights = self.network().weights();
        let exported = match &mut self.integers {
            Some(integers) => integers.quantized(&weights)?,
            None => self.average.as_ref().map_or(&self.network, |average| &average.network),
        };
        self.held_out.score(exported).map_err(device_error::<D>)
    }
}
