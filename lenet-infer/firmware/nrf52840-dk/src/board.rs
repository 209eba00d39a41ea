//! An nRF52 board: the UART that the debugger on the board forwards, cycles from the DWT, one LED.

#[cfg(feature = "microbit-v2")]
use nrf52833_hal as hal;
#[cfg(feature = "nrf52840-dk")]
use nrf52840_hal as hal;

use app::sleep::Alarm;
use app::{Board, Serial};
use cortex_m::peripheral::DWT;
use cortex_m::singleton;
use embedded_hal_02::digital::v2::{OutputPin, PinState};
use embedded_hal_02::serial::{Read, Write};
use hal::clocks::Clocks;
use hal::gpio::{Level, Output, Pin, PushPull, p0, p1};
use hal::pac::{self, Interrupt, UARTE0};
use hal::uarte::{Baudrate, Parity, Pins, Uarte, UarteRx, UarteTx};

/// Bytes that the UART's DMA sends at once.
const SENT_AT_ONCE: usize = 64;

/// The board, running at 64 MHz.
pub(crate) struct Nordic {
    sender: UarteTx<UARTE0>,
    receiver: UarteRx<UARTE0>,
    received: Alarm<Interrupt>,
    /// Lit when low.
    led: Pin<Output<PushPull>>,
}

impl Nordic {
    /// The board's only handle.
    pub(crate) fn take() -> Self {
        let mut core = cortex_m::Peripherals::take().expect("the core is taken once, here");
        let chip = pac::Peripherals::take().expect("the chip is taken once, here");
        // The UART's baud rate wants the crystal.
        Clocks::new(chip.CLOCK).enable_ext_hfosc();
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        chip.NVMC.icachecnf.write(|w| w.cacheen().set_bit());

        let (pins, led) = wiring(p0::Parts::new(chip.P0), p1::Parts::new(chip.P1));
        // The end of a reception, which here is every byte, raises the interrupt.
        chip.UARTE0.intenset.write(|w| w.endrx().set_bit());
        let uart = Uarte::new(chip.UARTE0, pins, Parity::EXCLUDED, Baudrate::BAUD115200);
        let sent = singleton!(: [u8; SENT_AT_ONCE] = [0; SENT_AT_ONCE]).expect("taken once, here");
        let received = singleton!(: [u8; 1] = [0]).expect("taken once, here");
        let (sender, receiver) = uart.split(sent, received).expect("neither buffer is empty");
        Self { sender, receiver, received: Alarm::new(Interrupt::UARTE0_UART0), led }
    }
}

/// LED1, and the pins that go to the board's J-Link.
#[cfg(feature = "nrf52840-dk")]
fn wiring(port0: p0::Parts, _: p1::Parts) -> (Pins, Pin<Output<PushPull>>) {
    let pins = Pins {
        rxd: port0.p0_08.into_floating_input().degrade(),
        txd: port0.p0_06.into_push_pull_output(Level::High).degrade(),
        cts: None,
        rts: None,
    };
    (pins, port0.p0_13.into_push_pull_output(Level::High).degrade())
}

/// The LED in the middle of the matrix, and the pins that go to the board's debugger.
#[cfg(feature = "microbit-v2")]
fn wiring(port0: p0::Parts, port1: p1::Parts) -> (Pins, Pin<Output<PushPull>>) {
    let pins = Pins {
        rxd: port1.p1_08.into_floating_input().degrade(),
        txd: port0.p0_06.into_push_pull_output(Level::High).degrade(),
        cts: None,
        rts: None,
    };
    // The third row's supply stays on; the third column's pin lights the LED.
    port0.p0_15.into_push_pull_output(Level::High);
    (pins, port0.p0_31.into_push_pull_output(Level::High).degrade())
}

impl Serial for Nordic {
    fn read(&mut self) -> Option<u8> {
        self.receiver.read().ok()
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // The sender's only failure is that it was stopped, which nothing here does.
            let _ = nb::block!(self.sender.write(byte));
        }
        let _ = nb::block!(self.sender.flush());
    }

    fn wait(&mut self) {
        self.received.wait();
    }
}

// SAFETY: all interrupts are masked and there is one core. DMA reads and writes the two buffers of `take` only, which
// are not on the stack. cortex-m-rt gives the memory from the limit up to the stack.
unsafe impl Board for Nordic {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        DWT::cycle_count()
    }

    fn write(&mut self, text: &str) {
        app::show(self, text);
    }

    /// Lights the LED if all are equal.
    fn show_result(&mut self, passed: bool) {
        // Setting a pin cannot fail on this chip.
        let _ = self.led.set_state(PinState::from(!passed));
    }
}
