//! QEMU's `virt` board: text through semihosting, instructions through `minstret`.

use app::{Board, Memory};
use core::arch::asm;
use core::ptr::addr_of;
use riscv::register::minstret;
use semihosting::print;

/// The board.
pub(crate) struct Qemu;

// Symbols of riscv-rt's linker script; only their addresses mean anything.
unsafe extern "C" {
    static __stext: u32;
    static __sidata: u32;
    static __sdata: u32;
    static __edata: u32;
    static __ebss: u32;
    static __estack: u32;
}

// SAFETY: no interrupt is enabled, one core runs and there is no DMA, and riscv-rt's linker script gives the memory from
// `__estack`, the end that the stack grows to, up to its start.
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
        let [start, initial, data, data_end, bss_end] = [
            addr_of!(__stext).addr(),
            addr_of!(__sidata).addr(),
            addr_of!(__sdata).addr(),
            addr_of!(__edata).addr(),
            addr_of!(__ebss).addr(),
        ];
        Memory { flash: initial - start + (data_end - data), variables: bss_end - data }
    }

    fn stack_limit() -> usize {
        addr_of!(__estack).addr()
    }

    #[inline(always)]
    fn stack_pointer() -> usize {
        let pointer;
        // SAFETY: reads a register.
        unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
        pointer
    }
}
