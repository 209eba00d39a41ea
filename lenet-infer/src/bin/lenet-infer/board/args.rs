//! The flags of `lenet-infer board`.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Subcommand, value_parser};

use super::qemu::Core;
use crate::cli::{Cli, Part};

#[derive(Args, Debug)]
pub(crate) struct BoardArgs {
    #[command(flatten)]
    pub(crate) wire: Wire,
    /// Bits a second on the serial port
    #[arg(long, value_name = "RATE", default_value_t = 115_200, value_parser = value_parser!(u32).range(1..))]
    pub(crate) baud: u32,
    /// ELF file that --qemu runs [default: the one in lenet-infer/firmware/target]
    #[arg(long, value_name = "ELF")]
    pub(crate) firmware: Option<PathBuf>,
    /// Seconds to wait for an answer before asking again
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub(crate) timeout: Duration,
    #[command(subcommand)]
    pub(crate) command: BoardCommand,
}

/// Where the board is.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Wire {
    /// Serial port that the board is on, /dev/ttyACM0 or COM3, say
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Address at which something carries the board's serial bytes
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) tcp: Option<String>,
    /// Core that QEMU shall emulate, with a board around it
    #[arg(long, value_name = "CORE", value_enum, ignore_case = true)]
    pub(crate) qemu: Option<Core>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BoardCommand {
    /// Show what the board is and holds
    Info,
    /// Score the board on a data set, and compare every logit with the host's
    ///
    /// Streams the images over the link, one by one. The exit code is 1 if any logit differs. The speed is that of
    /// all together: sending, classifying twice (once to count, once to see the stack), and answering.
    Eval(BoardEvalArgs),
    /// Count what classifying the golden digits takes
    Bench(BenchArgs),
    /// Compare every logit on a data set that an emulated board reads as a file, which is faster; needs --qemu
    Bulk(BoardEvalArgs),
}

#[derive(Args, Debug)]
pub(crate) struct BoardEvalArgs {
    /// Folder of the IDX files, plain or .gz, named as those of MNIST
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Which half of the data set
    #[arg(long, value_enum, default_value_t)]
    pub(crate) part: Part,
    /// Images from the first on [default: all]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Golden digits to classify, from the first on and around again
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u16).range(1..))]
    pub(crate) images: u16,
}

impl BoardArgs {
    /// Ends the program, as clap does for wrong usage, if something is given that only --qemu makes use of.
    pub(crate) fn check(&self) {
        let needs_qemu = match (&self.command, &self.firmware) {
            (BoardCommand::Bulk(_), _) => "bulk",
            (_, Some(_)) => "--firmware",
            _ => return,
        };
        if self.wire.qemu.is_none() {
            let message = format!("'{needs_qemu}' needs '--qemu <CORE>'");
            Cli::command().error(ErrorKind::MissingRequiredArgument, message).exit();
        }
    }
}

/// From a thousandth of a second to an hour.
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
