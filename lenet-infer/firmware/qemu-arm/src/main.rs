//! Classifies the golden digits on the Cortex-M boards that QEMU emulates, and judges every logit.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_arm::Qemu;
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let passed = app::run(&mut Qemu::take());
    process::exit(i32::from(!passed))
}
