//! QEMU's `virt` board: text through semihosting, instructions through `minstret`.

use app::{Board, Memory};
use riscv::register::minstret;
use semihosting::print;

/// The board.
pub(crate) struct Qemu;

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
