//! Reads digits drawn on a touch panel: a line of text over USB for each.
#![no_std]
#![no_main]

use core::cell::RefCell;

use app::{Board, Sketchpad};
use cortex_m::singleton;
use rp2040_hal::entry;
use rpi_pico::{Pico, TouchPanel};

/// The side of the work grid on which the drawings are prepared.
const SIDE: usize = 48;

/// The board, shared with the panel.
struct Shared(&'static RefCell<Pico>);

// SAFETY: the board's own implementation keeps the contract, and this one adds nothing to it.
unsafe impl Board for Shared {
    const NAME: &str = Pico::NAME;
    const UNIT: &str = Pico::UNIT;

    fn cycles(&mut self) -> u32 {
        self.0.borrow_mut().cycles()
    }

    fn write(&mut self, text: &str) {
        Board::write(&mut *self.0.borrow_mut(), text);
    }
}

#[entry]
fn main() -> ! {
    let (pico, header) = Pico::take();
    let pico: &_ = singleton!(: RefCell<Pico> = RefCell::new(pico)).expect("once, here");
    let mut pad = Sketchpad::new(TouchPanel::new(header, pico));
    loop {
        app::look::<SIDE, _>(&mut Shared(pico), &mut pad, u32::MAX);
    }
}
