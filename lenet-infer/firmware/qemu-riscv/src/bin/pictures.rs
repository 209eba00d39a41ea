//! Prepares generated pictures on the RV32IMC board that QEMU emulates.
#![no_std]
#![no_main]

use app::Room;
use qemu_riscv::{Qemu, SIDE};
use riscv_rt::entry;
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    app::pictures(&mut Qemu, if SIDE < 64 { Room::Small } else { Room::Large });
    process::exit(0)
}
