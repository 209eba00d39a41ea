//! A module with a display of 240x320 pixels (ILI9341) and a touch panel in front of it (XPT2046), held upright.
//!
//! Digits are drawn on the upper 240x240 pixels; what they are read as stands below.

mod display;
mod touch;

use core::cell::RefCell;

use app::sleep::Alarm;
use app::{Panel, Point, Reading};
use lenet_infer::picture::NoDigit;
use rp2040_hal::fugit::MicrosDurationU32;
use rp2040_hal::pac::Interrupt;
use rp2040_hal::timer::{Alarm as _, Alarm0};

use crate::board::Pico;
use crate::header::Header;
use display::Display;
use touch::Touch;

/// The frequency of the chip's peripherals, in Hz.
const PERIPHERALS: u32 = 125_000_000;
/// The time between two samples.
const SAMPLE: MicrosDurationU32 = MicrosDurationU32::millis(10);

/// The module. While it waits, it serves the board's USB port.
pub struct TouchPanel {
    touch: Touch,
    display: Display,
    board: &'static RefCell<Pico>,
    sample: Alarm0,
    sampled: Alarm<Interrupt>,
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
        let mut sample = timer.alarm_0().expect("the first alarm is taken once, here");
        sample.enable_interrupt();
        Self { touch, display, board, sample, sampled: Alarm::new(Interrupt::TIMER_IRQ_0) }
    }
}

impl Panel for TouchPanel {
    fn touch(&mut self) -> Option<Point> {
        self.touch.touch()
    }

    fn wait(&mut self) {
        // An alarm that soon is never refused.
        if self.sample.schedule(SAMPLE).is_ok() {
            self.board.borrow_mut().serve_usb(|| self.sample.finished());
        }
        self.sample.clear_interrupt();
        self.sampled.forget();
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
