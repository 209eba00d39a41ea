//! What the programs for the RV32IMC board that QEMU emulates share: the board, and what happens on a panic.
#![no_std]

mod board;

pub use board::{Qemu, SIDE};

use core::panic::PanicInfo;
use semihosting::{eprintln, process};

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::abort()
}
