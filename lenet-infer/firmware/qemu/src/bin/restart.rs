//! Panics, to see that the board restarts and then tells what the panic said, on the boards that QEMU emulates.
#![no_std]
#![no_main]

use qemu::{Qemu, entry, restart_on_panic};
use semihosting::process;

/// Panics when it starts, and ends when it is started again.
#[entry]
fn main() -> ! {
    if app::crash::tell(&mut Qemu::take()) {
        process::exit(0);
    }
    restart_on_panic();
    panic!("a panic on purpose");
}
