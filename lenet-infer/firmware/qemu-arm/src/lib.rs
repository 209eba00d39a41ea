//! What the programs for the Cortex-M boards that QEMU emulates share: the board, and what happens on a panic.
#![no_std]

mod board;
mod uart;

pub use board::{Qemu, SIDE};

use core::panic::PanicInfo;
use semihosting::{eprintln, process};

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::abort()
}
