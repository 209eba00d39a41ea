//! The program whose instructions and stack are counted, with the model that has ternary weights, on the boards that QEMU
//! emulates.
#![no_std]
#![no_main]

use qemu::{Qemu, entry};
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    let finished = app::bench_ternary(&mut Qemu::take());
    process::exit(i32::from(!finished))
}
