//! The whole test set through 32 kB of flash and 4 kB of RAM: the int4 model, on a Cortex-M0 that QEMU emulates.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use cortex_m as _; // The critical section.
use cortex_m_rt::entry;
use lenet_infer::SHIPPED_INT4;
use semihosting::process;

/// Runs the program, once. There is no room to say what went wrong; the exit code says that something did.
#[entry]
fn main() -> ! {
    process::exit(i32::from(app::bulk("microbit", &SHIPPED_INT4).is_err()))
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    process::abort()
}
