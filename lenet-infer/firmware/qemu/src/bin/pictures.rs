//! Prepares generated pictures on the boards that QEMU emulates.
#![no_std]
#![no_main]

use app::Room;
use qemu::{Qemu, SIDE, entry};
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    app::pictures(&mut Qemu::take(), if SIDE < 64 { Room::Small } else { Room::Large });
    process::exit(0)
}
