//! QEMU's `virt` board: text through semihosting, instructions through `minstret`, bytes through its UART, a 16550.

use app::{Board, Memory, Serial};
use core::ptr;
use riscv::register::minstret;
use semihosting::print;

/// The side of the work grid on which the board prepares pictures.
pub const SIDE: usize = 64;

/// The board.
pub struct Qemu;

/// The UART's registers, a byte each.
const UART: usize = 0x1000_0000;
/// Offset of the register to read a byte that came from, and to write one that goes to.
const DATA: usize = 0;
/// Offset of the line status register.
const STATUS: usize = 5;
/// In the status: a byte has come.
const RECEIVED: u8 = 1 << 0;
/// In the status: there is room for a byte to send.
const ROOM: u8 = 1 << 5;

fn register(offset: usize) -> *mut u8 {
    ptr::with_exposed_provenance_mut(UART + offset)
}

/// Whether all bits of `mask` are set in the line status.
fn status_has(mask: u8) -> bool {
    // SAFETY: a register of this board's UART; reading it clears error flags only.
    unsafe { register(STATUS).read_volatile() & mask == mask }
}

// SAFETY: no interrupt is enabled, one core runs and there is no DMA, and riscv-rt's linker script gives the memory from
// the limit, the end that the stack grows to, up to its start.
unsafe impl Board for Qemu {
    const NAME: &str = "virt";
    const UNIT: &str = "instructions";

    fn cycles(&mut self) -> u32 {
        minstret::read() as u32
    }

    fn write(&mut self, text: &str) {
        print!("{text}");
    }

    fn memory(&self) -> Memory {
        support::memory()
    }

    fn stack_limit() -> usize {
        support::stack_limit()
    }

    #[inline(always)]
    fn stack_pointer() -> usize {
        support::stack_pointer()
    }
}

impl Serial for Qemu {
    fn read(&mut self) -> Option<u8> {
        // SAFETY: a register of this board's UART; reading it takes the byte that has come.
        status_has(RECEIVED).then(|| unsafe { register(DATA).read_volatile() })
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            while !status_has(ROOM) {}
            // SAFETY: a register of this board's UART, with room for the byte.
            unsafe { register(DATA).write_volatile(byte) };
        }
    }
}
