//! Classifies the golden digits on the boards that QEMU emulates, and judges every logit.
#![no_std]
#![no_main]

use qemu::{Qemu, entry};
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let passed = app::run(&mut Qemu::take());
    process::exit(i32::from(!passed))
}
