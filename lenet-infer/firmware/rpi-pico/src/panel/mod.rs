//! A module with a display of 240x320 pixels (ILI9341) and a touch panel in front of it (XPT2046), held upright.
//!
//! Digits are drawn on the upper 240x240 pixels; what they are read as stands below.

mod display;
mod touch;

use core::cell::RefCell;

use app::{Panel, Point, Reading};
use lenet_infer::picture::NoDigit;

use crate::board::Pico;
use crate::header::Header;
use display::Display;
use touch::Touch;

/// The frequency of the chip's peripherals, in Hz.
const PERIPHERALS: u32 = 125_000_000;
/// The time between two samples, in milliseconds.
const SAMPLE: u32 = 10;

/// The module. While it waits, it serves the board's USB port.
pub struct TouchPanel {
    touch: Touch,
    display: Display,
    board: &'static RefCell<Pico>,
}

impl TouchPanel {
    /// Sets both buses and the display up.
    ///
    /// # Panics
    ///
    /// Panics if it has been called before.
    pub fn new(header: Header, board: &'static RefCell<Pico>) -> Self {
        let Header { display_bus, display, touch_bus, touch, mut resets, mut timer } = header;
        let touch = Touch::new(touch_bus, touch, &mut resets);
        let display = Display::new(display_bus, display, &mut resets, &mut timer);
        Self { touch, display, board }
    }
}

impl Panel for TouchPanel {
    fn touch(&mut self) -> Option<Point> {
        self.touch.touch()
    }

    fn wait(&mut self) {
        self.board.borrow_mut().serve_usb(SAMPLE);
    }

    fn clear(&mut self) {
        self.display.clear();
    }

    fn show_line(&mut self, from: Point, to: Point) {
        self.display.line(from, to);
    }

    fn show_reading(&mut self, reading: Result<Reading, NoDigit>) {
        self.display.reading(reading);
    }
}
