//! The firmware for the Raspberry Pi Pico: the report over USB, then its host's requests.
#![no_std]
#![no_main]

mod board;
mod usb;

use board::Pico;
use rp2040_hal::entry;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

/// What the chip's ROM runs first: it sets the flash chip up.
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

#[entry]
fn main() -> ! {
    app::start::<SIDE, _>(&mut Pico::take())
}
