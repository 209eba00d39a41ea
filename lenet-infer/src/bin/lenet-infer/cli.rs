//! The command line.

use std::path::PathBuf;

use clap::error::ErrorKind;
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
    ///
    /// Finds the digit in a photo, a drawing or a scan, wherever it is, and makes of it an image as MNIST has them. A
    /// picture without a digit, or with several, is an error: `read` reads several.
    Classify(ClassifyArgs),
    /// Read the numbers in pictures, line by line
    ///
    /// Prints a line for each line of digits, at most 64 digits per picture. A digit of which the model is not confident is
    /// printed as ?. A gap of more than one and a half times the height of the digits divides numbers.
    Read(ReadArgs),
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
    /// Photos, drawings or scans of one digit each: PNG, JPEG, WebP, BMP, GIF or TIFF, up to 300 megapixels
    ///
    /// A file of 784 raw bytes, row by row, 0 for paper to 255 for ink, and a picture that is like an image of MNIST, are
    /// taken as they are. Name a raw file .raw or .bin if it may look like a picture. A pipe is read as /dev/stdin.
    #[arg(required = true, value_name = "PICTURE")]
    pub(crate) pictures: Vec<PathBuf>,
    /// Stretch the whole picture to 28x28 pixels, instead of finding the digit in it: for a model that was trained so
    #[arg(long)]
    pub(crate) as_is: bool,
    /// With --as-is, turn dark ink on light paper into light ink on dark paper, as the model was trained
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", requires = "as_is")]
    pub(crate) invert: Invert,
    /// Show the 28x28 pixels that the model sees even when the output is not a terminal
    #[arg(long, conflicts_with = "json")]
    pub(crate) show: bool,
    /// Draw how the picture becomes an image, as a PNG file
    ///
    /// The upper row shows the whole picture: its gray levels, the ink on it, the smoothed ink, the ink's edges (Sobel
    /// gradient), and its connected parts in colors. The lower row shows the same of a closer look at the digit, if one was
    /// needed. At the right are the picture with a box around the digit, and the image that the model sees.
    #[arg(long, value_name = "FILE", conflicts_with = "as_is")]
    pub(crate) steps: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ReadArgs {
    /// Photos, drawings or scans: PNG, JPEG, WebP, BMP, GIF or TIFF, up to 300 megapixels
    #[arg(required = true, value_name = "PICTURE")]
    pub(crate) pictures: Vec<PathBuf>,
    /// Draw the picture with a box around each digit, and its class or ?, as a PNG file
    ///
    /// A class without a digit as its name is drawn as its number.
    #[arg(long, value_name = "FILE")]
    pub(crate) annotate: Option<PathBuf>,
}

impl Command {
    /// Checks what the parser cannot. Returns the kind of the error and the message.
    pub(crate) fn check(&self) -> Result<(), (ErrorKind, String)> {
        let one = |flag: &str, out: &Option<PathBuf>, pictures: &[PathBuf]| {
            if out.is_none() || pictures.len() == 1 {
                return Ok(());
            }
            let message =
                format!("'{flag} <FILE>' draws one picture, found {}: remove the others", pictures.len());
            Err((ErrorKind::TooManyValues, message))
        };
        match self {
            Self::Classify(args) => one("--steps", &args.steps, &args.pictures),
            Self::Read(args) => one("--annotate", &args.annotate, &args.pictures),
            Self::Board(args) => {
                args.check().map_err(|message| (ErrorKind::MissingRequiredArgument, message))
            }
            Self::Eval(_) | Self::Inspect => Ok(()),
        }
    }
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
