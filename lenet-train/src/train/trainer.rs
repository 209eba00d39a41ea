//! The training loop. Expect 97.8 % on MNIST's test set from the reference recipe, 99.3 % from the default.
//!
//! A run is a function of its settings and images alone: the same seed gives the same weights, bit by bit,
//! with any number of threads, and whether or not the run was stopped and resumed between two epochs. (On
//! CUDA, sums of gradients depend on the order in which the GPU's threads come, so there it does not hold.)

use super::average::Average;
use super::batch::Batch;
use super::distill::Teacher;
use super::error::{TrainingError, device_error};
use super::history::{EpochMetrics, PartialEpoch};
use super::pending::PendingLogits;
use super::qat::IntegerNetwork;
use super::resident::ResidentImages;
use crate::backend::Backend;
use crate::data::{Split, shuffled};
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
use std::time::Instant;

/// A run in progress on a device.
pub struct Trainer<'a, D: Backend> {
    pub(super) settings: &'a Settings,
    pub(super) train: Split<'a>,
    /// On a device that keeps them.
    pub(super) resident: Option<ResidentImages<D>>,
    pub(super) held_out: HeldOutImages<'a, D>,
    pub(super) network: Network<D>,
    pub(super) optimizer: Optimizer<D>,
    /// Zero between steps. `None` only while a step has it.
    pub(super) gradients: Option<Gradients<f32, D>>,
    /// In a run that keeps one.
    pub(super) average: Option<Average<D>>,
    /// In a run that distils.
    pub(super) teacher: Option<Teacher<D>>,
    /// In the quantization-aware part of a run.
    pub(super) integers: Option<IntegerNetwork<D>>,
    /// The part of the next epoch that is done, in a run that was stopped within it.
    pub(super) partial: Option<PartialEpoch>,
    pub(super) history: Vec<EpochMetrics>,
}

impl<'a, D: Backend> Trainer<'a, D> {
    /// A run that has not begun. The initial weights come from `device`'s seed.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Device`].
    pub fn new(
        device: D,
        settings: &'a Settings,
        train: Split<'a>,
        held_out: Split<'a>,
    ) -> Result<Self, TrainingError> {
        let network = Network::new(device, train.classes).map_err(device_error::<D>)?;
        let gradients = Some(network.layers.try_alloc_grads().map_err(device_error::<D>)?);
        let optimizer = Optimizer::new(settings.rule);
        let average = (settings.ema_decay > 0.0).then(|| Average::new(settings.ema_decay, &network));
        let average = average.transpose().map_err(device_error::<D>)?;
        let mut trainer = Trainer {
            settings,
            train,
            resident: None,
            held_out: HeldOutImages::new(held_out),
            network,
            optimizer,
            gradients,
            average,
            teacher: None,
            integers: None,
            partial: None,
            history: Vec::new(),
        };
        if D::KEEPS_IMAGES {
            trainer.keep_images_on_device().map_err(device_error::<D>)?;
        }
        Ok(trainer)
    }

    /// Uploads all images once; from then on a step uploads little more than the places of its own.
    pub(super) fn keep_images_on_device(&mut self) -> Result<(), D::Err> {
        let images = self.train.images;
        self.resident = Some(ResidentImages::new(self.network.device(), images, &self.settings.augment)?);
        self.held_out.keep_on_device(&self.network)
    }

    /// Learns from these trained networks as well as from the labels.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Device`].
    pub fn learn_from(&mut self, teachers: &[FloatWeights]) -> Result<(), TrainingError> {
        let Settings { distillation, temperature, .. } = *self.settings;
        let teacher = Teacher::new(self.network.device(), teachers, distillation, temperature);
        self.teacher = Some(teacher.map_err(device_error::<D>)?);
        Ok(())
    }

    /// The logits of the first training image.
    ///
    /// # Errors
    ///
    /// [`TrainingError::Device`].
    pub fn logits_of_first_image(&self) -> Result<Vec<f32>, TrainingError> {
        let pixels = self.network.upload(&self.train.images[..1]);
        let logits = pixels.and_then(|pixels| self.network.logits(pixels, NoneTape));
        Ok(logits.map_err(device_error::<D>)?.as_vec())
    }

    /// The network as trained so far: the averaged one, in a run that averages.
    pub fn network(&self) -> &Network<D> {
        self.average.as_ref().map_or(&self.network, |average| &average.network)
    }

    /// What the weights are rounded to, in the quantization-aware part of a run.
    pub fn quantization(&self) -> Option<&Quantization> {
        self.integers.as_ref().map(|integers| &integers.quantization)
    }

    /// The epochs done.
    pub fn history(&self) -> &[EpochMetrics] {
        &self.history
    }

    /// Trains one epoch, or what is left of it, then scores the held-out images. `on_step` is told each step's number of
    /// images, and may stop the epoch after any step; then there are no figures yet, and a [snapshot](Self::snapshot) keeps
    /// the part that is done.
    ///
    /// # Errors
    ///
    /// [`TrainingError`]. The run cannot go on from there, and no snapshot of it is worth keeping.
    pub fn epoch(
        &mut self,
        on_step: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<&EpochMetrics>, TrainingError> {
        let epoch = self.history.len() as u32 + 1;
        let started = Instant::now();
        if self.integers.is_none() && self.settings.is_quantization_aware(epoch) {
            self.begin_qat()?;
        }
        let begun = self.partial.take().unwrap_or_else(|| PartialEpoch::new(self.train.classes));
        let mut done = self.steps(epoch, begun, on_step)?;
        done.seconds += started.elapsed().as_secs_f64();
        if done.steps < self.steps_per_epoch() {
            self.partial = Some(done);
            return Ok(None);
        }
        let held_out = self.score_held_out()?;
        // The losses of the steps are those before each update, so they do not show what the last one did.
        if !held_out.loss.is_finite() {
            return Err(TrainingError::DivergedHeldOut { epoch, loss: held_out.loss });
        }
        self.history.push(EpochMetrics {
            epoch,
            seconds: done.seconds,
            images_per_second: self.train.images.len() as f64 / done.seconds,
            learning_rate: self.settings.learning_rate_at(epoch, done.steps - 1, done.steps),
            train: done.tally.score(),
            held_out,
        });
        Ok(self.history.last())
    }

    fn steps_per_epoch(&self) -> u64 {
        self.train.images.len().div_ceil(self.settings.batch_size) as u64
    }

    /// Takes the steps of epoch `epoch` that are not in `begun`, until `on_step` breaks.
    fn steps(
        &mut self,
        epoch: u32,
        begun: PartialEpoch,
        mut on_step: impl FnMut(usize) -> ControlFlow<()>,
    ) -> Result<PartialEpoch, TrainingError> {
        let (settings, train) = (self.settings, self.train);
        let (first, steps) = (begun.steps, self.steps_per_epoch());
        let order = shuffled(settings.seed, epoch, train.images.len());
        let resident = self.resident.is_some();
        let mut pending = PendingLogits::new(epoch, begun);
        let mut places = order.chunks(settings.batch_size).skip(first as usize);
        let mut make_next =
            || places.next().map(|places| Batch::new(settings, train, epoch, places, resident));
        let mut next = make_next();
        for step in first..steps {
            let batch = next.take().expect("a batch for each step");
            let learning_rate = settings.learning_rate_at(epoch, step, steps);
            let count = steps * u64::from(epoch - 1) + step + 1;
            // The next batch is made by whichever threads this step leaves idle.
            let logits = rayon::in_place_scope(|scope| {
                scope.spawn(|_| next = make_next());
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

    /// Step `count`, from 1, of the run. Returns the batch's logits before it.
    fn step(
        &mut self,
        batch: &Batch,
        learning_rate: f64,
        count: u64,
    ) -> Result<Logits<D, NoneTape>, TrainingError> {
        let uploaded = batch.upload(&self.network, self.resident.as_ref());
        let mut batch = uploaded.map_err(device_error::<D>)?;
        if let Some(teacher) = &self.teacher {
            teacher.teach(&mut batch).map_err(device_error::<D>)?;
        }
        let mut gradients = self.gradients.take().expect("given back by the last step");
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

    /// Moves the parameters, and the average after them.
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

    /// Begins quantization-aware training: chooses the quantization of the weights as they are now, on training images.
    fn begin_qat(&mut self) -> Result<(), TrainingError> {
        let images = self.train.last(CALIBRATION_IMAGES);
        let weights = self.network().weights();
        let activations = Activations::of(&weights, images.images);
        let bits = self.settings.bits;
        let quantization = calibrate(&weights, &activations, images, bits)?.quantization;
        self.integers = Some(IntegerNetwork::new(self.network.device(), &weights, quantization)?);
        Ok(())
    }

    /// The score on the held-out images of what the run would export now.
    fn score_held_out(&mut self) -> Result<Score, TrainingError> {
        let weights = self.network().weights();
        let exported = match &mut self.integers {
            Some(integers) => integers.quantized(&weights)?,
            None => self.average.as_ref().map_or(&self.network, |average| &average.network),
        };
        self.held_out.score(exported).map_err(device_error::<D>)
    }
}
