//! The XPT2046, which measures where a resistive touch panel is touched; the ADS7843 and the TSC2046 are alike.
//!
//! A command of 8 bits chooses what is measured. The result has 12 bits and comes in the 16 bits after the command, behind
//! one idle bit. Source: the chip's data sheet, "Digital interface".

use embedded_hal::spi::{Operation, SpiDevice};

use super::Point;

/// Measures the position from the left.
const X: u8 = 0b1101_0001;
/// Measures the position from the top.
const Y: u8 = 0b1001_0001;
/// Measures the voltage at one plate across the touch, and at the other: the closer they are, the firmer the touch.
const Z1: u8 = 0b1011_0001;
/// The second of them. The chip powers down afterwards.
const Z2: u8 = 0b1100_0000;
/// The largest result.
const MOST: u16 = 0xFFF;
/// How close the two voltages are in a touch.
const APART: u16 = MOST - 300;
/// How far apart two measurements of a touch may be. Those of a finger that lifts are not that close.
const STEADY: u16 = 60;

/// What the chip measures at the edges of a panel: left to right, and top to bottom. The panel is mirrored if the first
/// value is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// At the left edge and at the right one, 0 to 4,095.
    pub x: (u16, u16),
    /// At the upper edge and at the lower one, 0 to 4,095.
    pub y: (u16, u16),
}

/// The controller, on an SPI bus of at most 2.5 MHz, mode 0.
#[derive(Clone, Debug)]
pub struct Xpt2046<S> {
    spi: S,
    calibration: Calibration,
}

impl<S: SpiDevice> Xpt2046<S> {
    /// Makes the controller of a panel.
    pub const fn new(spi: S, calibration: Calibration) -> Self {
        Self { spi, calibration }
    }

    /// Returns where the panel is touched, or `None` if it is not or moves too fast to tell.
    ///
    /// # Errors
    ///
    /// Returns the error of the SPI bus.
    pub fn touch(&mut self) -> Result<Option<Point>, S::Error> {
        // The first measurement with other plates is unsteady.
        let [_, x, _, y, x_again, y_again, z1, z2] = self.measure([X, X, Y, Y, X, Y, Z1, Z2])?;
        let touched = z2.saturating_sub(z1) <= APART;
        let steady = x.abs_diff(x_again) <= STEADY && y.abs_diff(y_again) <= STEADY;
        let point = Point { x: place(x, self.calibration.x), y: place(y, self.calibration.y) };
        Ok((touched && steady).then_some(point))
    }

    fn measure<const N: usize>(&mut self, commands: [u8; N]) -> Result<[u16; N], S::Error> {
        let mut results = [0; N];
        for (command, result) in commands.into_iter().zip(&mut results) {
            let mut bytes = [0; 2];
            self.spi.transaction(&mut [Operation::Write(&[command]), Operation::Read(&mut bytes)])?;
            *result = (u16::from_be_bytes(bytes) / 8) & MOST;
        }
        Ok(results)
    }
}

/// Converts a measurement to a place, given those at both edges.
fn place(measured: u16, (first, last): (u16, u16)) -> u16 {
    let [measured, first, last] = [measured, first, last].map(i32::from);
    let span = last - first;
    // Both have the same sign where the touch is on the panel, and 16 bits hold the quotient after the clamp.
    let place = ((measured - first) * i32::from(u16::MAX)).checked_div(span).unwrap_or(0);
    place.clamp(0, u16::MAX.into()) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;
    use embedded_hal::spi::ErrorType;

    const CALIBRATION: Calibration = Calibration { x: (200, 3_900), y: (3_800, 300) };

    /// A chip whose panel is touched at a raw position, or not.
    struct Chip {
        touched: Option<(u16, u16)>,
        /// How much every second measurement is off.
        noise: u16,
        measurements: u16,
    }

    impl ErrorType for Chip {
        type Error = Infallible;
    }

    impl SpiDevice for Chip {
        fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
            let [Operation::Write([command]), Operation::Read(bytes)] = operations else {
                panic!("a command of a byte, then a result");
            };
            self.measurements += 1;
            let off = self.noise * (self.measurements / 2 % 2);
            let result = match (command >> 4, self.touched) {
                (0b1101, Some((x, _))) => x + off,
                (0b1001, Some((_, y))) => y + off,
                (0b1011, Some(_)) => 900,
                (0b1100, Some(_)) => 2_900,
                (0b1100, None) => MOST,
                _ => 0,
            };
            bytes.copy_from_slice(&(result << 3).to_be_bytes());
            Ok(())
        }
    }

    fn touch(touched: Option<(u16, u16)>, noise: u16) -> Option<Point> {
        let Ok(point) = Xpt2046::new(Chip { touched, noise, measurements: 0 }, CALIBRATION).touch();
        point
    }

    #[test]
    fn a_touch_is_placed_between_the_edges_and_never_beyond() {
        assert_eq!(touch(Some((200, 3_800)), 0), Some(Point { x: 0, y: 0 }));
        assert_eq!(touch(Some((3_900, 300)), 0), Some(Point { x: 65_535, y: 65_535 }));
        assert_eq!(touch(Some((2_050, 2_050)), 0), Some(Point { x: 32_767, y: 32_767 }));
        assert_eq!(touch(Some((0, 4_095)), 0), Some(Point { x: 0, y: 0 }));
        assert_eq!(touch(Some((4_095, 0)), 0), Some(Point { x: 65_535, y: 65_535 }));
    }

    #[test]
    fn no_touch_and_an_unsteady_one_are_no_place() {
        assert_eq!(touch(None, 0), None);
        assert!(touch(Some((2_000, 2_000)), STEADY).is_some());
        assert_eq!(touch(Some((2_000, 2_000)), 3 * STEADY), None);
    }
}
