//! The boards that QEMU emulates, and the firmware for them.
//!
//! An [`Emulator`] runs a firmware on the board of a [`Core`], either with the board's UART on a socket, for a
//! [`Client`](super::client::Client), or in a folder whose files the firmware reads and writes.

mod core;
mod emulator;
mod program;
mod stderr;

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::string::String;

use thiserror::Error;

pub use self::core::Core;
pub use self::emulator::{Emulator, Killer, Uart};

/// Why QEMU does not run a firmware.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QemuError {
    /// The firmware is not there.
    #[error("{}: expected the firmware, found no such file: build it with: {build}", path.display())]
    NoFirmware {
        /// The ELF file that was looked for.
        path: PathBuf,
        /// The shell command that builds it.
        build: String,
    },
    /// The firmware is no program for the core.
    #[error("{}: expected a program for {expected}, found {found}: build it with: {build}", path.display())]
    WrongFirmware {
        /// The file.
        path: PathBuf,
        /// The board and the core.
        expected: String,
        /// What the file is instead.
        found: String,
        /// The shell command that builds the right one.
        build: String,
    },
    /// The firmware cannot be read, or its path cannot be resolved.
    #[error("{}", path.display())]
    Path {
        /// The firmware's ELF file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// QEMU cannot be started.
    #[error("expected to run {program}: is QEMU installed? (Debian: apt-get install {package})")]
    NotInstalled {
        /// QEMU's program for the core.
        program: &'static str,
        /// Debian's package of it.
        package: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The operating system does not let us talk to QEMU.
    #[error("cannot talk to QEMU")]
    Talk {
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// QEMU ended before the board's UART was connected.
    #[error("QEMU ended before it began ({status}): {said}")]
    Ended {
        /// The exit status of QEMU.
        status: ExitStatus,
        /// The end of its standard error, on one line.
        said: String,
    },
    /// QEMU does not connect the board's UART.
    #[error("QEMU did not start within {seconds} s")]
    Slow {
        /// The time that it had.
        seconds: u64,
    },
}
