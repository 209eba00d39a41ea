//! The command line.

#[cfg(test)]
mod tests;
mod training_flags;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use lenet_train::commands::Session;
use lenet_train::commands::export::Export;
use lenet_train::commands::import::Import;
use lenet_train::commands::quantize::Quantize;
use lenet_train::data::DatasetName;
use lenet_train::model::bits::Bits;
use lenet_train::run::config::RunConfig;
use lenet_train::run::console::Console;
use lenet_train::run::folder::Destination;
use lenet_train::run::interrupt::Interrupt;
use std::path::PathBuf;
use training_flags::TrainingFlags;

/// Trains LeNet on handwritten digits, or on any pictures of 2 to 64 classes, quantizes it, and exports it for boards.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    training: TrainingFlags,
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    session: SessionFlags,
}

/// Where a run goes.
#[derive(Args)]
struct RunFlags {
    /// Folder for everything the run writes [default: a new folder runs/<date>-<n>, to which runs/latest points]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out, or with runs/latest; needs no other flag. With --epochs, train it to more epochs
    #[arg(long, conflicts_with_all = ["force", "config"])]
    resume: bool,
    /// Replace the run in --out
    #[arg(long, requires = "out")]
    force: bool,
}

/// How the program runs.
#[derive(Args)]
struct SessionFlags {
    /// Worker threads, 1 to 65536 [default: one per core]
    #[arg(long, value_name = "N", global = true, value_parser = parse_threads)]
    threads: Option<usize>,
    /// Write the figures of each epoch to metrics.csv too
    #[arg(long, global = true)]
    csv: bool,
    /// Print nothing but errors
    #[arg(long, global = true)]
    quiet: bool,
}

/// What to do instead of one training run.
#[derive(Subcommand)]
enum Command {
    /// Quantizes a finished run anew, without training, into a run folder of its own
    Quantize {
        /// Folder of the run
        run: PathBuf,
        /// Bits of the model's weights: 8, 4, or a list such as conv=8,fc=4,activations=7 [default: those of the run]
        #[arg(long)]
        bits: Option<Bits>,
        /// Take the weights of the epoch with the lowest validation loss
        #[arg(long)]
        best: bool,
        /// Folder for the results [default: RUN/quantized-<bits>]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Replace the run in that folder
        #[arg(long)]
        force: bool,
        /// Folder of the data set, if it has moved
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Checks a run's model file on the test images again
    Eval {
        /// Folder of the run
        run: PathBuf,
        /// Folder of the data set, if it has moved
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Writes a run's metrics.json and report.html again
    Report {
        /// Folder of the run
        run: PathBuf,
        /// Folder of the data set, if it has moved
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Makes a run from the weights of a PyTorch LeNet: a safetensors file of its state_dict
    Import {
        /// The file, with conv1.weight to fc3.bias
        weights: PathBuf,
        /// Mean of the pixels, if the network was trained on (pixel - mean) / deviation, pixels from 0 to 1
        #[arg(long, requires = "std", allow_negative_numbers = true)]
        mean: Option<f64>,
        /// Standard deviation of the pixels, above 0
        #[arg(
            long = "std",
            id = "std",
            value_name = "DEVIATION",
            requires = "mean",
            allow_negative_numbers = true
        )]
        deviation: Option<f64>,
        /// Bits of the model's weights: 8, 4, or a list such as conv=8,fc=4,activations=7
        #[arg(long, default_value = "8")]
        bits: Bits,
        /// Folder of the data set to calibrate and check on
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Which published data set it is
        #[arg(long, value_name = "NAME", default_value = "mnist")]
        dataset: DatasetName,
        /// Folder for the run [default: a new folder runs/<date>-<n>]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Replace the run in that folder
        #[arg(long, requires = "out")]
        force: bool,
    },
    /// Writes a run's f32 weights for other programs
    #[command(group = clap::ArgGroup::new("formats").required(true).multiple(true))]
    Export {
        /// Folder of the run
        run: PathBuf,
        /// File for PyTorch: a safetensors file of the state_dict
        #[arg(long, value_name = "FILE", group = "formats")]
        safetensors: Option<PathBuf>,
        /// File for ONNX Runtime
        #[arg(long, value_name = "FILE", group = "formats")]
        onnx: Option<PathBuf>,
    },
    /// Trains several seeds and prints their mean test accuracy; goes on where it was stopped
    BenchAccuracy {
        /// Seeds, counted up from --seed; the last is at most 18446744073709551615
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        seeds: u64,
        /// Folder for the runs
        #[arg(long, value_name = "DIR", default_value = "runs/bench-accuracy")]
        out: PathBuf,
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
        /// Folder for the runs
        #[arg(long, value_name = "DIR", default_value = "runs/cross-validate")]
        out: PathBuf,
        #[command(flatten)]
        training: Box<TrainingFlags>,
    },
}

/// What the program is asked to do.
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

impl Cli {
    /// The task, if its flags go together, and how to run it.
    ///
    /// # Errors
    ///
    /// A usage error, which exits with 2.
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
            Self::Import { weights, mean, deviation, bits, data, dataset, out, force } => {
                let normalization = mean.zip(deviation);
                let destination = Destination { out, force };
                Task::Import(Import { weights, normalization, bits, data, dataset, destination })
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

/// The run that the flags describe, if it can work.
fn checked(flags: &TrainingFlags) -> Result<RunConfig, clap::Error> {
    let config = flags.config().map_err(usage_error)?;
    config.training.check().map_err(usage_error)?;
    Ok(config)
}

fn usage_error(problem: impl std::error::Error) -> clap::Error {
    let message = with_causes(&problem);
    Cli::command().error(ErrorKind::ArgumentConflict, message)
}

/// An error and its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn parse_threads(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| (1..=65_536).contains(count)).ok_or("expected 1 to 65536".to_owned())
}
