//! Digits drawn on a touch panel.
//!
//! A [`Panel`] says where a pen touches; a [`Sketchpad`] draws lines between these points until the pen rests, and is then a
//! [`Camera`](crate::Camera) that gives the drawing. [`Xpt2046`] is a panel's controller.

mod sketchpad;
mod xpt2046;

pub use sketchpad::Sketchpad;
pub use xpt2046::{Calibration, Xpt2046};

use lenet_infer::picture::NoDigit;

use crate::camera::Reading;

/// A panel that a pen or a finger touches, perhaps in front of a display.
pub trait Panel {
    /// Returns where the panel is touched, or `None` if it is not.
    fn touch(&mut self) -> Option<Point>;
    /// Waits until the next sample, about 10 ms.
    fn wait(&mut self);

    /// Clears the display, if there is one.
    fn clear(&mut self) {}
    /// Shows a line that has been drawn, on the display if there is one.
    fn show_line(&mut self, from: Point, to: Point) {
        let _ = (from, to);
    }
    /// Shows what the drawing is read as, or why it is no digit, on the display if there is one.
    fn show_reading(&mut self, reading: Result<Reading, NoDigit>) {
        let _ = reading;
    }
}

/// A place on a panel: 0 is the left or upper edge, 65,535 the right or lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// From the left.
    pub x: u16,
    /// From the top.
    pub y: u16,
}
