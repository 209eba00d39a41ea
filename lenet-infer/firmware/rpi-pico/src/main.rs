//! The firmware for the Raspberry Pi Pico: the report over USB, then its host's requests.
#![no_std]
#![no_main]

use rp2040_hal::entry;
use rpi_pico::Pico;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

#[entry]
fn main() -> ! {
    let (mut board, _) = Pico::take();
    app::start::<SIDE, _>(&mut board)
}
