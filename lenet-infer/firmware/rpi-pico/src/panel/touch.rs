//! The touch panel: an XPT2046 on the second SPI bus.

use app::{Calibration, Point, Xpt2046};
use embedded_hal::spi::MODE_0;
use embedded_hal_bus::spi::{ExclusiveDevice, NoDelay};
use rp2040_hal::fugit::RateExtU32;
use rp2040_hal::gpio::bank0::{Gpio10, Gpio11, Gpio12, Gpio13};
use rp2040_hal::gpio::{FunctionSio, FunctionSpi, Pin, PinState, PullDown, SioOutput};
use rp2040_hal::pac::{RESETS, SPI1};
use rp2040_hal::spi::{Enabled, Spi};

use super::PERIPHERALS;
use crate::header::TouchPins;

/// The frequency of the bus, in Hz.
const BUS: u32 = 2_000_000;
/// What the controller measures at the edges of a common panel of 2.8 inches. Yours differs a little. A digit is read
/// wherever it is drawn, so only mirrored or exchanged axes matter.
const CALIBRATION: Calibration = Calibration { x: (300, 3_800), y: (300, 3_800) };

type SpiPin<I> = Pin<I, FunctionSpi, PullDown>;
type Bus = Spi<Enabled, SPI1, (SpiPin<Gpio11>, SpiPin<Gpio12>, SpiPin<Gpio10>)>;
type Select = Pin<Gpio13, FunctionSio<SioOutput>, PullDown>;

/// The touch panel, of which the upper three quarters are for drawings.
pub(super) struct Touch(Xpt2046<ExclusiveDevice<Bus, Select, NoDelay>>);

impl Touch {
    /// Sets the bus up.
    pub(super) fn new(bus: SPI1, pins: TouchPins, resets: &mut RESETS) -> Self {
        let lines = (pins.mosi.into_function(), pins.miso.into_function(), pins.clock.into_function());
        let bus = Spi::new(bus, lines).init(resets, PERIPHERALS.Hz(), BUS.Hz(), MODE_0);
        let select = pins.select.into_push_pull_output_in_state(PinState::High);
        let Ok(device) = ExclusiveDevice::new_no_delay(bus, select);
        Self(Xpt2046::new(device, CALIBRATION))
    }

    /// Returns the touched place in the part for drawings. A touch below it is at its lower edge.
    pub(super) fn touch(&mut self) -> Option<Point> {
        // Neither the bus nor the pin can fail on this chip.
        let Point { x, y } = self.0.touch().ok().flatten()?;
        let y = u16::try_from(u32::from(y) * 4 / 3).unwrap_or(u16::MAX);
        Some(Point { x, y })
    }
}
