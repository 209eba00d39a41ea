//! Answers a host over the UART of the Cortex-M boards that QEMU emulates.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_arm::{Qemu, SIDE};

/// Serves, for ever.
#[entry]
fn main() -> ! {
    app::serve::<SIDE, _>(&mut Qemu::take())
}
