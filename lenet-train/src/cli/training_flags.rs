//! The flags that describe a training run.

use clap::Args;
use lenet_train::augment::Augment;
use lenet_train::data::{DatasetName, Preparation};
use lenet_train::generate::Mix;
use lenet_train::model::bits::Bits;
use lenet_train::run::config::{DataConfig, DeviceKind, ExtraConfig, RunConfig, TeacherConfig};
use lenet_train::run::config_file::{self, ConfigError};
use lenet_train::train::optimizer::Algorithm;
use lenet_train::train::recipe::{Recipe, Settings};
use std::path::{Path, PathBuf};

/// What to train on, and how. A setting that no flag gives comes from `--config`, or else from the recipe.
#[derive(Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainingFlags {
    /// TOML file of settings, for example the run.toml of an earlier run; other flags override it
    #[arg(long, value_name = "FILE", conflicts_with = "recipe")]
    config: Option<PathBuf>,
    /// Folder of the four IDX files (plain or .gz), or with one sub-folder of pictures per class [default: the bundled MNIST,
    /// else downloaded]
    #[arg(long, value_name = "DIR", value_parser = super::recorded_path)]
    data: Option<PathBuf>,
    /// Folder of more images of the same classes to train on, in the same forms; DIR=SHARE takes so many of them per training
    /// image in each epoch, above 0 to 4, in place of all; repeat the flag for several
    #[arg(long = "extra", value_name = "DIR[=SHARE]", value_parser = parse_extra)]
    extra: Vec<ExtraConfig>,
    /// Stretch the pictures of the folder to 28x28 pixels, instead of finding the symbol in each: for pictures that are
    /// framed alike, or whose place in the frame matters
    #[arg(long)]
    as_is: bool,
    /// Published data set to use; with --data, the one expected there [default: mnist]
    #[arg(long, value_name = "NAME")]
    dataset: Option<DatasetName>,
    /// Named set of values for all settings below; flags override single settings [default: default]
    #[arg(long)]
    recipe: Option<Recipe>,
    /// Passes over the training images, 1 to 10000; the recipe's warm-up, weight average and quantization-aware training
    /// are scaled with it
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Images per step, 1 to 65536
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate, above 0, at most 10
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// Optimizer
    #[arg(long)]
    optimizer: Option<Algorithm>,
    /// Weight decay, 0 to 10
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Epochs of warm-up, in which the learning rate rises to its peak; at most --epochs
    #[arg(long, value_name = "N")]
    warmup_epochs: Option<u32>,
    /// Label smoothing: the share of each target that is spread evenly over all classes, 0 to below 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    label_smoothing: Option<f64>,
    /// Decay of the exponential moving average of the weights, 0 to below 1; 0 turns the average off
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    ema_decay: Option<f64>,
    /// Folder of a finished run to distill from; repeat the flag for the mean of several runs
    #[arg(long = "teacher", value_name = "DIR", value_parser = super::recorded_path)]
    teachers: Vec<PathBuf>,
    /// Share of the loss that compares with the teachers, 0 to 1; the rest compares with the labels; needs --teacher
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    distillation: Option<f64>,
    /// Temperature of the softmax in the comparison with the teachers, 0.1 to 100; needs --teacher
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    temperature: Option<f64>,
    /// Number of epochs at the end of the run with quantization-aware training, fewer than --epochs; 0 quantizes after
    /// training only
    #[arg(long, value_name = "N")]
    qat_epochs: Option<u32>,
    /// Stop after this many epochs without a lower validation loss, and export the best epoch; 0 turns this off
    #[arg(long, value_name = "N")]
    early_stop: Option<u32>,
    /// Seed of the initial weights, the order of the images and their augmentation [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// Bits per weight, 8 or 4, or a list that also sets layers and activations, such as conv=8,fc=4,activations=7; fc1=2
    /// and fc2=2 for ternary weights [default: 8]
    #[arg(long)]
    bits: Option<Bits>,
    /// Train on an NVIDIA GPU (needs a build with --features cuda)
    #[arg(long)]
    cuda: bool,
    /// Number of the GPU to train on, counted from 0 as CUDA does [default: 0]
    #[arg(long, value_name = "N", requires = "cuda")]
    device: Option<usize>,
    #[command(flatten)]
    augment: AugmentFlags,
    #[command(flatten)]
    mix: MixFlags,
}

/// How many generated images each epoch has, as shares of the training images.
#[derive(Args)]
#[command(next_help_heading = "Generated images (per training image; only for sets of the ten digits)")]
struct MixFlags {
    /// Digits of other hands, 0 to 4
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    hands: Option<f64>,
    /// Training images as the world shows them: other pens, cameras, noise, 0 to 4
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    world: Option<f64>,
    /// Images that are no digit, of which the network learns to be unsure, 0 to 4
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    non_digits: Option<f64>,
}

/// The limits of the random changes of the training images. Each change is drawn uniformly up to its limit.
#[derive(Args)]
#[command(next_help_heading = "Augmentation (largest random change of each training image; 0 turns it off)")]
struct AugmentFlags {
    /// Rotation, in degrees, 0 to 180
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    rotation: Option<f64>,
    /// Shift along each axis, in pixels, 0 to 28
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true)]
    shift: Option<f64>,
    /// Change of the size along each axis, as a fraction of the size, 0 to below 1
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    scale: Option<f64>,
    /// Horizontal shear, in columns per row, 0 to 10
    #[arg(long, value_name = "SHEAR", allow_negative_numbers = true)]
    shear: Option<f64>,
    /// Elastic distortion: displacement of its control points along each axis, in pixels, 0 to 28
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true)]
    elastic: Option<f64>,
    /// Stroke width: the share of the image that is replaced by its dilation or erosion by one pixel, 0 to 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    stroke: Option<f64>,
}

/// Parses the folder of an extra data set, and its share if that is given after the last `=`.
fn parse_extra(text: &str) -> Result<ExtraConfig, String> {
    let (path, share) = match text.rsplit_once('=') {
        Some((path, share)) if !Path::new(text).exists() => (path, Some(share)),
        _ => (text, None),
    };
    let fits = |share: &f64| *share > 0.0 && *share <= 4.0;
    let share = match share {
        None => None,
        Some(share) => Some(share.parse().ok().filter(fits).ok_or_else(|| {
            format!("expected DIR or DIR=SHARE with a share above 0, at most 4, found the share {share:?}")
        })?),
    };
    Ok(ExtraConfig { path: super::recorded_path(path)?, share, sha256: None })
}

impl TrainingFlags {
    /// Returns the run that the flags describe.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the file of `--config` cannot be used.
    pub(crate) fn config(&self) -> Result<RunConfig, ConfigError> {
        let base = match &self.config {
            Some(path) => config_file::read(path, self.epochs)?,
            None => {
                let recipe = self.recipe.unwrap_or_default();
                // 0 epochs are refused later, in the check of all settings.
                let epochs = self.epochs.filter(|&epochs| epochs > 0);
                RunConfig::new(epochs.map_or_else(|| recipe.settings(), |epochs| recipe.settings_for(epochs)))
            }
        };
        let mut run = self.change(base);
        // What is given in place of the file's is not what the file has the SHA-256 of.
        if self.data.is_some() || self.dataset.is_some() || self.as_is {
            run.data = DataConfig { sha256: None, ..run.data };
        }
        if !self.extra.is_empty() {
            run.data.extra.iter_mut().for_each(|extra| extra.sha256 = None);
        }
        if !self.teachers.is_empty() {
            run.teachers.iter_mut().for_each(|teacher| teacher.sha256 = None);
        }
        Ok(run)
    }

    /// Whether a flag says how to learn from teachers.
    pub(crate) fn distils(&self) -> bool {
        self.distillation.is_some() || self.temperature.is_some()
    }

    /// Returns `run` with the given flags in place of its own settings.
    pub(crate) fn change(&self, mut run: RunConfig) -> RunConfig {
        self.change_settings(&mut run.training);
        self.augment.change(&mut run.training.augment);
        self.mix.change(&mut run.training.mix);
        if let Some(dataset) = self.dataset {
            run.data.dataset = dataset;
        }
        if let Some(data) = &self.data {
            run.data.path = Some(data.clone());
        }
        if !self.extra.is_empty() {
            let known = |index: usize| run.data.extra.get(index).and_then(|extra| extra.sha256.clone());
            let given = self.extra.iter().enumerate();
            run.data.extra =
                given.map(|(index, extra)| ExtraConfig { sha256: known(index), ..extra.clone() }).collect();
        }
        if self.as_is {
            run.data.pictures = Some(Preparation::AsIs);
        }
        if !self.teachers.is_empty() {
            let known = |index: usize| run.teachers.get(index).and_then(|teacher| teacher.sha256.clone());
            let given = self.teachers.iter().enumerate();
            run.teachers = given
                .map(|(index, folder)| TeacherConfig { folder: folder.clone(), sha256: known(index) })
                .collect();
        }
        if self.cuda {
            run.machine.device = DeviceKind::Cuda;
            run.machine.gpu = self.device.or(run.machine.gpu);
        }
        run
    }

    fn change_settings(&self, settings: &mut Settings) {
        fn set<T: Clone>(setting: &mut T, given: &Option<T>) {
            if let Some(given) = given {
                setting.clone_from(given);
            }
        }
        set(&mut settings.recipe, &self.recipe);
        set(&mut settings.epochs, &self.epochs);
        set(&mut settings.seed, &self.seed);
        set(&mut settings.batch_size, &self.batch_size);
        set(&mut settings.learning_rate, &self.lr);
        set(&mut settings.rule.algorithm, &self.optimizer);
        set(&mut settings.rule.weight_decay, &self.weight_decay);
        set(&mut settings.warmup_epochs, &self.warmup_epochs);
        set(&mut settings.label_smoothing, &self.label_smoothing);
        set(&mut settings.ema_decay, &self.ema_decay);
        set(&mut settings.distillation, &self.distillation);
        set(&mut settings.temperature, &self.temperature);
        set(&mut settings.qat_epochs, &self.qat_epochs);
        set(&mut settings.early_stop, &self.early_stop);
        set(&mut settings.bits, &self.bits);
    }
}

impl MixFlags {
    fn change(&self, mix: &mut Mix) {
        let Mix { hands, world, non_digits } = mix;
        for (share, given) in [(hands, self.hands), (world, self.world), (non_digits, self.non_digits)] {
            *share = given.unwrap_or(*share);
        }
    }
}

impl AugmentFlags {
    fn change(&self, augment: &mut Augment) {
        let Augment { rotation, shift, scale, shear, elastic, stroke } = augment;
        for (limit, given) in [
            (rotation, self.rotation),
            (shift, self.shift),
            (scale, self.scale),
            (shear, self.shear),
            (elastic, self.elastic),
            (stroke, self.stroke),
        ] {
            *limit = given.unwrap_or(*limit);
        }
    }
}
