//! A board with an ESP32-C3: the chip's serial port over USB, its cycle counter, one LED.

use app::{Board, Memory, Serial};
use core::arch::asm;
use core::ptr::addr_of;
use esp_hal::Blocking;
use esp_hal::clock::CpuClock;
use esp_hal::gpio::{Level, Output, OutputConfig};
use esp_hal::usb::usb_serial_jtag::UsbSerialJtag;

/// The board, running at 160 MHz.
pub(crate) struct Esp {
    usb: UsbSerialJtag<'static, Blocking>,
    /// Lit when low.
    led: Output<'static>,
}

impl Esp {
    /// The board's only handle.
    pub(crate) fn new() -> Self {
        let chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
        // SAFETY: the two registers choose what the chip's performance counter counts, cycles, and start it. They are
        // the chip's own; RISC-V's `mcycle` it lacks.
        unsafe { asm!("csrw 0x7E0, {one}", "csrw 0x7E1, {one}", one = in(reg) 1, options(nomem, nostack)) };
        Self {
            usb: UsbSerialJtag::new(chip.USB_DEVICE),
            led: Output::new(chip.GPIO8, Level::High, OutputConfig::default()),
        }
    }

    /// Lights the LED if all went well.
    pub(crate) fn show_result(&mut self, passed: bool) {
        self.led.set_level(Level::from(!passed));
    }
}

impl Serial for Esp {
    fn read(&mut self) -> Option<u8> {
        self.usb.read_byte().ok()
    }

    /// Waits as long as no program on the host reads the port.
    fn write(&mut self, bytes: &[u8]) {
        // It has no way to fail.
        let _ = self.usb.write(bytes);
    }
}

// Symbols of the linker scripts; only their addresses mean anything.
unsafe extern "C" {
    static _flash_bytes: u32;
    static _data_start: u32;
    static _data_end: u32;
    static _bss_start: u32;
    static _bss_end: u32;
    static _stack_limit: u32;
}

// SAFETY: no interrupt is enabled, there is one core and no DMA, and esp-hal's linker script gives the memory from the
// limit, just above its guard word, up to the stack.
unsafe impl Board for Esp {
    const NAME: &str = "esp32c3";
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        let cycles;
        // SAFETY: reads the performance counter, which `new` started.
        unsafe { asm!("csrr {}, 0x7E2", out(reg) cycles, options(nomem, nostack)) };
        cycles
    }

    fn write(&mut self, text: &str) {
        support::show(self, text);
    }

    fn memory(&self) -> Memory {
        let data = addr_of!(_data_end).addr() - addr_of!(_data_start).addr();
        let bss = addr_of!(_bss_end).addr() - addr_of!(_bss_start).addr();
        Memory { flash: addr_of!(_flash_bytes).addr(), variables: data + bss }
    }

    fn stack_limit() -> usize {
        addr_of!(_stack_limit).addr()
    }

    #[inline(always)]
    fn stack_pointer() -> usize {
        support::stack_pointer()
    }
}
