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
use core::sync::atomic::{AtomicBool, Ordering};
use semihosting::{eprintln, process};

/// Whether a panic restarts the board, as it does a real one.
static RESTARTS: AtomicBool = AtomicBool::new(false);

/// From now on, a panic is recorded and restarts the board. On RISC-V it ends the program as before.
pub fn restart_on_panic() {
    RESTARTS.store(true, Ordering::Relaxed);
}

/// Ends the program, or restarts it.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    #[cfg(target_arch = "arm")]
    if RESTARTS.load(Ordering::Relaxed) {
        app::crash::record(info);
        cortex_m::peripheral::SCB::sys_reset();
    }
    eprintln!("{info}");
    process::abort()
}
