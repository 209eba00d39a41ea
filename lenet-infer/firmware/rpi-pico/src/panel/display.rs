//! The display: an ILI9341 on the first SPI bus.

use app::{Point, Reading};
use cortex_m::singleton;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_10X20;
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{DrawTarget, Drawable, Point as Pixel, Primitive, RgbColor};
use embedded_graphics::primitives::{Circle, Line, PrimitiveStyle};
use embedded_graphics::text::{Alignment, Text};
use embedded_hal::spi::MODE_0;
use embedded_hal_bus::spi::{ExclusiveDevice, NoDelay};
use lenet_infer::picture::NoDigit;
use mipidsi::interface::SpiInterface;
use mipidsi::models::ILI9341Rgb565;
use mipidsi::options::ColorOrder;
use rp2040_hal::Timer;
use rp2040_hal::fugit::RateExtU32;
use rp2040_hal::gpio::bank0::{Gpio17, Gpio18, Gpio19, Gpio20, Gpio21};
use rp2040_hal::gpio::{FunctionSio, FunctionSpi, Pin, PinState, PullDown, SioOutput};
use rp2040_hal::pac::{RESETS, SPI0};
use rp2040_hal::spi::{Enabled, Spi};

use super::PERIPHERALS;
use crate::header::DisplayPins;

/// The frequency of the bus, in Hz.
const BUS: u32 = 31_250_000;
/// The side of the square for drawings, in pixels.
const SQUARE: i32 = 240;
/// The width of a line, in pixels.
const WIDTH: u32 = 15;
const INK: Rgb565 = Rgb565::BLACK;
const PAPER: Rgb565 = Rgb565::WHITE;
/// The text when the model is not sure.
const UNSURE: Rgb565 = Rgb565::RED;

type SpiPin<I> = Pin<I, FunctionSpi, PullDown>;
type Output<I> = Pin<I, FunctionSio<SioOutput>, PullDown>;
type Bus = Spi<Enabled, SPI0, (SpiPin<Gpio19>, SpiPin<Gpio18>)>;
type Interface = SpiInterface<'static, ExclusiveDevice<Bus, Output<Gpio17>, NoDelay>, Output<Gpio20>>;

/// The display, white at first.
pub(super) struct Display(mipidsi::Display<Interface, ILI9341Rgb565, Output<Gpio21>>);

impl Display {
    /// Sets the bus and the display up.
    pub(super) fn new(bus: SPI0, pins: DisplayPins, resets: &mut RESETS, timer: &mut Timer) -> Self {
        let lines = (pins.mosi.into_function(), pins.clock.into_function());
        let bus = Spi::new(bus, lines).init(resets, PERIPHERALS.Hz(), BUS.Hz(), MODE_0);
        let select = pins.select.into_push_pull_output_in_state(PinState::High);
        let Ok(device) = ExclusiveDevice::new_no_delay(bus, select);
        let buffer = singleton!(: [u8; 480] = [0; 480]).expect("called once");
        let interface = SpiInterface::new(device, pins.data.into_push_pull_output(), buffer);
        let display = mipidsi::Builder::new(ILI9341Rgb565, interface)
            .reset_pin(pins.reset.into_push_pull_output())
            .color_order(ColorOrder::Bgr)
            .init(timer)
            .expect("neither the bus nor a pin can fail on this chip");
        let mut display = Self(display);
        display.clear();
        display
    }

    /// Makes the display white, with a line below the square for drawings.
    pub(super) fn clear(&mut self) {
        // Neither the bus nor a pin can fail on this chip; the same holds below.
        let _ = self.0.clear(PAPER);
        let edge = Line::new(Pixel::new(0, SQUARE), Pixel::new(SQUARE - 1, SQUARE));
        let _ = edge.into_styled(PrimitiveStyle::with_stroke(INK, 1)).draw(&mut self.0);
    }

    /// Draws a line with a round end.
    pub(super) fn line(&mut self, from: Point, to: Point) {
        let (from, to) = (pixel(from), pixel(to));
        let _ = Line::new(from, to).into_styled(PrimitiveStyle::with_stroke(INK, WIDTH)).draw(&mut self.0);
        let end = Circle::with_center(to, WIDTH).into_styled(PrimitiveStyle::with_fill(INK));
        let _ = end.draw(&mut self.0);
    }

    /// Writes what a drawing is read as.
    pub(super) fn reading(&mut self, reading: Result<Reading, NoDigit>) {
        match reading {
            Ok(Reading { class, sure }) => {
                let digit = [b'0' + class.min(9)];
                let digit = str::from_utf8(&digit).unwrap_or_default();
                let color = if sure { INK } else { UNSURE };
                self.text(digit, 275, color);
                self.text(if sure { "sure" } else { "not sure" }, 305, color);
            }
            Err(_) => self.text("no digit", 290, UNSURE),
        }
    }

    fn text(&mut self, text: &str, baseline: i32, color: Rgb565) {
        let style = MonoTextStyle::new(&FONT_10X20, color);
        let at = Pixel::new(SQUARE / 2, baseline);
        let _ = Text::with_alignment(text, at, style, Alignment::Center).draw(&mut self.0);
    }
}

/// Converts a place in the square for drawings to a pixel.
fn pixel(point: Point) -> Pixel {
    let scale = |value: u16| (i32::from(value) * SQUARE) >> 16;
    Pixel::new(scale(point.x), scale(point.y))
}
