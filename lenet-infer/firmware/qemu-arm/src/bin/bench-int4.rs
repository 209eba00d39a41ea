//! The program whose instructions and stack are counted, with the model that has int4 weights, on the Cortex-M boards that QEMU emulates.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_arm::Qemu;
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let finished = app::bench_int4(&mut Qemu::take());
    process::exit(i32::from(!finished))
}
