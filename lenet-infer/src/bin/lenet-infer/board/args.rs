//! The flags of `lenet-infer board`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, value_parser};
use lenet_infer::host::qemu::Core;

use crate::part::Part;

#[derive(Args, Debug)]
pub(crate) struct BoardArgs {
    #[command(flatten)]
    pub(crate) wire: Wire,
    /// Bits per second on the serial port
    #[arg(long, value_name = "RATE", default_value_t = 115_200, value_parser = value_parser!(u32).range(1..))]
    pub(crate) baud: u32,
    /// ELF file that --qemu runs [default: the one in lenet-infer/firmware/target]
    #[arg(long, value_name = "ELF")]
    pub(crate) firmware: Option<PathBuf>,
    /// Seconds to wait for an answer before asking again; after four of these waits the board is given up
    ///
    /// A slow board needs a longer wait than it takes for an answer. `bulk` gives the board up when it writes no
    /// logits for four of these waits, from the start of QEMU on.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub(crate) timeout: Duration,
    #[command(subcommand)]
    pub(crate) command: BoardCommand,
}

/// The wire to the board.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Wire {
    /// Serial port of the board, such as /dev/ttyACM0 or COM3
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Address at which something carries the board's serial bytes
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) tcp: Option<String>,
    /// Core that QEMU emulates, on a board that has it
    #[arg(long, value_name = "CORE", value_parser = core(), ignore_case = true)]
    pub(crate) qemu: Option<Core>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BoardCommand {
    /// Show the board's name, its model, and its memory
    Info,
    /// Score the board on a data set, and compare every logit with the host's
    ///
    /// Sends the images over the link, one by one. The exit code is 1 if any logit differs. The speed includes
    /// sending, classifying twice (once to count cycles, once to measure the stack), and answering.
    Eval(BoardEvalArgs),
    /// Count the cycles of classifying the golden digits, and check their logits
    Bench(BenchArgs),
    /// Send a picture of one digit, and compare what the board sees with what the host sees, bit for bit
    ///
    /// The picture goes as gray levels, reduced to the size that the board takes. The exit code is 1 if the board finds
    /// no digit, or if a box, an image or a logit differs.
    Classify(PictureArgs),
    /// Send a picture of digits in lines, as `classify` does with that of one
    Read(PictureArgs),
    /// Compare every logit on a data set that an emulated board reads as a file, which is faster; needs --qemu
    ///
    /// The firmware first writes which board and which model it is for, and then the logits of each image. The exit
    /// code is 1 if any logit differs.
    Bulk(BoardEvalArgs),
}

#[derive(Args, Debug)]
pub(crate) struct BoardEvalArgs {
    /// Folder of the IDX files, plain or .gz, named as those of MNIST
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Part of the data set
    #[arg(long, value_enum, default_value_t)]
    pub(crate) part: Part,
    /// Number of images, from the first on [default: all]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

#[derive(Args, Debug)]
pub(crate) struct PictureArgs {
    /// PNG or JPEG picture of any size
    #[arg(value_name = "PICTURE")]
    pub(crate) picture: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Number of golden digits to classify, again from the first after the last
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u16).range(1..))]
    pub(crate) images: u16,
}

impl BoardArgs {
    /// Refuses arguments that need --qemu where --qemu is missing, with a message.
    pub(crate) fn check(&self) -> Result<(), String> {
        let needs_qemu = match (&self.command, &self.firmware) {
            (BoardCommand::Bulk(_), _) => "bulk",
            (_, Some(_)) => "--firmware",
            _ => return Ok(()),
        };
        if self.wire.qemu.is_some() { Ok(()) } else { Err(format!("'{needs_qemu}' needs '--qemu <CORE>'")) }
    }
}

/// Parses the name of a core, in upper or lower case.
fn core() -> impl TypedValueParser<Value = Core> {
    PossibleValuesParser::new(Core::ALL.map(|core| PossibleValue::new(core.name()).help(core.description())))
        .try_map(|name| Core::named(&name).ok_or("expected the name of a core"))
}

/// Parses a number of seconds, from a thousandth to an hour.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    if (0.001..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("expected 0.001 to 3600 seconds".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_out_is_a_sensible_number_of_seconds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "soon", "0", "-1", "NaN", "inf", "3601"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
