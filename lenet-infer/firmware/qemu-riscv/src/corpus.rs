//! The firmware that compares the core's kernels with the portable ones, for the RV32IMC board that QEMU emulates.
#![no_std]
#![no_main]

mod board;

use board::Qemu;
use core::panic::PanicInfo;
use riscv_rt::entry;
use semihosting::{eprintln, process};

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let equal = app::corpus(&mut Qemu);
    process::exit(i32::from(!equal))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::abort()
}
