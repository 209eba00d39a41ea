//! The Raspberry Pi Pico 2: serial over USB, cycles from the core, one LED.

use crate::processor::{Processor, singleton};
use app::{Board, Serial};
use embedded_hal::digital::OutputPin;
use rp235x_hal::clocks::init_clocks_and_plls;
use rp235x_hal::gpio::bank0::Gpio25;
use rp235x_hal::gpio::{FunctionSio, Pin, Pins, PullDown, SioOutput};
use rp235x_hal::usb::UsbBus;
use rp235x_hal::{Sio, Watchdog, pac};
use usb::UsbSerial;
use usb_device::bus::UsbBusAllocator;

/// The board's crystal, in Hz.
const CRYSTAL: u32 = 12_000_000;

/// The board, running at 150 MHz.
pub(crate) struct Pico2 {
    usb: UsbSerial<UsbBus>,
    processor: Processor,
    led: Pin<Gpio25, FunctionSio<SioOutput>, PullDown>,
}

impl Pico2 {
    /// The board's only handle.
    pub(crate) fn take() -> Self {
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
        let bus = UsbBus::new(chip.USB, chip.USB_DPRAM, clocks.usb_clock, true, &mut chip.RESETS);
        let bus =
            singleton!(: UsbBusAllocator<UsbBus> = UsbBusAllocator::new(bus)).expect("taken once, here");
        Self {
            usb: UsbSerial::new(bus),
            processor: Processor::start(),
            led: pins.gpio25.into_push_pull_output(),
        }
    }
}

impl Serial for Pico2 {
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
        self.processor.wait();
    }
}

// SAFETY: all interrupts are masked, the second core sleeps, there is no DMA, and the memory map gives the memory from the
// limit up to the stack.
unsafe impl Board for Pico2 {
    const NAME: &str = if cfg!(target_arch = "arm") { "rpi-pico-2" } else { "rpi-pico-2-hazard3" };
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        self.processor.cycles()
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
