//! Compares the core's kernels with the portable ones, on the RV32IMC board that QEMU emulates.
#![no_std]
#![no_main]

use qemu_riscv::Qemu;
use riscv_rt::entry;
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let equal = app::corpus(&mut Qemu);
    process::exit(i32::from(!equal))
}
