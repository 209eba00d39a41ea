//! The program whose instructions and stack are counted, with the model that has int4 weights, on the RV32IMC board that QEMU emulates.
#![no_std]
#![no_main]

use qemu_riscv::Qemu;
use riscv_rt::entry;
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let finished = app::bench_int4(&mut Qemu);
    process::exit(i32::from(!finished))
}
