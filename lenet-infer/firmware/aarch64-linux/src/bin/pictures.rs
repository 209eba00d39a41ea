//! Prepares generated pictures on 64-bit Arm.
#![no_std]
#![no_main]

use aarch64_linux::{Linux, exit};
use app::Room;

/// Runs the program.
#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    app::pictures(&mut Linux, Room::Large);
    exit(true)
}
