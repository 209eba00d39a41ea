//! The Raspberry Pi Pico: serial over USB, cycles from SysTick, one LED.

use crate::header::{DisplayPins, Header, TouchPins};
use app::sleep::Alarm;
use app::systick::SysTick;
use app::{Board, Serial};
use cortex_m::singleton;
use embedded_hal::digital::OutputPin;
use rp2040_hal::clocks::init_clocks_and_plls;
use rp2040_hal::gpio::bank0::Gpio25;
use rp2040_hal::gpio::{FunctionSio, Pin, Pins, PullDown, SioOutput};
use rp2040_hal::pac::{self, Interrupt};
use rp2040_hal::usb::UsbBus;
use rp2040_hal::{Sio, Timer, Watchdog};
use usb::UsbSerial;
use usb_device::bus::UsbBusAllocator;

/// The board's crystal, in Hz.
const CRYSTAL: u32 = 12_000_000;
/// The board, running at 125 MHz.
pub struct Pico {
    usb: UsbSerial<UsbBus>,
    /// Raised by all that happens on the bus.
    event: Alarm<Interrupt>,
    timer: SysTick,
    led: Pin<Gpio25, FunctionSio<SioOutput>, PullDown>,
}

impl Pico {
    /// Returns the board and what it does not use, once.
    ///
    /// # Panics
    ///
    /// Panics if the board has been taken before.
    pub fn take() -> (Self, Header) {
        let core = cortex_m::Peripherals::take().expect("the core is taken once, here");
        let mut chip = pac::Peripherals::take().expect("the chip is taken once, here");
        let mut watchdog = Watchdog::new(chip.WATCHDOG);
        let clocks = init_clocks_and_plls(
            CRYSTAL,
            chip.XOSC,
            chip.CLOCKS,
            chip.PLL_SYS,
            chip.PLL_USB,
            &mut chip.RESETS,
            &mut watchdog,
        )
        .expect("the crystal's clock is one that the PLLs take");

        let bank = Sio::new(chip.SIO).gpio_bank0;
        let pins = Pins::new(chip.IO_BANK0, chip.PADS_BANK0, bank, &mut chip.RESETS);
        let timer = Timer::new(chip.TIMER, &mut chip.RESETS, &clocks);
        let bus =
            UsbBus::new(chip.USBCTRL_REGS, chip.USBCTRL_DPRAM, clocks.usb_clock, true, &mut chip.RESETS);
        let bus =
            singleton!(: UsbBusAllocator<UsbBus> = UsbBusAllocator::new(bus)).expect("taken once, here");
        let pico = Self {
            usb: UsbSerial::new(bus),
            event: Alarm::new(Interrupt::USBCTRL_IRQ),
            timer: SysTick::start(core.SYST),
            led: pins.gpio25.into_push_pull_output(),
        };
        let header = Header {
            display_bus: chip.SPI0,
            display: DisplayPins {
                clock: pins.gpio18,
                mosi: pins.gpio19,
                select: pins.gpio17,
                data: pins.gpio20,
                reset: pins.gpio21,
            },
            touch_bus: chip.SPI1,
            touch: TouchPins {
                clock: pins.gpio10,
                mosi: pins.gpio11,
                miso: pins.gpio12,
                select: pins.gpio13,
            },
            timer,
            resets: chip.RESETS,
        };
        (pico, header)
    }

    /// Serves the USB port until `done`, and sleeps in between. When `done` becomes true, an interrupt must be pending that
    /// ends the sleep.
    pub fn serve_usb(&mut self, mut done: impl FnMut() -> bool) {
        self.usb.poll();
        while !done() {
            self.event.wait();
            self.usb.poll();
        }
    }
}

impl Serial for Pico {
    fn read(&mut self) -> Option<u8> {
        self.usb.read()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.usb.write(bytes);
    }

    fn is_open(&mut self) -> bool {
        self.usb.is_open()
    }

    fn wait(&mut self) {
        self.event.wait();
    }
}

// SAFETY: all interrupts are masked, the second core sleeps, there is no DMA, and cortex-m-rt gives the memory from the
// limit up to the stack.
unsafe impl Board for Pico {
    const NAME: &str = "rpi-pico";
    const UNIT: &str = "cycles";

    /// Right modulo 2^24: 16.7 million cycles, a seventh of a second.
    fn cycles(&mut self) -> u32 {
        self.timer.ticks() as u32
    }

    fn write(&mut self, text: &str) {
        app::show(self, text);
    }

    /// Lights the LED if all are equal.
    fn show_result(&mut self, passed: bool) {
        // Setting a pin cannot fail on this chip.
        let _ = self.led.set_state(passed.into());
    }
}
