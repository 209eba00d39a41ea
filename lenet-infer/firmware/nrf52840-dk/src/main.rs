//! The firmware for the nRF52840-DK and the micro:bit v2: the report over the debugger's serial port, then its host's
//! requests.
#![no_std]
#![no_main]

mod board;

use board::Nordic;
use cortex_m_rt::entry;
use panic_halt as _;

#[entry]
fn main() -> ! {
    let mut board = Nordic::take();
    let passed = app::run(&mut board);
    board.show_result(passed);
    app::serve(&mut board)
}
