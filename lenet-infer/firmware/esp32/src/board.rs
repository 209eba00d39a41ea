//! A board with an ESP32-C3 or an ESP32-C6: the chip's serial port over USB, its cycle counter, one LED.

use crate::led::Led;
use app::{Board, Memory, Serial};
use core::arch::asm;
use core::ptr::addr_of;
use esp_hal::Blocking;
use esp_hal::clock::CpuClock;
use esp_hal::handler;
use esp_hal::interrupt::wait_for_interrupt;
use esp_hal::time::{Duration, Instant};
use esp_hal::usb::usb_serial_jtag::UsbSerialJtag;

/// How long the host may leave bytes untaken before they count as lost.
const PATIENCE: Duration = Duration::from_millis(100);

/// The board, running at 160 MHz.
pub(crate) struct Esp {
    usb: UsbSerialJtag<'static, Blocking>,
    /// Whether bytes wait that no program on the host has taken.
    ignored: bool,
    led: Led,
}

impl Esp {
    /// The board's only handle.
    pub(crate) fn new() -> Self {
        let chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
        // SAFETY: the two registers choose what the chip's performance counter counts, cycles, and start it. They are
        // the chips' own; RISC-V's `mcycle` they lack.
        unsafe { asm!("csrw 0x7E0, {one}", "csrw 0x7E1, {one}", one = in(reg) 1, options(nomem, nostack)) };
        // All interrupts are masked, for good: a pending one still ends the sleep in `wait`.
        // SAFETY: the critical section is never left, so there is no state to restore.
        let _ = unsafe { critical_section::acquire() };
        let mut usb = UsbSerialJtag::new(chip.USB_DEVICE);
        usb.set_interrupt_handler(never_called);
        usb.listen_rx_packet_recv_interrupt();
        // A byte for `is_open` to wait for. The buffer is empty, so it has room.
        let _ = usb.write_byte_nb(b'\n');
        Self { usb, ignored: true, led: Led::new(chip.RMT, chip.GPIO8) }
    }
}

impl Esp {
    /// Repeats `step` until it succeeds or the host has taken nothing for a while. Returns whether it succeeded.
    fn until_taken(&mut self, mut step: impl FnMut(&mut UsbSerialJtag<'static, Blocking>) -> bool) -> bool {
        let start = Instant::now();
        while !step(&mut self.usb) {
            if self.ignored || start.elapsed() > PATIENCE {
                self.ignored = true;
                return false;
            }
        }
        self.ignored = false;
        true
    }
}

/// Handles the interrupt of the serial port, which is always masked.
#[handler]
fn never_called() {}

impl Serial for Esp {
    fn read(&mut self) -> Option<u8> {
        self.usb.read_byte().ok()
    }

    /// Drops bytes when no program on the host takes them.
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if !self.until_taken(|usb| usb.write_byte_nb(byte).is_ok()) {
                return;
            }
        }
        self.until_taken(|usb| usb.flush_tx_nb().is_ok());
    }

    /// Whether the host takes bytes. The port does not tell whether a program has it open.
    fn is_open(&mut self) -> bool {
        if self.ignored {
            self.ignored = self.usb.flush_tx_nb().is_err();
        }
        !self.ignored
    }

    fn wait(&mut self) {
        if self.is_open() {
            wait_for_interrupt();
            self.usb.reset_rx_packet_recv_interrupt();
        }
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

// SAFETY: all interrupts are masked, there is one core and no DMA, and esp-hal's linker script gives the memory from the
// limit, just above its guard word, up to the stack.
unsafe impl Board for Esp {
    const NAME: &str = esp_hal::chip!();
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        let cycles;
        // SAFETY: reads the performance counter, which `new` started.
        unsafe { asm!("csrr {}, 0x7E2", out(reg) cycles, options(nomem, nostack)) };
        cycles
    }

    fn write(&mut self, text: &str) {
        app::show(self, text);
    }

    /// Lights the LED in green if all are equal, else in red; a plain one only if all are equal.
    fn show_result(&mut self, passed: bool) {
        self.led.show(passed);
    }

    fn memory(&self) -> Memory {
        let data = addr_of!(_data_end).addr() - addr_of!(_data_start).addr();
        let bss = addr_of!(_bss_end).addr() - addr_of!(_bss_start).addr();
        Memory { flash: addr_of!(_flash_bytes).addr(), variables: data + bss }
    }

    fn stack_limit() -> usize {
        addr_of!(_stack_limit).addr()
    }
}
