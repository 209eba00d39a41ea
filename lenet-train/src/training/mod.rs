//! The training loop. Expect 97.8 % on MNIST's test set from the reference recipe, 99.3 % from the default.
//!
//! A run is a function of its settings and images alone: the same seed gives the same weights, bit by bit,
//! with any number of threads, and whether or not the run was stopped and resumed between two epochs. (On
//! CUDA, sums of gradients depend on the order in which the GPU's threads come, so there it does not hold.)

mod average;
mod batch;
mod error;
mod resident;
mod snapshot;
mod teacher;
#[cfg(test)]
mod tests;
mod twin;
mod unread;

pub use error::TrainingError;
pub use snapshot::Snapshot;

use crate::activations::Activations;
use crate::dataset::{Split, shuffled};
use crate::metrics::{EpochMetrics, Score};
use crate::network::{ConvDevice, Logits, Network};
use crate::optimizer::{self, Optimizer};
use crate::quantize::calibrate::calibrate;
use crate::quantize::{Grid, Provenance};
use crate::recipe::Settings;
use crate::scoring::HeldOutImages;
use crate::weights::FloatWeights;
use average::Average;
use batch::Batch;
use dfdx::nn::ZeroGrads;
use dfdx::prelude::{Gradients, NoneTape};
use error::device_error;
use resident::ResidentImages;
use std::time::Instant;
use teacher::Teacher;
use twin::Twin;
use unread::Unread;

/// Training images that the grid of quantization-aware training is chosen on, at most.
const CALIBRATION_IMAGES: usize = 5_000;

/// A run in progress on a device.
pub struct Trainer<'a, D: ConvDevice> {
    settings: &'a Settings,
    train: Split<'a>,
    /// On a device that keeps them.
    resident: Option<ResidentImages<D>>,
    held_out: HeldOutImages<'a, D>,
    network: Network<D>,
    optimizer: Optimizer<D>,
    /// Zero between steps. `None` only while a step has it.
    gradients: Option<Gradients<f32, D>>,
    /// In a run that keeps one.
    average: Option<Average<D>>,
    /// In a run that distils.
    teacher: Option<Teacher<D>>,
    /// In the quantization-aware part of a run.
    twin: Option<Twin<D>>,
    history: Vec<EpochMetrics>,
}

impl<'a, D: ConvDevice> Trainer<'a, D> {
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
            twin: None,
            history: Vec::new(),
        };
        if D::KEEPS_IMAGES {
            trainer.keep_images_on_device().map_err(device_error::<D>)?;
        }
        Ok(trainer)
    }

    /// Uploads all images once; from then on a step uploads little more than the places of its own.
    fn keep_images_on_device(&mut self) -> Result<(), D::Err> {
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
    pub fn grid(&self) -> Option<&Grid> {
        self.twin.as_ref().map(|twin| &twin.grid)
    }

    /// The epochs done.
    pub fn history(&self) -> &[EpochMetrics] {
        &self.history
    }

    /// Trains one epoch, then scores the held-out images. `on_step` is told each step's number of images.
    ///
    /// # Errors
    ///
    /// [`TrainingError`]. The run cannot go on from there, and no [snapshot](Self::snapshot) of it is worth keeping.
    pub fn epoch(&mut self, mut on_step: impl FnMut(usize)) -> Result<&EpochMetrics, TrainingError> {
        let epoch = self.history.len() as u32 + 1;
        let (settings, train) = (self.settings, self.train);
        let order = shuffled(settings.seed, epoch, train.images.len());
        let steps_an_epoch = order.len().div_ceil(settings.batch_size) as u64;
        let (mut unread, mut learning_rate) = (Unread::new(epoch, train.classes), 0.0);
        let started = Instant::now();
        if self.twin.is_none() && epoch + settings.qat_epochs > settings.epochs {
            self.begin_rounding()?;
        }
        let resident = self.resident.is_some();
        let mut places = order.chunks(settings.batch_size);
        let mut make_next =
            || places.next().map(|places| Batch::new(settings, train, epoch, places, resident));
        let mut next = make_next();
        for step in 0..steps_an_epoch {
            let batch = next.take().expect("a batch for each step");
            let steps_done = steps_an_epoch * u64::from(epoch - 1) + step;
            learning_rate = settings.learning_rate_at(steps_done, steps_an_epoch);
            // The next batch is made by whichever threads this step leaves idle.
            let logits = rayon::in_place_scope(|scope| {
                scope.spawn(|_| next = make_next());
                self.step(&batch, learning_rate, steps_done + 1)
            })?;
            on_step(batch.len());
            unread.add(logits, batch.labels)?;
        }
        let tally = unread.read()?;
        let seconds = started.elapsed().as_secs_f64();
        let held_out = self.score_held_out()?;
        // The losses of the steps are those before each update, so they do not show what the last one did.
        if !held_out.loss.is_finite() {
            return Err(TrainingError::DivergedHeldOut { epoch, loss: held_out.loss });
        }
        self.history.push(EpochMetrics {
            epoch,
            seconds,
            images_per_second: order.len() as f64 / seconds,
            learning_rate,
            train: tally.score(),
            held_out,
        });
        Ok(&self.history[self.history.len() - 1])
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
        let logits = match &mut self.twin {
            None => {
                let (logits, added) = batch.pass(&self.network, gradients).map_err(device_error::<D>)?;
                gradients = added;
                logits
            }
            Some(twin) => {
                let (logits, values) = twin.pass(batch, &self.network.weights())?;
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

    /// Begins quantization-aware training: chooses the grid of the weights as they are now, on training images.
    fn begin_rounding(&mut self) -> Result<(), TrainingError> {
        let images = self.train.last(CALIBRATION_IMAGES);
        let weights = self.network().weights();
        let activations = Activations::of(&weights, images.images);
        let bits = self.settings.bits;
        let grid = calibrate(&weights, &activations, images, bits, &Provenance::default())?.grid;
        self.twin = Some(Twin::new(self.network.device(), &weights, grid)?);
        Ok(())
    }

    /// The score on the held-out images of what the run would deliver now.
    fn score_held_out(&mut self) -> Result<Score, TrainingError> {
        let weights = self.network().weights();
        let delivered = match &mut self.twin {
            Some(twin) => twin.rounded(&weights)?,
            None => self.average.as_ref().map_or(&self.network, |average| &average.network),
        };
        self.held_out.score(delivered).map_err(device_error::<D>)
    }
}
