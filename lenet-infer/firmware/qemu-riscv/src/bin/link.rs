//! Answers a host over the UART of the RV32IMC board that QEMU emulates.
#![no_std]
#![no_main]

use qemu_riscv::{Qemu, SIDE};
use riscv_rt::entry;

/// Serves, for ever.
#[entry]
fn main() -> ! {
    app::serve::<SIDE, _>(&mut Qemu)
}
