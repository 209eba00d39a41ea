//! The pins and peripherals that the board itself does not use.

use rp2040_hal::gpio::bank0::{Gpio10, Gpio11, Gpio12, Gpio13, Gpio17, Gpio18, Gpio19, Gpio20, Gpio21};
use rp2040_hal::gpio::{FunctionNull, Pin, PullDown};
use rp2040_hal::{Timer, pac};

/// A pin as it is after a reset.
type Unused<I> = Pin<I, FunctionNull, PullDown>;

/// What a module with a display and a touch panel is wired to.
pub struct Header {
    /// The display's bus.
    pub display_bus: pac::SPI0,
    /// The display's pins.
    pub display: DisplayPins,
    /// The touch controller's bus.
    pub touch_bus: pac::SPI1,
    /// The touch controller's pins.
    pub touch: TouchPins,
    /// What takes peripherals out of reset.
    pub resets: pac::RESETS,
    /// A timer, for delays.
    pub timer: Timer,
}

/// The pins of a display with an SPI bus that is only written.
pub struct DisplayPins {
    /// The clock.
    pub clock: Unused<Gpio18>,
    /// From the board to the display.
    pub mosi: Unused<Gpio19>,
    /// Selects the display, when low.
    pub select: Unused<Gpio17>,
    /// Says whether data is sent, or a command.
    pub data: Unused<Gpio20>,
    /// Resets the display, when low.
    pub reset: Unused<Gpio21>,
}

/// The pins of a touch controller.
pub struct TouchPins {
    /// The clock.
    pub clock: Unused<Gpio10>,
    /// From the board to the controller.
    pub mosi: Unused<Gpio11>,
    /// From the controller to the board.
    pub miso: Unused<Gpio12>,
    /// Selects the controller, when low.
    pub select: Unused<Gpio13>,
}
