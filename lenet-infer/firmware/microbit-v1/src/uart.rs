//! The UART of the nRF51.
//!
//! nrf51-hal has a driver too. It sends a byte before the UART is on, and waits before each other byte until the one
//! before is sent. This one sends nothing unasked.

use nrf51_hal::gpio::{Floating, Input, Output, Pin, PushPull};
use nrf51_hal::pac::UART0;

/// The UART, enabled, at 115,200 baud.
pub(crate) struct Uart(UART0);

impl Uart {
    /// Enables the UART, which raises its interrupt when a byte is received.
    pub(crate) fn new(
        registers: UART0,
        sends: Pin<Output<PushPull>>,
        receives: Pin<Input<Floating>>,
    ) -> Self {
        // SAFETY: these are numbers of pins of this chip.
        unsafe {
            registers.pseltxd.write(|w| w.bits(sends.psel_bits()));
            registers.pselrxd.write(|w| w.bits(receives.psel_bits()));
        }
        registers.baudrate.write(|w| w.baudrate().baud115200());
        registers.enable.write(|w| w.enable().enabled());
        // QEMU ignores what is written to a UART that is not enabled.
        registers.intenset.write(|w| w.rxdrdy().set_bit());
        // SAFETY: 1 is the value that starts a task.
        unsafe {
            registers.tasks_starttx.write(|w| w.bits(1));
            registers.tasks_startrx.write(|w| w.bits(1));
        }
        Self(registers)
    }

    /// Returns the oldest of the up to six received bytes that the UART holds.
    pub(crate) fn read(&mut self) -> Option<u8> {
        if self.0.events_rxdrdy.read().bits() == 0 {
            return None;
        }
        // Before the byte is taken: taking it raises the event again when another waits.
        self.0.events_rxdrdy.reset();
        Some(self.0.rxd.read().rxd().bits())
    }

    /// Sends a byte, and waits until it is sent.
    pub(crate) fn write(&mut self, byte: u8) {
        // SAFETY: any byte can be sent.
        self.0.txd.write(|w| unsafe { w.txd().bits(byte) });
        while self.0.events_txdrdy.read().bits() == 0 {}
        self.0.events_txdrdy.reset();
    }
}
