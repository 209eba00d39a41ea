//! A Cortex-M33 of the RP2350: cycles from the DWT, sleep until the bus has an event.

pub(crate) use cortex_m::singleton;

use app::sleep::Alarm;
use cortex_m::peripheral::DWT;
use rp235x_hal::pac::Interrupt;

/// The core, with its counter running.
pub(crate) struct Processor {
    /// Raised by all that happens on the bus.
    event: Alarm<Interrupt>,
}

impl Processor {
    /// Starts the counter, and masks all interrupts.
    pub(crate) fn start() -> Self {
        let mut core = cortex_m::Peripherals::take().expect("the core is taken once, here");
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        Self { event: Alarm::new(Interrupt::USBCTRL_IRQ) }
    }

    /// Returns the cycles since the start, modulo 2^32.
    pub(crate) fn cycles(&self) -> u32 {
        DWT::cycle_count()
    }

    /// Sleeps until something happens on the bus.
    pub(crate) fn wait(&self) {
        self.event.wait();
    }
}
