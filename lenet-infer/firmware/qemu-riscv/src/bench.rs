//! The firmware whose instructions and stack are measured, for the RV32IMC board that QEMU emulates.
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
    let finished = app::bench(&mut Qemu);
    process::exit(i32::from(!finished))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::abort()
}
