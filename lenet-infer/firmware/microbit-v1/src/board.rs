//! The first micro:bit: the UART that the debugger on the board forwards, cycles from a timer, one LED.

use crate::uart::Uart;
use app::sleep::Alarm;
use app::{Board, Serial};
use embedded_hal_02::digital::v2::{OutputPin, PinState};
use nrf51_hal::clocks::Clocks;
use nrf51_hal::gpio::{Level, Output, Pin, PushPull, p0};
use nrf51_hal::pac::{self, Interrupt, TIMER0};

/// The board, running at 16 MHz.
pub(crate) struct Microbit {
    wire: Uart,
    received: Alarm<Interrupt>,
    /// Counts the core's cycles: the chip has no SysTick, but its timers run at the same 16 MHz.
    timer: TIMER0,
    /// Lit when low.
    led: Pin<Output<PushPull>>,
}

impl Microbit {
    /// The board's only handle.
    pub(crate) fn take() -> Self {
        let chip = pac::Peripherals::take().expect("the chip is taken once, here");
        // The UART's baud rate wants the crystal.
        Clocks::new(chip.CLOCK).enable_ext_hfosc();
        start(&chip.TIMER0);

        let port = p0::Parts::new(chip.GPIO);
        // The LED in the middle: the second row's supply stays on, and the third column's pin lights it.
        port.p0_14.into_push_pull_output(Level::High);
        let led = port.p0_06.into_push_pull_output(Level::High).degrade();
        let sends = port.p0_24.into_push_pull_output(Level::High).degrade();
        let receives = port.p0_25.into_floating_input().degrade();
        let wire = Uart::new(chip.UART0, sends, receives);
        Self { wire, received: Alarm::new(Interrupt::UART0), timer: chip.TIMER0, led }
    }
}

/// Starts a timer that counts at 16 MHz with 32 bits.
fn start(timer: &TIMER0) {
    timer.bitmode.write(|w| w.bitmode()._32bit());
    // SAFETY: 0 divides the clock by one, and 1 is the value that starts a task.
    unsafe {
        timer.prescaler.write(|w| w.prescaler().bits(0));
        timer.tasks_start.write(|w| w.bits(1));
    }
}

impl Serial for Microbit {
    fn read(&mut self) -> Option<u8> {
        self.wire.read()
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.wire.write(byte);
        }
    }

    fn wait(&mut self) {
        self.received.wait();
    }
}

// SAFETY: all interrupts are masked, there is one core and no DMA, and cortex-m-rt gives the memory from the limit up to
// the stack.
unsafe impl Board for Microbit {
    const NAME: &str = env!("BOARD");
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        // SAFETY: 1 is the value that starts a task, here the copy of the counter to the register that is read.
        self.timer.tasks_capture[0].write(|w| unsafe { w.bits(1) });
        self.timer.cc[0].read().bits()
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
