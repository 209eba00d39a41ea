//! The command line: flags and subcommands, parsed into a [`Task`] and a [`Session`].

#[cfg(test)]
mod tests;
mod training_flags;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use lenet_train::commands::Session;
use lenet_train::commands::export::Export;
use lenet_train::commands::import::Import;
use lenet_train::commands::quantize::Quantize;
use lenet_train::data::{DatasetName, Preparation};
use lenet_train::model::bits::Bits;
use lenet_train::run::config::RunConfig;
use lenet_train::run::console::Console;
use lenet_train::run::folder::Destination;
use lenet_train::run::interrupt::Interrupt;
use std::fs;
use std::path::PathBuf;
use training_flags::TrainingFlags;

/// Trains LeNet on handwritten digits, or on any images of 2 to 64 classes, quantizes it, and exports it for
/// microcontrollers.
///
/// Without a command, trains a new run. `lenet-train COMMAND --help` describes a command.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    training: TrainingFlags,
    #[command(flatten)]
    session: SessionFlags,
}

/// The folder of a training run.
#[derive(Args)]
struct RunFlags {
    /// Folder for all files of the run [default: a new folder runs/<date>-<n>, to which runs/latest points]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in --out, or in runs/latest, with its own settings. With --epochs, extend it to that number of
    /// epochs
    #[arg(long, conflicts_with_all = ["force", "config"])]
    resume: bool,
    /// Replace the run in --out; its checkpoint is kept as checkpoint.previous.safetensors
    #[arg(long, requires = "out")]
    force: bool,
}

/// The flags of every command. None of them changes a result.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
struct SessionFlags {
    /// Number of worker threads, 1 to 256 [default: one per core]
    #[arg(long, value_name = "N", global = true, value_parser = parse_threads)]
    threads: Option<usize>,
    /// Also write the metrics of each epoch to metrics.csv
    #[arg(long, global = true)]
    csv: bool,
    /// Print only errors
    #[arg(long, global = true)]
    quiet: bool,
}

/// The subcommands; without one, the program trains a new run.
#[derive(Subcommand)]
enum Command {
    /// Quantizes a finished run again, without training, into a new run folder
    Quantize {
        /// Folder of the finished run
        #[arg(value_parser = recorded_path)]
        run: PathBuf,
        /// Bits per weight, 8 or 4, or a list that also sets layers and activations, such as conv=8,fc=4,activations=7
        /// [default: those of the run]
        #[arg(long)]
        bits: Option<Bits>,
        /// Use the weights of the epoch with the lowest validation loss
        #[arg(long)]
        best: bool,
        /// Folder for the new run [default: RUN/quantized-<bits>]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Replace the run that is in that folder
        #[arg(long)]
        force: bool,
        /// Folder of the data set, if it was moved
        #[arg(long, value_name = "DIR", value_parser = recorded_path)]
        data: Option<PathBuf>,
    },
    /// Compares a run's model file with its f32 network on the test images
    Eval {
        /// Folder of the finished run
        run: PathBuf,
        /// Folder of the data set, if it was moved
        #[arg(long, value_name = "DIR", value_parser = recorded_path)]
        data: Option<PathBuf>,
    },
    /// Writes a run's metrics.json and report.html again
    Report {
        /// Folder of the finished run
        run: PathBuf,
        /// Folder of the data set, if it was moved
        #[arg(long, value_name = "DIR", value_parser = recorded_path)]
        data: Option<PathBuf>,
    },
    /// Creates a run from the weights of a PyTorch LeNet, and quantizes, exports and checks it
    Import {
        /// Safetensors file of the network's state_dict, with the tensors conv1.weight to fc3.bias
        #[arg(value_parser = recorded_path)]
        weights: PathBuf,
        /// Mean of the pixels, 0 to 1, if the network was trained on normalized pixels, (pixel - mean) / deviation
        #[arg(long, requires = "std", allow_negative_numbers = true)]
        mean: Option<f64>,
        /// Standard deviation of the pixels, above 0, if the network was trained on normalized pixels
        #[arg(
            long = "std",
            id = "std",
            value_name = "DEVIATION",
            requires = "mean",
            allow_negative_numbers = true
        )]
        deviation: Option<f64>,
        /// Bits per weight, 8 or 4, or a list that also sets layers and activations, such as conv=8,fc=4,activations=7
        #[arg(long, default_value = "8")]
        bits: Bits,
        /// Folder of the data set for calibration and the check [default: the bundled MNIST, else downloaded]
        #[arg(long, value_name = "DIR", value_parser = recorded_path)]
        data: Option<PathBuf>,
        /// Stretch the pictures of the folder, as the network was trained, instead of preparing them
        #[arg(long, requires = "data")]
        as_is: bool,
        /// Published data set to use; with --data, the one expected there
        #[arg(long, value_name = "NAME", default_value = "mnist")]
        dataset: DatasetName,
        /// Folder for the new run [default: a new folder runs/<date>-<n>, to which runs/latest points]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Replace the run in --out
        #[arg(long, requires = "out")]
        force: bool,
    },
    /// Writes a run's f32 weights for PyTorch or ONNX Runtime
    #[command(group = clap::ArgGroup::new("formats").required(true).multiple(true))]
    Export {
        /// Folder of the finished run
        run: PathBuf,
        /// Write the PyTorch state_dict to this safetensors file
        #[arg(long, value_name = "FILE", group = "formats")]
        safetensors: Option<PathBuf>,
        /// Write the network to this ONNX file
        #[arg(long, value_name = "FILE", group = "formats")]
        onnx: Option<PathBuf>,
    },
    /// Trains the same settings with several seeds and prints their mean test accuracy; run again, it continues where it
    /// was stopped
    BenchAccuracy {
        /// Number of seeds, 1 to 1000: --seed, --seed + 1, and so on
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        seeds: u64,
        /// Folder for the runs and the results
        #[arg(long, value_name = "DIR", default_value = "runs/bench-accuracy")]
        out: PathBuf,
        #[command(flatten)]
        training: Box<TrainingFlags>,
    },
    /// Trains once per fold of the training images, holding that fold out, and prints the mean accuracy on the folds; run
    /// again, it continues where it was stopped
    CrossValidate {
        /// Number of folds to hold out in turn, starting at the end of the training images; fold K uses the seed --seed + K
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
        folds: u16,
        /// Folder of an earlier cross-validation with the same folds; also prints the mean difference from it, paired by
        /// fold
        #[arg(long, value_name = "DIR")]
        compare: Option<PathBuf>,
        /// Folder for the runs and the results
        #[arg(long, value_name = "DIR", default_value = "runs/cross-validate")]
        out: PathBuf,
        #[command(flatten)]
        training: Box<TrainingFlags>,
    },
}

/// One command of the program, with its checked arguments.
pub(crate) enum Task {
    Train { config: RunConfig, destination: Destination },
    Resume { folder: Option<PathBuf>, flags: TrainingFlags },
    Quantize(Quantize),
    Eval { run: PathBuf, data: Option<PathBuf> },
    Report { run: PathBuf, data: Option<PathBuf> },
    Import(Import),
    Export(Export),
    BenchAccuracy { config: RunConfig, seeds: u64, out: PathBuf },
    CrossValidate { config: RunConfig, folds: usize, compare: Option<PathBuf>, out: PathBuf },
}

impl Task {
    /// Whether the task trains, so that there is something to save when it is stopped.
    pub(crate) fn trains(&self) -> bool {
        matches!(
            self,
            Self::Train { .. }
                | Self::Resume { .. }
                | Self::BenchAccuracy { .. }
                | Self::CrossValidate { .. }
        )
    }
}

impl Cli {
    /// Returns the task that the flags describe, and the session to run it in.
    ///
    /// # Errors
    ///
    /// Returns a usage error, which exits with status 2, if flags cannot be combined or a setting is out of range.
    pub(crate) fn parse_task(self, interrupt: Interrupt) -> Result<(Task, Session), clap::Error> {
        let SessionFlags { threads, csv, quiet } = self.session;
        let session = Session { threads, csv, console: Console::new(quiet), interrupt };
        let task = match self.command {
            Some(command) => command.task()?,
            None if self.run.resume => Task::Resume { folder: self.run.out, flags: self.training },
            None => {
                let RunFlags { out, force, .. } = self.run;
                Task::Train { config: checked(&self.training)?, destination: Destination { out, force } }
            }
        };
        Ok((task, session))
    }
}

impl Command {
    fn task(self) -> Result<Task, clap::Error> {
        Ok(match self {
            Self::Quantize { run, bits, best, out, force, data } => {
                let destination = Destination { out, force };
                Task::Quantize(Quantize { run, bits, best, destination, data })
            }
            Self::Eval { run, data } => Task::Eval { run, data },
            Self::Report { run, data } => Task::Report { run, data },
            Self::Import { weights, mean, deviation, bits, data, as_is, dataset, out, force } => {
                let normalization = mean.zip(deviation);
                let destination = Destination { out, force };
                Task::Import(Import {
                    weights,
                    normalization,
                    bits,
                    data,
                    preparation: if as_is { Preparation::AsIs } else { Preparation::Prepared },
                    dataset,
                    destination,
                })
            }
            Self::Export { run, safetensors, onnx } => Task::Export(Export { run, safetensors, onnx }),
            Self::BenchAccuracy { seeds, out, training } => {
                let config = checked(&training)?;
                config.training.seeds(seeds).map_err(usage_error)?;
                Task::BenchAccuracy { config, seeds, out }
            }
            Self::CrossValidate { folds, compare, out, training } => {
                let config = checked(&training)?;
                config.training.seeds(folds.into()).map_err(usage_error)?;
                Task::CrossValidate { config, folds: folds.into(), compare, out }
            }
        })
    }
}

/// Returns the run that the flags describe, with its settings checked.
fn checked(flags: &TrainingFlags) -> Result<RunConfig, clap::Error> {
    let config = flags.config().map_err(usage_error)?;
    config.training.check().map_err(usage_error)?;
    if flags.distils() && config.teachers.is_empty() {
        let message = "--distillation and --temperature: expected a teacher to learn from, found none: give --teacher <DIR>";
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, message));
    }
    Ok(config)
}

fn usage_error(problem: impl std::error::Error) -> clap::Error {
    let message = with_causes(&problem);
    Cli::command().error(ErrorKind::ArgumentConflict, message)
}

/// The messages of an error and its causes, joined by colons.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn parse_threads(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=256).contains(count))
        .ok_or("expected a number from 1 to 256".to_owned())
}

/// Parses a path that becomes part of the description of a run: absolute, and of the folder that a link points to now.
fn recorded_path(text: &str) -> Result<PathBuf, String> {
    if text.chars().any(char::is_control) {
        return Err("expected a path without control characters".to_owned());
    }
    let path = fs::canonicalize(text).or_else(|_| std::path::absolute(text));
    path.map_err(|error| format!("expected a path ({error})"))
}
