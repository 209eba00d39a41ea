//! The program whose instructions and stack are counted while it prepares pictures, on the Cortex-M boards that QEMU emulates.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_arm::Qemu;
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let finished = app::bench_picture(&mut Qemu::take());
    process::exit(i32::from(!finished))
}
