//! The firmware for the nRF52840-DK and the micro:bit v2: the report over the debugger's serial port, then its host's
//! requests.
#![no_std]
#![no_main]

mod board;

use board::Nordic;
use cortex_m_rt::entry;

/// The side of the work grid on which the board prepares pictures.
const SIDE: usize = 64;

#[entry]
fn main() -> ! {
    app::start::<SIDE, _>(&mut Nordic::take())
}
