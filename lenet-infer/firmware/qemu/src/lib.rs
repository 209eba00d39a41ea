//! What the programs for the boards that QEMU emulates share: the board, and what happens on a panic.
#![no_std]

mod board;
#[cfg_attr(target_arch = "arm", path = "counter/systick.rs")]
#[cfg_attr(target_arch = "riscv32", path = "counter/minstret.rs")]
mod counter;
mod uart;

pub use board::{Qemu, SIDE};
#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

use core::panic::PanicInfo;
use semihosting::{eprintln, process};

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::abort()
}
