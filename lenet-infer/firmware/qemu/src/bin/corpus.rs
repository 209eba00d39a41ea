//! Compares the core's kernels with the portable ones, on the boards that QEMU emulates.
#![no_std]
#![no_main]

use qemu::{Qemu, entry};
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let equal = app::corpus(&mut Qemu::take());
    process::exit(i32::from(!equal))
}
