//! The NUCLEO-H563ZI: the UART that the debugger on the board forwards, cycles from the DWT, two LEDs.

use core::pin::pin;
use core::task::{Context, Poll};

use app::{Board, Serial};
use cortex_m::peripheral::DWT;
use cortex_m::singleton;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::peripherals::USART3;
use embassy_stm32::rcc::{Hse, HseMode, Pll, PllDiv, PllMul, PllPreDiv, PllSource, Sysclk, VoltageScale};
use embassy_stm32::time::Hertz;
use embassy_stm32::usart::{self, BufferedInterruptHandler, BufferedUart};
use embassy_stm32::{Config, bind_interrupts, pac};
use embedded_io::Write;
use embedded_io_async::Read;

/// What the debugger gives the chip as its clock.
const CRYSTAL: Hertz = Hertz(8_000_000);
/// Bytes that the UART holds in each direction: more than a request or a reply has.
const HELD: usize = 2_048;

bind_interrupts!(struct Interrupts {
    USART3 => BufferedInterruptHandler<USART3>;
});

/// The board, running at 250 MHz.
pub(crate) struct Nucleo {
    wire: BufferedUart<'static>,
    green: Output<'static>,
    red: Output<'static>,
}

impl Nucleo {
    /// The board's only handle.
    pub(crate) fn take() -> Self {
        let chip = embassy_stm32::init(clocks());
        // At this clock, flash takes five cycles more than the core wants.
        pac::ICACHE.cr().modify(|w| w.set_en(true));
        let mut core = cortex_m::Peripherals::take().expect("the core is taken once, here");
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();

        // 115,200 baud, which is the default.
        let wire = BufferedUart::new(
            chip.USART3,
            chip.PD9,
            chip.PD8,
            singleton!(: [u8; HELD] = [0; HELD]).expect("taken once, here"),
            singleton!(: [u8; HELD] = [0; HELD]).expect("taken once, here"),
            Interrupts,
            usart::Config::default(),
        )
        .expect("the clock divides down to the baud rate");
        let green = Output::new(chip.PB0, Level::Low, Speed::Low);
        let red = Output::new(chip.PG4, Level::Low, Speed::Low);
        Self { wire, green, red }
    }
}

/// 250 MHz, the fastest that the chip may run: 8 MHz / 2 * 125 / 2.
fn clocks() -> Config {
    let mut config = Config::default();
    config.rcc.hse = Some(Hse { freq: CRYSTAL, mode: HseMode::BypassDigital });
    config.rcc.pll1 = Some(Pll {
        source: PllSource::HSE,
        prediv: PllPreDiv::DIV2,
        mul: PllMul::MUL125,
        divp: Some(PllDiv::DIV2),
        divq: None,
        divr: None,
    });
    config.rcc.sys = Sysclk::PLL1_P;
    config.rcc.voltage_scale = VoltageScale::Scale0;
    config
}

impl Serial for Nucleo {
    fn read(&mut self) -> Option<u8> {
        app::read_by_polling(self)
    }

    /// Waits only for room: the UART sends what it holds later.
    fn write(&mut self, bytes: &[u8]) {
        // Sending on a UART cannot fail, only wait.
        let _ = self.wire.write_all(bytes);
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<u8>> {
        let mut byte = [0];
        let polled = pin!(Read::read(&mut self.wire, &mut byte)).poll(context);
        // Receiving does not fail: a damaged byte comes too, and the frame's checksum tells.
        polled.map(|_| Some(byte[0]))
    }
}

// SAFETY: there is one core and no DMA. Interrupt handlers return before anything else runs. cortex-m-rt gives the memory
// from the limit up to the stack.
unsafe impl Board for Nucleo {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "cycles";

    /// Includes those of interrupt handlers.
    fn cycles(&mut self) -> u32 {
        DWT::cycle_count()
    }

    fn write(&mut self, text: &str) {
        app::show(self, text);
    }

    /// Lights the green LED if all are equal, else the red one.
    fn show_result(&mut self, passed: bool) {
        self.green.set_level(passed.into());
        self.red.set_level((!passed).into());
    }
}
