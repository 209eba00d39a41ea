//! An STM32F4 Discovery board: USART2 on its pin headers, cycles from the DWT, two LEDs.

use app::sleep::Alarm;
use app::{Board, Serial};
use cortex_m::peripheral::DWT;
use stm32f4xx_hal::Listen;
use stm32f4xx_hal::gpio::{GpioExt, Output, Pin};
use stm32f4xx_hal::hal_02::serial::{Read, Write};
use stm32f4xx_hal::pac::{self, Interrupt, PWR, USART2};
use stm32f4xx_hal::rcc::{Config, Enable, RccExt};
use stm32f4xx_hal::serial::{self, Event, SerialExt};
use stm32f4xx_hal::time::{Bps, MegaHertz};

/// The fastest that the chip may run.
const CLOCK: MegaHertz = MegaHertz::MHz(if cfg!(feature = "stm32f407g-disc1") { 168 } else { 100 });
/// The board's crystal.
const CRYSTAL: MegaHertz = MegaHertz::MHz(8);
const BAUD_RATE: Bps = Bps(115_200);

/// The board.
pub(crate) struct Discovery {
    wire: serial::Serial<USART2>,
    received: Alarm<Interrupt>,
    green: Pin<'D', 12, Output>,
    red: Pin<'D', 14, Output>,
}

impl Discovery {
    /// The board's only handle.
    pub(crate) fn take() -> Self {
        let mut core = cortex_m::Peripherals::take().expect("the core is taken once, here");
        let chip = pac::Peripherals::take().expect("the chip is taken once, here");
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();

        let mut rcc = chip.RCC.constrain();
        // Voltage scale 1 allows the fastest clock. After a reset an STM32F411 is in scale 2, which allows 84 MHz, and
        // it takes another scale only before its PLL starts.
        PWR::enable(&mut rcc);
        chip.PWR.cr().modify(|_, w| w.vos().scale1());
        let mut rcc = rcc.freeze(Config::hse(CRYSTAL.convert()).sysclk(CLOCK.convert()));
        let port_a = chip.GPIOA.split(&mut rcc);
        let port_d = chip.GPIOD.split(&mut rcc);
        let mut wire = chip
            .USART2
            .serial((port_a.pa2, port_a.pa3), BAUD_RATE, &mut rcc)
            .expect("the clock divides down to the baud rate");
        let green = port_d.pd12.into_push_pull_output();
        let red = port_d.pd14.into_push_pull_output();
        wire.listen(Event::RxNotEmpty);
        Self { wire, received: Alarm::new(Interrupt::USART2), green, red }
    }
}

impl Serial for Discovery {
    fn read(&mut self) -> Option<u8> {
        self.wire.read().ok()
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // Sending on a UART cannot fail, only wait.
            let _ = nb::block!(self.wire.write(byte));
        }
    }

    fn wait(&mut self) {
        self.received.wait();
    }
}

// SAFETY: all interrupts are masked, there is one core and no DMA, and cortex-m-rt gives the memory from the limit up to
// the stack.
unsafe impl Board for Discovery {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        DWT::cycle_count()
    }

    fn write(&mut self, text: &str) {
        app::show(self, text);
    }

    /// Lights the green LED if all are equal, else the red one.
    fn show_result(&mut self, passed: bool) {
        self.green.set_state(passed.into());
        self.red.set_state((!passed).into());
    }
}
