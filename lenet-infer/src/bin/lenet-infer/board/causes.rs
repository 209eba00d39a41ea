//! Why a board may not answer: what to look at, by what carries the link to it.

use std::path::Path;
use std::process::ExitStatus;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Error, anyhow};
use lenet_infer::host::client::LinkError;
use lenet_infer::host::qemu::{Core, Emulator};

use super::port::ports;

/// The time that QEMU has to end after it has closed the UART.
const END: Duration = Duration::from_millis(500);
/// The time between two looks at whether it has.
const PAUSE: Duration = Duration::from_millis(10);

/// The folder with a program for each board.
const FIRMWARE: &str = "lenet-infer/firmware";

/// What carries the link to a board.
pub(super) enum CarriedBy<'a> {
    Serial { port: &'a str, baud: u32 },
    Tcp { address: &'a str },
    Qemu(Emulated<'a>),
}

/// A program that QEMU runs.
pub(super) struct Emulated<'a> {
    pub(super) core: Core,
    pub(super) elf: &'a Path,
    pub(super) emulator: &'a Emulator,
}

impl CarriedBy<'_> {
    /// Adds the likely causes to an error if it is that the board does not answer, and what QEMU said if the link failed.
    /// Ends QEMU.
    pub(super) fn explain(&self, error: Error) -> Error {
        let Some(link) = error.chain().find_map(|cause| cause.downcast_ref::<LinkError>()) else {
            return error;
        };
        let causes = match link {
            LinkError::NoAnswer { received, .. } => self.silence(*received > 0),
            LinkError::Closed | LinkError::Port { .. } => self.end(),
            _ => vec![],
        };
        let mut message = format!("{error:#}");
        if !causes.is_empty() {
            let numbered = causes.iter().zip(1..).map(|(cause, number)| format!("({number}) {cause}"));
            message += "; likely causes, the most likely first: ";
            message += &numbered.collect::<Vec<_>>().join("; ");
        }
        if let Self::Qemu(emulated) = self {
            let said = emulated.emulator.end();
            message += if said.is_empty() { "; QEMU said nothing" } else { "; QEMU said: " };
            message += &said;
        }
        anyhow!(message)
    }

    /// Why no answer arrived, or only bytes that are none.
    fn silence(&self, babble: bool) -> Vec<String> {
        let slow = "the board takes longer than --timeout".to_owned();
        match self {
            Self::Serial { port, baud } => {
                let speed = format!("the board does not send at {baud} baud: give its rate with --baud");
                let program =
                    format!("the program on the board does not serve the link: flash that of {FIRMWARE}");
                let other = format!("{port} is not the board's port (ports found: {})", ports());
                let wires = "the board has no power, or RX and TX are swapped".to_owned();
                if babble {
                    vec![speed, program, other, slow]
                } else {
                    vec![other, program, wires, speed, slow]
                }
            }
            Self::Tcp { address } => {
                let other = format!("what listens at {address} does not carry the serial bytes of a board");
                let program =
                    format!("the board behind {address} does not run a program that serves the link");
                let speed =
                    format!("what listens at {address} has the serial port open at another baud rate");
                if babble { vec![other, program, speed, slow] } else { vec![program, other, speed, slow] }
            }
            Self::Qemu(emulated) => vec![
                emulated.wrong_program(),
                "the program crashed".to_owned(),
                "QEMU is slower here than --timeout allows".to_owned(),
            ],
        }
    }

    /// Why the link ended.
    fn end(&self) -> Vec<String> {
        match self {
            Self::Serial { port, .. } => vec![
                format!("the board was unplugged from {port}, or reset"),
                format!("another program has opened {port}"),
            ],
            Self::Tcp { address } => vec![
                format!("what listens at {address} ended, or restarted"),
                format!("what listens at {address} takes one connection at a time, and has one"),
                format!("what listens at {address} does not carry the serial bytes of a board"),
            ],
            Self::Qemu(emulated) => {
                let status = emulated.status().map(|status| format!(" ({status})")).unwrap_or_default();
                vec![
                    format!("the program crashed or ended, and QEMU with it{status}"),
                    emulated.wrong_program(),
                    "something else ended QEMU".to_owned(),
                ]
            }
        }
    }
}

impl Emulated<'_> {
    /// That the program may be another one.
    fn wrong_program(&self) -> String {
        let (elf, board, build) = (self.elf.display(), self.core.board(), self.core.build_command());
        format!("{elf} is not the program `link` for {board}: build it with: {build}")
    }

    /// The exit status of QEMU, if it ends soon.
    fn status(&self) -> Option<ExitStatus> {
        let deadline = Instant::now() + END;
        loop {
            match self.emulator.try_wait() {
                Ok(None) if Instant::now() < deadline => sleep(PAUSE),
                status => return status.ok().flatten(),
            }
        }
    }
}
