//! A Hazard3 of the RP2350: cycles from its counter, sleep until the bus has an event.

pub(crate) use riscv::singleton;

use core::arch::{asm, global_asm};
use riscv::register::{mcycle, mie};
use rp235x_hal::arch::{interrupt_disable, interrupt_unmask};
use rp235x_hal::pac::Interrupt;

// The first instruction of the image.
global_asm!(".section .boot, \"ax\"", "j _start", ".p2align 2");

/// Where the addresses of the flash start, and how many there are.
const FLASH: (usize, usize) = (0x1000_0000, 0x1000_0000);

/// The core, with its counter running.
pub(crate) struct Processor;

impl Processor {
    /// Starts the counter, masks all interrupts, and makes a write to flash an exception.
    pub(crate) fn start() -> Self {
        interrupt_disable();
        app::trap::forbid_writes(FLASH.0, FLASH.1);
        // SAFETY: lets all counters run; the chip's ROM stops them. No handler runs, because all interrupts are masked, and no
        // critical section relies on the masks of one interrupt.
        unsafe {
            asm!("csrw mcountinhibit, zero", options(nomem, nostack));
            interrupt_unmask(Interrupt::USBCTRL_IRQ);
            mie::set_mext();
        }
        Self
    }

    /// Returns the cycles since the start, modulo 2^32.
    pub(crate) fn cycles(&self) -> u32 {
        mcycle::read() as u32
    }

    /// Sleeps until something happens on the bus. A pending interrupt ends the sleep though all are masked; it remains pending
    /// only as long as its cause remains.
    pub(crate) fn wait(&self) {
        riscv::asm::wfi();
    }
}
