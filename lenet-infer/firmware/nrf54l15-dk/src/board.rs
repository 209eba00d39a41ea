//! The nRF54L15-DK: a UART that the debugger on the board forwards, cycles from the DWT, two LEDs.

use core::pin::pin;
use core::task::{Context, Poll};

use app::{Board, Serial};
use cortex_m::peripheral::DWT;
use cortex_m::singleton;
use embassy_nrf::buffered_uarte::{BufferedUarte, InterruptHandler};
use embassy_nrf::config::{ClockSpeed, Config, HfclkSource};
use embassy_nrf::gpio::{AnyPin, Level, Output, OutputDrive};
use embassy_nrf::peripherals::SERIAL20;
use embassy_nrf::{Peri, bind_interrupts, uarte};

/// Bytes that the UART holds in each direction: more than a request or a reply has.
const HELD: usize = 2_048;

bind_interrupts!(struct Interrupts {
    SERIAL20 => InterruptHandler<SERIAL20>;
});

/// The board, running at 128 MHz.
pub(crate) struct Dk {
    wire: BufferedUarte<'static, SERIAL20>,
    led: Output<'static>,
}

/// The board's only handle, and an LED for another task.
pub(crate) fn take() -> (Dk, Output<'static>) {
    let mut config = Config::default();
    config.clock_speed = ClockSpeed::CK128;
    // The UART's baud rate wants the crystal.
    config.hfclk_source = HfclkSource::ExternalXtal;
    let chip = embassy_nrf::init(config);
    let mut core = cortex_m::Peripherals::take().expect("the core is taken once, here");
    core.DCB.enable_trace();
    core.DWT.enable_cycle_counter();

    // 115,200 baud, which is the default.
    let wire = BufferedUarte::new(
        chip.SERIAL20,
        chip.P1_05,
        chip.P1_04,
        Interrupts,
        uarte::Config::default(),
        singleton!(: [u8; HELD] = [0; HELD]).expect("taken once, here"),
        singleton!(: [u8; HELD] = [0; HELD]).expect("taken once, here"),
    );
    let led = |pin: Peri<'static, AnyPin>| Output::new(pin, Level::Low, OutputDrive::Standard);
    (Dk { wire, led: led(chip.P2_09.into()) }, led(chip.P1_10.into()))
}

impl Serial for Dk {
    fn read(&mut self) -> Option<u8> {
        app::read_by_polling(self)
    }

    /// Waits only for room: the UART sends what it holds while other tasks run.
    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // Sending on a UART cannot fail.
            let held = self.wire.try_write(bytes).unwrap_or(0);
            bytes = &bytes[held..];
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<u8>> {
        let mut byte = [0];
        let polled = pin!(self.wire.read(&mut byte)).poll(context);
        // A failure panics in the driver, so a byte has been read.
        polled.map(|_| Some(byte[0]))
    }
}

// SAFETY: there is one core, and DMA reads and writes the two buffers of `take` only, which are not on the stack.
// Interrupt handlers return before anything else runs. cortex-m-rt gives the memory from the limit up to the stack.
unsafe impl Board for Dk {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "cycles";

    /// Includes those of interrupt handlers.
    fn cycles(&mut self) -> u32 {
        DWT::cycle_count()
    }

    fn write(&mut self, text: &str) {
        app::show(self, text);
    }

    /// Lights the LED if all are equal.
    fn show_result(&mut self, passed: bool) {
        self.led.set_level(passed.into());
    }
}
