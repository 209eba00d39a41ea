//! Prepares generated pictures on the Cortex-M boards that QEMU emulates.
#![no_std]
#![no_main]

use app::Room;
use cortex_m_rt::entry;
use qemu_arm::{Qemu, SIDE};
use semihosting::process;

/// Runs the program, once.
#[entry]
fn main() -> ! {
    app::pictures(&mut Qemu::take(), if SIDE < 64 { Room::Small } else { Room::Large });
    process::exit(0)
}
