//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use lenet_infer::host::picture_file::Invert;

use crate::board::BoardArgs;
use crate::part::Part;

const EXIT_CODES: &str = "Exit codes: 0 success, 1 failure, 2 wrong usage.";

/// Run a quantized LeNet on pictures
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Model file that lenet-train exported [default: the shipped model]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) model: Option<PathBuf>,
    /// Print one JSON object on one line instead of the text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say which class each picture shows, and how sure the model is
    Classify(ClassifyArgs),
    /// Score the model on a data set of IDX files
    ///
    /// Prints accuracy, speed, recall per class, and the confusion matrix. The speed is that of classification alone on
    /// one thread: the images of the set are classified repeatedly for at least 0.3 s, and their number is divided by the
    /// CPU time of the thread. It includes neither reading files nor time that other processes had the core.
    Eval(EvalArgs),
    /// Show the contents of the model file: header, metadata, layers, scales, sizes
    Inspect,
    /// Talk to a board that runs the firmware, or to one that QEMU emulates
    Board(BoardArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ClassifyArgs {
    /// PNG or JPEG pictures of up to 300 megapixels, stretched to 28x28 grey pixels; or files of 784 raw bytes, row by
    /// row, 0 for paper to 255 for ink. Name a raw file .raw or .bin if it may look like a picture. A pipe is read as
    /// /dev/stdin
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) images: Vec<PathBuf>,
    /// Turn dark ink on light paper into light ink on dark paper, as the model was trained
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) invert: Invert,
    /// Show the 28x28 pixels that the model sees even when the output is not a terminal
    #[arg(long, conflicts_with = "json")]
    pub(crate) show: bool,
}

#[derive(Args, Debug)]
pub(crate) struct EvalArgs {
    /// Folder of the IDX files, plain or .gz, named as those of MNIST
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The part of the data set
    #[arg(long, value_enum, default_value_t)]
    pub(crate) part: Part,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_common_flags_go_before_or_after_the_subcommand() {
        for arguments in [["lenet-infer", "--json", "inspect"], ["lenet-infer", "inspect", "--json"]] {
            assert!(Cli::parse_from(arguments).json);
        }
    }
}
