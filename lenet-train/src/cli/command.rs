//! The subcommands and their arguments.

use super::training_flags::TrainingFlags;
use super::{Task, checked, recorded_path, usage_error};
use clap::Subcommand;
use lenet_train::commands::export::Export;
use lenet_train::commands::import::Import;
use lenet_train::commands::quantize::Quantize;
use lenet_train::data::{DatasetName, Preparation};
use lenet_train::model::bits::Bits;
use lenet_train::run::folder::Destination;
use std::path::PathBuf;

/// The subcommands; without one, the program trains a new run.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Quantizes a finished run again, without training, into a new run folder
    Quantize {
        /// Folder of the finished run
        #[arg(value_parser = recorded_path)]
        run: PathBuf,
        /// Bits per weight, 8 or 4, or a list that also sets layers and activations, such as conv=8,fc=4,activations=7; fc1=2
        /// and fc2=2 for ternary weights [default: those of the run]
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
    /// Scores a run's model on digits that are worn, of other hands or seen by a camera, and on what is no digit
    ScoreCard {
        /// Folder of the finished run, on MNIST or other pictures of the ten digits
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
        /// Bits per weight, 8 or 4, or a list that also sets layers and activations, such as conv=8,fc=4,activations=7; fc1=2
        /// and fc2=2 for ternary weights
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

impl Command {
    /// The task that the command describes.
    pub(super) fn task(self) -> Result<Task, clap::Error> {
        Ok(match self {
            Self::Quantize { run, bits, best, out, force, data } => {
                let destination = Destination { out, force };
                Task::Quantize(Quantize { run, bits, best, destination, data })
            }
            Self::Eval { run, data } => Task::Eval { run, data },
            Self::Report { run, data } => Task::Report { run, data },
            Self::ScoreCard { run, data } => Task::ScoreCard { run, data },
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
