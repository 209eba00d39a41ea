//! Compares the core's kernels with the portable ones, on the Cortex-M boards that QEMU emulates.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_arm::Qemu;
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let equal = app::corpus(&mut Qemu::take());
    process::exit(i32::from(!equal))
}
