//! The flags.

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use lenet_train::augment::Augment;
use lenet_train::commands::train::Options;
use lenet_train::data::DatasetName;
use lenet_train::model::bits::Bits;
use lenet_train::train::optimizer::Algorithm;
use lenet_train::train::recipe::Recipe;
use std::path::PathBuf;

/// Trains LeNet on handwritten digits, or on any pictures of 2 to 64 classes.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    training: TrainingFlags,
}

/// What the program is asked to do.
pub(crate) enum Task {
    /// One run.
    Train(Options),
    /// A run for each seed.
    BenchAccuracy { options: Options, seeds: u64 },
    /// A run for each fold.
    CrossValidate { options: Options, folds: usize, compare: Option<PathBuf> },
}

impl Cli {
    /// The task, if its flags go together.
    ///
    /// # Errors
    ///
    /// A usage error, which exits with 2.
    pub(crate) fn task(self) -> Result<Task, clap::Error> {
        match self.command {
            None => Ok(Task::Train(self.training.options()?)),
            Some(Command::BenchAccuracy { seeds, training }) => {
                let options = training.options()?;
                options.settings.seeds(seeds).map_err(usage_error)?;
                Ok(Task::BenchAccuracy { options, seeds })
            }
            Some(Command::CrossValidate { folds, compare, training }) => {
                let options = training.options()?;
                options.settings.seeds(folds.into()).map_err(usage_error)?;
                Ok(Task::CrossValidate { options, folds: folds.into(), compare })
            }
        }
    }
}

fn usage_error(problem: impl ToString) -> clap::Error {
    Cli::command().error(ErrorKind::ArgumentConflict, problem.to_string())
}

/// What to do instead of one training run.
#[derive(Subcommand)]
enum Command {
    /// Trains several seeds and prints their mean test accuracy; goes on where it was stopped
    BenchAccuracy {
        /// Seeds, counted up from --seed; the last is at most 18446744073709551615
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        seeds: u64,
        #[command(flatten)]
        training: Box<TrainingFlags>,
    },
    /// Holds out each fold of the training images in turn and prints the mean accuracy on them: how recipes are chosen; goes
    /// on where it was stopped
    CrossValidate {
        /// Folds, counted from the end of the training images; fold K is trained with seed --seed + K, at
        /// most 18446744073709551615
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
        folds: u16,
        /// Folder of an earlier cross-validation of the same folds; prints the mean difference from it, fold by fold
        #[arg(long, value_name = "DIR")]
        compare: Option<PathBuf>,
        #[command(flatten)]
        training: Box<TrainingFlags>,
    },
}

/// How to train.
#[derive(Args)]
struct TrainingFlags {
    /// Folder of the four IDX files, plain or .gz, or of a sub-folder of PNG or JPEG pictures for each class [default: the
    /// bundled MNIST, else downloaded]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Which published data set it is
    #[arg(long, value_name = "NAME", default_value = "mnist")]
    dataset: DatasetName,
    /// Where the numbers below come from when they are not given
    #[arg(long, default_value = "default")]
    recipe: Recipe,
    /// Passes over the training images; a recipe's warm-up, average and training in integers keep their shares of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: Option<u32>,
    /// Images a step
    #[arg(long, value_name = "N", value_parser = parse_count)]
    batch_size: Option<usize>,
    /// Peak learning rate, above 0
    #[arg(long, value_name = "RATE", value_parser = parse_rate, allow_negative_numbers = true)]
    lr: Option<f64>,
    /// How gradients become steps
    #[arg(long)]
    optimizer: Option<Algorithm>,
    /// Weight decay, 0 or more
    #[arg(long, value_name = "DECAY", value_parser = parse_decay, allow_negative_numbers = true)]
    weight_decay: Option<f64>,
    /// Epochs over which the learning rate rises to its peak, at most --epochs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    warmup_epochs: Option<u32>,
    /// Share of each target spread over all classes, 0 to below 1
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    label_smoothing: Option<f64>,
    /// Decay of the moving average of the weights, below 1; 0 keeps none
    #[arg(long, value_name = "DECAY", value_parser = parse_share)]
    ema_decay: Option<f64>,
    /// Folder of a finished run to learn from; given several times, their mean
    #[arg(long = "teacher", value_name = "DIR")]
    teachers: Vec<PathBuf>,
    /// Share of the loss that is the teachers' rather than the labels', 0 to 1; needs --teacher
    #[arg(long, value_name = "SHARE", requires = "teachers", value_parser = parse_distillation)]
    distillation: Option<f64>,
    /// What logits are divided by when the teachers' and the run's own are compared, 0.1 to 100; needs --teacher
    #[arg(long, value_name = "T", requires = "teachers", value_parser = parse_temperature)]
    temperature: Option<f64>,
    /// Last epochs that train the network as its integers will calculate, fewer than --epochs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    qat_epochs: Option<u32>,
    #[command(flatten)]
    augment: AugmentFlags,
    /// Seed of the initial weights, of the order of the images and of their augmentation
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Bits of the model's weights: 8, 4, or a list such as conv=8,fc=4,activations=7 [default: 8]
    #[arg(long)]
    bits: Option<Bits>,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    threads: Option<usize>,
    /// Folder for everything the run writes
    #[arg(long, value_name = "DIR", default_value = "runs/default")]
    out: PathBuf,
    /// Go on from the checkpoint in --out, with the same flags as before
    #[arg(long)]
    resume: bool,
    /// Train on an NVIDIA GPU (needs a build with --features cuda)
    #[arg(long)]
    cuda: bool,
    /// Print nothing but errors
    #[arg(long)]
    quiet: bool,
}

/// How images may be changed before they are trained on; each change is drawn evenly up to its limit, 0 leaves it out.
#[derive(Args)]
#[command(next_help_heading = "Augmentation")]
struct AugmentFlags {
    /// Largest rotation, in degrees
    #[arg(long, value_name = "DEGREES", value_parser = parse_strength::<180>)]
    rotation: Option<f32>,
    /// Largest shift along each axis, in pixels
    #[arg(long, value_name = "PIXELS", value_parser = parse_strength::<28>)]
    shift: Option<f32>,
    /// Largest change of the size along each axis, as a fraction of it, below 1
    #[arg(long, value_name = "FRACTION", value_parser = parse_share)]
    scale: Option<f64>,
    /// Largest shear, in columns a row
    #[arg(long, value_name = "SHEAR", value_parser = parse_strength::<10>)]
    shear: Option<f32>,
    /// Largest displacement of an elastic distortion's control points, in pixels
    #[arg(long, value_name = "PIXELS", value_parser = parse_strength::<28>)]
    elastic: Option<f32>,
    /// Largest share of the image that its dilation or erosion by a pixel replaces, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = parse_strength::<1>)]
    stroke: Option<f32>,
}

impl AugmentFlags {
    fn or(self, recipe: Augment) -> Augment {
        Augment {
            rotation: self.rotation.unwrap_or(recipe.rotation),
            shift: self.shift.unwrap_or(recipe.shift),
            scale: self.scale.map_or(recipe.scale, |scale| scale as f32),
            shear: self.shear.unwrap_or(recipe.shear),
            elastic: self.elastic.unwrap_or(recipe.elastic),
            stroke: self.stroke.unwrap_or(recipe.stroke),
        }
    }
}

impl TrainingFlags {
    /// The options, if the flags go together.
    fn options(self) -> Result<Options, clap::Error> {
        let resume = self.resume;
        let options = Options::from(self);
        // What is resumed has begun, so nothing is gained by refusing it.
        if !resume {
            options.settings.check().map_err(usage_error)?;
        }
        Ok(options)
    }
}

impl From<TrainingFlags> for Options {
    fn from(cli: TrainingFlags) -> Self {
        let recipe = cli.recipe;
        let mut settings = cli.epochs.map_or_else(|| recipe.settings(), |epochs| recipe.settings_for(epochs));
        settings.seed = cli.seed;
        settings.batch_size = cli.batch_size.unwrap_or(settings.batch_size);
        settings.learning_rate = cli.lr.unwrap_or(settings.learning_rate);
        settings.rule.algorithm = cli.optimizer.unwrap_or(settings.rule.algorithm);
        settings.rule.weight_decay = cli.weight_decay.unwrap_or(settings.rule.weight_decay);
        settings.warmup_epochs = cli.warmup_epochs.unwrap_or(settings.warmup_epochs);
        settings.label_smoothing = cli.label_smoothing.unwrap_or(settings.label_smoothing);
        settings.ema_decay = cli.ema_decay.unwrap_or(settings.ema_decay);
        settings.distillation = cli.distillation.unwrap_or(settings.distillation);
        settings.temperature = cli.temperature.unwrap_or(settings.temperature);
        settings.qat_epochs = cli.qat_epochs.unwrap_or(settings.qat_epochs);
        settings.augment = cli.augment.or(settings.augment);
        settings.bits = cli.bits.unwrap_or(settings.bits);
        Options {
            settings,
            dataset: cli.dataset,
            data: cli.data,
            fold: 0,
            teachers: cli.teachers,
            out: cli.out,
            threads: cli.threads,
            cuda: cli.cuda,
            resume: cli.resume,
            quiet: cli.quiet,
        }
    }
}

/// A number of images or threads.
fn parse_count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| (1..=65_536).contains(count)).ok_or("expected 1 to 65536".to_owned())
}

fn parse_rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|&rate| rate > 0.0 && rate <= 10.0)
        .ok_or("expected above 0, at most 10".to_owned())
}

fn parse_decay(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|decay| (0.0..=10.0).contains(decay)).ok_or("expected 0 to 10".to_owned())
}

fn parse_share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..1.0).contains(share)).ok_or("expected 0 to below 1".to_owned())
}

fn parse_distillation(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or("expected 0 to 1".to_owned())
}

fn parse_temperature(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|t| (0.1..=100.0).contains(t)).ok_or("expected 0.1 to 100".to_owned())
}

fn parse_strength<const MAX: u16>(text: &str) -> Result<f32, String> {
    let strength = text.parse().ok().filter(|strength| (0.0..=f32::from(MAX)).contains(strength));
    strength.ok_or(format!("expected 0 to {MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_train::train::recipe::Settings;

    fn parse(flags: &str) -> Result<Options, clap::Error> {
        let cli = Cli::try_parse_from(["lenet-train"].into_iter().chain(flags.split_whitespace()))?;
        cli.task().map(|task| match task {
            Task::Train(options)
            | Task::BenchAccuracy { options, .. }
            | Task::CrossValidate { options, .. } => options,
        })
    }

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_flags_the_default_recipe_trains() {
        let options = parse("").unwrap();
        assert_eq!(options.settings, Recipe::Default.settings());
        assert_eq!(options.out, PathBuf::from("runs/default"));
    }

    #[test]
    fn a_flag_replaces_its_number_of_the_recipe() {
        let options = parse("--recipe reference --epochs 3 --lr 0.5 --weight-decay 0 --seed 9").unwrap();
        let mut expected = Recipe::Reference.settings();
        (expected.epochs, expected.learning_rate, expected.seed) = (3, 0.5, 9);
        assert_eq!(options.settings, expected);
    }

    #[test]
    fn a_shortened_recipe_keeps_its_shares_but_for_what_is_given() {
        let settings = |flags| {
            let Settings { epochs, warmup_epochs, qat_epochs, .. } = parse(flags).unwrap().settings;
            (epochs, warmup_epochs, qat_epochs)
        };
        assert_eq!(settings("--recipe best"), (200, 5, 40));
        assert_eq!(settings("--recipe best --epochs 20"), (20, 1, 4));
        assert_eq!(settings("--recipe best --epochs 20 --qat-epochs 7 --warmup-epochs 2"), (20, 2, 7));
        let given = parse("--recipe best --epochs 6 --ema-decay 0.999").unwrap();
        assert_eq!(given.settings.ema_decay, 0.999);
    }

    #[test]
    fn parts_that_do_not_fit_into_the_run_are_usage_errors_that_say_what_to_change() {
        for (flags, part) in [
            ("--recipe best --epochs 6 --qat-epochs 6", "lower it, or raise --epochs"),
            (
                "--recipe best --epochs 6 --qat-epochs 40",
                "--qat-epochs: expected fewer than the run's 6 epochs",
            ),
            ("bench-accuracy --epochs 6 --qat-epochs 6", "--qat-epochs"),
            (
                "cross-validate --epochs 6 --warmup-epochs 7",
                "--warmup-epochs: expected at most the run's 6 epochs",
            ),
        ] {
            let error = parse(flags).err().unwrap_or_else(|| panic!("{flags} was taken"));
            assert_eq!(error.exit_code(), 2, "{flags}");
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(parse("--epochs 6 --qat-epochs 6 --resume").is_ok());
    }

    #[test]
    fn how_to_learn_from_teachers_needs_one() {
        for flag in ["--temperature 2", "--distillation 0.5"] {
            let error = parse(flag).err().unwrap_or_else(|| panic!("{flag} was taken"));
            assert_eq!(error.exit_code(), 2, "{flag}");
            assert!(error.to_string().contains("--teacher <DIR>"), "{error}");
            assert!(parse(&format!("{flag} --teacher runs/a --teacher runs/b")).is_ok());
        }
    }

    #[test]
    fn a_share_is_kept_as_it_was_given() {
        let settings = parse("--teacher runs/a --distillation 0.9").unwrap().settings;
        assert_eq!(settings.distillation.to_string(), "0.9");
    }

    #[test]
    fn a_benchmark_takes_the_flags_of_training() {
        let arguments = "lenet-train bench-accuracy --seeds 3 --recipe best --bits 4";
        let task = Cli::try_parse_from(arguments.split_whitespace()).unwrap().task();
        let Ok(Task::BenchAccuracy { seeds, options }) = task else { panic!("no benchmark") };
        let settings = options.settings;
        assert_eq!((seeds, settings.recipe, settings.bits), (3, Recipe::Best, "4".parse().unwrap()));
    }

    #[test]
    fn numbers_out_of_range_are_usage_errors() {
        for flags in [
            "--epochs 0",
            "--epochs -1",
            "--batch-size 0",
            "--batch-size 1e3",
            "--lr 0",
            "--lr -1",
            "--lr NaN",
            "--lr inf",
            "--weight-decay -0.1",
            "--weight-decay NaN",
            "--threads 0",
            "--seed -1",
            "--label-smoothing 1",
            "--ema-decay -0.1",
            "--rotation 181",
            "--shift -1",
            "--scale 1",
            "--stroke 1.1",
            "--temperature 0",
            "--distillation 2",
            "bench-accuracy --seeds 0",
            "--optimizer adagrad",
            "--recipe mine",
            "--dataset cifar",
            "--bits 5",
            "--bits fc9=4",
            "surplus",
        ] {
            let error = parse(flags).err().unwrap_or_else(|| panic!("{flags} was taken"));
            assert_eq!(error.exit_code(), 2, "{flags}");
        }
    }
}
