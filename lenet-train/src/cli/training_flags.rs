//! The flags that describe a run.

use clap::Args;
use lenet_train::augment::Augment;
use lenet_train::data::DatasetName;
use lenet_train::model::bits::Bits;
use lenet_train::run::config::{DeviceKind, RunConfig, TeacherConfig};
use lenet_train::run::config_file::{self, ConfigError};
use lenet_train::train::optimizer::Algorithm;
use lenet_train::train::recipe::{Recipe, Settings};
use std::path::{Path, PathBuf};

/// What to train on, and how. What is not given comes from `--config`, else from the recipe.
#[derive(Args)]
pub(crate) struct TrainingFlags {
    /// File in TOML with the settings, such as the run.toml of an earlier run; flags given beside it win
    #[arg(long, value_name = "FILE", conflicts_with = "recipe")]
    config: Option<PathBuf>,
    /// Folder of the four IDX files, plain or .gz, or of a sub-folder of PNG or JPEG pictures for each class [default: the
    /// bundled MNIST, else downloaded]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Which published data set it is [default: mnist]
    #[arg(long, value_name = "NAME")]
    dataset: Option<DatasetName>,
    /// Where the numbers below come from when they are not given [default: default]
    #[arg(long)]
    recipe: Option<Recipe>,
    /// Passes over the training images, 1 to 10000; a recipe's warm-up, average and quantization-aware training keep their
    /// shares of them
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Images per step
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate, above 0
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// How gradients become steps
    #[arg(long)]
    optimizer: Option<Algorithm>,
    /// Weight decay, 0 or more
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Epochs over which the learning rate rises to its peak, at most --epochs
    #[arg(long, value_name = "N")]
    warmup_epochs: Option<u32>,
    /// Share of each target spread over all classes, 0 to below 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    label_smoothing: Option<f64>,
    /// Decay of the moving average of the weights, below 1; 0 keeps none
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    ema_decay: Option<f64>,
    /// Folder of a finished run to learn from; given several times, their mean
    #[arg(long = "teacher", value_name = "DIR")]
    teachers: Vec<PathBuf>,
    /// Share of the loss that compares with the teachers rather than the labels, 0 to 1; needs --teacher
    #[arg(long, value_name = "SHARE", requires = "teachers", allow_negative_numbers = true)]
    distillation: Option<f64>,
    /// What logits are divided by when the teachers' and the run's own are compared, 0.1 to 100; needs --teacher
    #[arg(long, value_name = "T", requires = "teachers", allow_negative_numbers = true)]
    temperature: Option<f64>,
    /// Last epochs with quantization-aware training, fewer than --epochs
    #[arg(long, value_name = "N")]
    qat_epochs: Option<u32>,
    /// Epochs without a lower validation loss after which the run stops and exports its best epoch; 0 never stops it
    #[arg(long, value_name = "N")]
    early_stop: Option<u32>,
    #[command(flatten)]
    augment: AugmentFlags,
    /// Seed of the initial weights, of the order of the images and of their augmentation [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// Bits of the model's weights: 8, 4, or a list such as conv=8,fc=4,activations=7 [default: 8]
    #[arg(long)]
    bits: Option<Bits>,
    /// Train on an NVIDIA GPU (needs a build with --features cuda)
    #[arg(long)]
    cuda: bool,
}

/// How images may be changed before they are trained on; each change is drawn evenly up to its limit, 0 leaves it out.
#[derive(Args)]
#[command(next_help_heading = "Augmentation")]
struct AugmentFlags {
    /// Largest rotation, in degrees
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    rotation: Option<f64>,
    /// Largest shift along each axis, in pixels
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true)]
    shift: Option<f64>,
    /// Largest change of the size along each axis, as a fraction of it, below 1
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    scale: Option<f64>,
    /// Largest shear, in columns per row
    #[arg(long, value_name = "SHEAR", allow_negative_numbers = true)]
    shear: Option<f64>,
    /// Largest displacement of an elastic distortion's control points, in pixels
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true)]
    elastic: Option<f64>,
    /// Largest share of the image that its dilation or erosion by a pixel replaces, 0 to 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    stroke: Option<f64>,
}

impl TrainingFlags {
    /// The run that the flags describe.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for `--config`.
    pub(crate) fn config(&self) -> Result<RunConfig, ConfigError> {
        let base = match &self.config {
            Some(path) => config_file::read(path, self.epochs)?,
            None => {
                let recipe = self.recipe.unwrap_or_default();
                // Epochs out of range are refused with the other settings.
                let epochs = self.epochs.filter(|&epochs| epochs > 0);
                RunConfig::new(epochs.map_or_else(|| recipe.settings(), |epochs| recipe.settings_for(epochs)))
            }
        };
        Ok(self.change(base))
    }

    /// `run` with what is given in place of its own.
    pub(crate) fn change(&self, mut run: RunConfig) -> RunConfig {
        self.change_settings(&mut run.training);
        self.augment.change(&mut run.training.augment);
        if let Some(dataset) = self.dataset {
            run.data.dataset = dataset;
        }
        if let Some(data) = &self.data {
            run.data.path = Some(absolute(data));
        }
        if !self.teachers.is_empty() {
            let known = |index: usize| run.teachers.get(index).and_then(|teacher| teacher.sha256.clone());
            let given = self.teachers.iter().enumerate();
            run.teachers = given
                .map(|(index, folder)| TeacherConfig { folder: absolute(folder), sha256: known(index) })
                .collect();
        }
        if self.cuda {
            run.machine.device = DeviceKind::Cuda;
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

/// So that a run can be resumed from another folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
