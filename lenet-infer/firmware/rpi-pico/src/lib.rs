//! What the programs for the Raspberry Pi Pico share.
#![no_std]

mod board;
mod header;
mod panel;

use core::panic::PanicInfo;

pub use board::Pico;
pub use header::{DisplayPins, Header, TouchPins};
pub use panel::TouchPanel;

/// What the chip's ROM runs first: it sets the flash chip up.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// Records the panic and restarts the chip. A reset of the core would leave its peripherals as they are.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    app::crash::record(info);
    rp2040_hal::reset()
}
