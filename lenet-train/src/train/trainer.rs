//! The training loop. On MNIST's test set, the reference recipe reaches about 97.8 %, the default recipe about 99.3 %.
//!
//! On CPUs with the same arithmetic, the weights depend on the settings and the images alone: the same seed gives the same
//! weights, bit by bit, with any number of threads, and whether or not the run was stopped and resumed. The same holds for
//! GPUs of one model with one driver. The weights of different devices differ in their last bits.

use super::batch::Batch;
use super::error::TrainingError;
use super::history::{EpochMetrics, PartialEpoch};
use super::images::{ExtraImages, TrainingImages};
use super::learner::{Learner, TrainingDevice};
use super::pending::PendingSteps;
use crate::data::Split;
use crate::model::activations::Activations;
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::quantize::calibrate::{CALIBRATION_IMAGES, calibrate};
use crate::train::recipe::Settings;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// A training run in progress on a device.
pub struct Trainer<'a, D: TrainingDevice> {
    pub(super) settings: &'a Settings,
    pub(super) images: Arc<TrainingImages<'a>>,
    pub(super) learner: D::Learner<'a>,
    /// The finished part of the next epoch, if the run was stopped within an epoch.
    pub(super) partial: Option<PartialEpoch>,
    /// The metrics of the finished epochs.
    pub(super) history: Vec<EpochMetrics>,
}

impl<'a, D: TrainingDevice> Trainer<'a, D> {
    /// Creates a run at its beginning, with initial weights from the seed. It trains on the images `train`, those of
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
        let learner = Learner::new(device, settings, &images, held_out)?;
        Ok(Trainer { settings, images, learner, partial: None, history: Vec::new() })
    }

    /// Adds teachers: trained networks that the run learns from in addition to the labels.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails, for example because it is out of memory.
    pub fn learn_from(&mut self, teachers: &[FloatWeights]) -> Result<(), TrainingError> {
        self.learner.learn_from(teachers)
    }

    /// Returns the logits of the first training image.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails, for example because it is out of memory.
    pub fn logits_of_first_image(&mut self) -> Result<Vec<f32>, TrainingError> {
        self.learner.logits_of_first_image(&self.images)
    }

    /// Returns the weights that the run would export now: the averaged ones, if the run has an average.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Device`] if the device fails.
    pub fn weights(&self) -> Result<FloatWeights, TrainingError> {
        self.learner.exported()
    }

    /// Returns how the weights are quantized, if quantization-aware training has begun.
    pub fn quantization(&self) -> Option<&Quantization> {
        self.learner.quantization()
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
    /// Returns a [`TrainingError`] if the loss or a weight is not finite, the weights cannot be quantized, or the device fails.
    /// The run cannot continue from that state, and a snapshot of it is useless.
    pub fn epoch(
        &mut self,
        on_step: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<&EpochMetrics>, TrainingError> {
        let epoch = self.history.len() as u32 + 1;
        let started = Instant::now();
        if self.quantization().is_none() && self.settings.is_quantization_aware(epoch) {
            self.begin_qat()?;
        }
        let begun = self.partial.take().unwrap_or_else(|| PartialEpoch::new(self.images.data.classes));
        let mut done = self.steps(epoch, begun, on_step)?;
        done.seconds += started.elapsed().as_secs_f64();
        if done.steps < self.steps_per_epoch() {
            self.partial = Some(done);
            return Ok(None);
        }
        let held_out = self.learner.score()?;
        // Each step's loss is from before its update, so only this loss shows the effect of the last update.
        if !held_out.loss.is_finite() {
            return Err(TrainingError::DivergedHeldOut { epoch, loss: held_out.loss });
        }
        // The ReLU gives 0 for NaN, so a network with such weights can have a finite loss.
        if !self.weights()?.is_finite() {
            return Err(TrainingError::DivergedWeights { epoch });
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
        let (first, steps) = (begun.steps, self.steps_per_epoch());
        let (settings, images, learner) = (self.settings, Arc::clone(&self.images), &mut self.learner);
        let order = images.order(settings.seed, epoch);
        let mut pending = PendingSteps::new(epoch, begun);
        let mut batches = order.chunks(settings.batch_size).skip(first as usize);
        let mut prepare_next = || {
            batches.next().map(|numbers| {
                let prepared = <D::Learner<'a>>::prepare(settings, &images, epoch, numbers);
                Batch::new(prepared, settings, &images, numbers)
            })
        };
        let mut next = prepare_next();
        for step in first..steps {
            let batch = next.take().expect("a batch for each step");
            let learning_rate = settings.learning_rate_at(epoch, step, steps);
            let count = steps * u64::from(epoch - 1) + step + 1;
            // The threads that this step leaves idle prepare the next batch.
            let logits = rayon::in_place_scope(|scope| {
                scope.spawn(|_| next = prepare_next());
                learner.step(&batch, learning_rate, count)
            })?;
            let images = batch.len();
            if pending.add(logits, batch.labels) {
                pending.read(|logits| learner.read(logits))?;
            }
            if on_step(images).is_break() {
                break;
            }
        }
        pending.read(|logits| learner.read(logits))
    }

    /// Begins quantization-aware training: calibrates on training images, and keeps the resulting quantization.
    fn begin_qat(&mut self) -> Result<(), TrainingError> {
        let images = self.images.data.last(CALIBRATION_IMAGES);
        let weights = self.weights()?;
        let activations = Activations::of(&weights, images.images);
        let bits = self.settings.bits;
        let quantization = calibrate(&weights, &activations, images, bits)?.quantization;
        self.learner.quantize(quantization, &weights)
    }
}
