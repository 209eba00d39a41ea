//! The firmware for the first micro:bit: the report over the debugger's serial port, then its host's requests.
#![no_std]
#![no_main]

mod board;
mod uart;

use board::Microbit;
use cortex_m_rt::entry;

/// The side of the work grid on which the board prepares pictures: what its 16 kB of RAM have room for.
const SIDE: usize = 48;

#[entry]
fn main() -> ! {
    app::start::<SIDE, _>(&mut Microbit::take())
}
