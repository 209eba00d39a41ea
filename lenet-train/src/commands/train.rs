//! The main job, step by step.

use crate::backend::Backend;
use crate::backend::cuda::{self, DeviceError};
use crate::commands::deliver::{
    DeliverError, METRICS_FILE, REPORT_FILE, deliver, describe_dead_units, quantize,
};
use crate::data::HeldOut;
use crate::data::{Dataset, DatasetError, DatasetName, Split};
use crate::eval::check::FinalTable;
use crate::eval::score::Score;
use crate::model::activations::Activations;
use crate::model::weights::FloatWeights;
use crate::quantize::calibrate::{self, calibration_images};
use crate::run::Trained;
use crate::run::checkpoint::{self, CheckpointError, RunIdentity};
use crate::run::export::MODEL_FILE;
use crate::run::metrics::RunSettings;
use crate::run::progress::Progress;
use crate::run::teachers::{self, TeacherError};
use crate::train::recipe::Settings;
use crate::train::{Trainer, TrainingError};
use dfdx::prelude::Cpu;
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_SIDE, CONV2_CHANNELS, CONV2_SIDE, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_CHANNELS,
    IMAGE_SIDE, POOL1_SIDE, POOL2_LEN, POOL2_SIDE,
};
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;
use thiserror::Error;

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// How to train.
    pub settings: Settings,
    /// The data set's name.
    pub dataset: DatasetName,
    /// Folder of the four IDX files, in place of the program's own.
    pub data: Option<PathBuf>,
    /// Which fold of the training file is held out, in a recipe that holds validation images out: 0 is the last.
    pub fold: usize,
    /// Folders of finished runs to learn from.
    pub teachers: Vec<PathBuf>,
    /// Folder for everything the run writes.
    pub out: PathBuf,
    /// Worker threads; by default one a core.
    pub threads: Option<usize>,
    /// Train on the GPU.
    pub cuda: bool,
    /// Go on from the checkpoint in `out`.
    pub resume: bool,
    /// Print nothing but errors.
    pub quiet: bool,
}

impl Options {
    /// The same run, to go on if its folder has a checkpoint.
    #[must_use]
    pub(crate) fn resumed_if_begun(mut self) -> Self {
        self.resume = self.out.join(checkpoint::FILE_NAME).exists();
        self
    }

    /// Prints what the user is to read, unless there is to be nothing but errors.
    pub(crate) fn print(&self, text: &str) {
        if !self.quiet {
            // A reader that has gone away is no reason to fail.
            let _ = writeln!(io::stdout(), "{text}");
        }
    }
}

/// Why the job failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// No data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// No GPU.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// No checkpoint to resume, or none could be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// No teacher.
    #[error(transparent)]
    Teacher(#[from] TeacherError),
    /// Training stopped.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The trained network could not be quantized, exported, checked or reported.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The folder for the results cannot be made.
    #[error("{}: the folder cannot be created: name another by --out", path.display())]
    Out {
        /// The folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The worker threads cannot be started.
    #[error("the worker threads cannot be started: lower --threads")]
    Threads(#[from] ThreadPoolBuildError),
}

/// Does the job: data, training, and all that [`deliver`] makes of the result.
///
/// # Errors
///
/// [`PipelineError`].
///
/// # Panics
///
/// If the data set has no such fold.
pub fn run(options: &Options) -> Result<FinalTable, PipelineError> {
    let started = Instant::now();
    with_trained(options, |dataset, trained| {
        let table = deliver(trained, dataset, &options.out, started, |text| options.print(text))?;
        let out = options.out.display();
        options.print(&format!("results in {out}: {MODEL_FILE}, {REPORT_FILE}, {METRICS_FILE}"));
        options.print(&format!("total run time {:.1} s", started.elapsed().as_secs_f64()));
        Ok(table)
    })
}

/// Trains, quantizes, and scores the integers on the images held out. The test images take no part.
///
/// # Errors
///
/// [`PipelineError`].
///
/// # Panics
///
/// If the data set has no such fold.
pub fn validate(options: &Options) -> Result<Score, PipelineError> {
    with_trained(options, |dataset, trained| {
        let images = calibration_images(dataset, trained.held_out);
        let activations = Activations::of(&trained.weights, images.images);
        options.print(&describe_dead_units(&activations));
        let calibration = quantize(trained, &activations, images).map_err(DeliverError::from)?;
        let (_, held_out) = dataset.split();
        Ok(calibrate::run(&calibration.model.model(), held_out).score())
    })
}

/// Trains on as many threads as asked for, and hands the data set and the outcome to `then`.
fn with_trained<R: Send>(
    options: &Options,
    then: impl Send + FnOnce(&Dataset, &Trained) -> Result<R, PipelineError>,
) -> Result<R, PipelineError> {
    let make = fs::create_dir_all(&options.out);
    make.map_err(|source| PipelineError::Out { path: options.out.clone(), source })?;
    let threads = ThreadPoolBuilder::new().num_threads(options.threads.unwrap_or(0)).build()?;
    threads.install(|| {
        let mut dataset = Dataset::load(options.dataset, options.data.as_deref(), options.quiet)?;
        dataset.hold_out(options.fold);
        let seed = options.settings.seed;
        let trained = if options.cuda {
            train(cuda::open_cuda(seed)?, &dataset, options)?
        } else {
            train(Cpu::seed_from_u64(seed), &dataset, options)?
        };
        then(&dataset, &trained)
    })
}

fn train<D: Backend>(device: D, dataset: &Dataset, options: &Options) -> Result<Trained, PipelineError> {
    let settings = &options.settings;
    let held_out = settings.recipe.held_out();
    let (train, scored) = match held_out {
        HeldOut::Validation => dataset.split(),
        HeldOut::Test => {
            (Split::new(&dataset.train, dataset.classes), Split::new(&dataset.test, dataset.classes))
        }
    };
    let mut run = RunIdentity {
        settings: settings.clone(),
        dataset: dataset.name.clone(),
        classes: dataset.classes,
        device: D::NAME.to_owned(),
        held_out,
        fold: options.fold,
        train_images: train.images.len(),
        held_out_images: scored.images.len(),
        teachers: Vec::new(),
    };
    let teachers = options.teachers.iter().map(|folder| teachers::load(folder, &run));
    let teachers: Vec<FloatWeights> = teachers.collect::<Result<_, _>>()?;
    run.teachers = teachers.iter().map(checkpoint::fingerprint).collect();
    let mut trainer = Trainer::new(device, settings, train, scored)?;
    if !teachers.is_empty() {
        trainer.learn_from(&teachers)?;
    }
    if options.resume {
        trainer.restore(checkpoint::load(&options.out, &run)?)?;
    } else {
        checkpoint::set_aside(&options.out)?;
    }
    let seconds_before_resume = trainer.history().iter().map(|epoch| epoch.seconds).sum();
    let an_epoch = train.images.len() as u64;
    let images = an_epoch * u64::from(settings.epochs);
    let progress = Progress::new(images, an_epoch * trainer.history().len() as u64, options.quiet);
    dataset.note.iter().for_each(|note| progress.line(note));
    if trainer.history().is_empty() {
        progress.line(&describe_untrained(&trainer.logits_of_first_image()?));
    }
    while trainer.history().len() < settings.epochs as usize {
        progress.begin_epoch(trainer.history().len() as u32 + 1, settings.epochs);
        let metrics = trainer.epoch(|images| progress.advance(images))?;
        progress.end_epoch(metrics, settings.epochs, held_out);
        checkpoint::save(&options.out, &run, &trainer.snapshot()?)?;
    }
    progress.finish();
    Ok(Trained {
        settings: run_settings(&run, dataset),
        held_out,
        history: trainer.history().to_vec(),
        seconds_before_resume,
        weights: trainer.network().weights(),
        grid: trainer.grid().cloned(),
        augment: settings.augment,
    })
}

fn run_settings(run: &RunIdentity, dataset: &Dataset) -> RunSettings {
    let Settings { recipe, epochs, batch_size, learning_rate, rule, seed, bits, .. } = run.settings;
    RunSettings {
        recipe: recipe.to_string(),
        dataset: run.dataset.clone(),
        class_names: dataset.class_titles(),
        device: run.device.clone(),
        seed,
        epochs,
        batch_size,
        learning_rate,
        optimizer: rule.algorithm.to_string(),
        threads: rayon::current_num_threads(),
        train_images: run.train_images,
        validation_images: dataset.train.len() - run.train_images,
        bits,
    }
}

/// The shapes that one image takes through the network, and its logits.
fn describe_untrained(logits: &[f32]) -> String {
    let classes = logits.len();
    let logits: Vec<String> = logits.iter().map(|logit| format!("{logit:.4}")).collect();
    format!(
        "one image through the untrained network:\n\
         image {IMAGE_CHANNELS}x{IMAGE_SIDE}x{IMAGE_SIDE}\n\
         conv1 {CONV1_CHANNELS}x{CONV1_SIDE}x{CONV1_SIDE}, pooled {CONV1_CHANNELS}x{POOL1_SIDE}x{POOL1_SIDE}\n\
         conv2 {CONV2_CHANNELS}x{CONV2_SIDE}x{CONV2_SIDE}, pooled {CONV2_CHANNELS}x{POOL2_SIDE}x{POOL2_SIDE}, \
         flattened {POOL2_LEN}\n\
         fc1   {FC1_OUTPUTS}\n\
         fc2   {FC2_OUTPUTS}\n\
         fc3   {classes}: {}",
        logits.join(" ")
    )
}
