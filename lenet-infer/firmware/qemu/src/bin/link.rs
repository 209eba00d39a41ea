//! Answers a host over the UART of the boards that QEMU emulates.
#![no_std]
#![no_main]

use qemu::{Qemu, SIDE, entry};

/// Serves, for ever.
#[entry]
fn main() -> ! {
    app::serve::<SIDE, _>(&mut Qemu::take())
}
