//! The firmware for the STM32F4 Discovery boards: the report over a UART, then its host's requests.
#![no_std]
#![no_main]

mod board;

use board::Discovery;
use cortex_m_rt::entry;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

#[entry]
fn main() -> ! {
    app::start::<SIDE, _>(&mut Discovery::take())
}
