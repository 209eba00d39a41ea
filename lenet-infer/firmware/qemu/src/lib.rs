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

/// From now on, a panic is recorded and restarts the board.
pub fn restart_on_panic() {
    RESTARTS.store(true, Ordering::Relaxed);
}

/// Ends the program, or restarts it.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if RESTARTS.load(Ordering::Relaxed) {
        app::crash::record(info);
        restart();
    }
    eprintln!("{info}");
    process::abort()
}

/// Restarts the board.
#[cfg(target_arch = "arm")]
fn restart() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

/// Restarts the board, by the device of `virt` that is there for tests.
#[cfg(target_arch = "riscv32")]
fn restart() -> ! {
    const DEVICE: usize = 0x10_0000;
    const RESET: u32 = 0x7777;
    // SAFETY: the device has this register, and a write of this value restarts all.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(DEVICE).write_volatile(RESET) };
    loop {
        core::hint::spin_loop();
    }
}
