//! The memory of a program that cortex-m-rt or riscv-rt starts, as their linker scripts placed it.

pub(super) use stack_paint::pointer as stack_pointer;

use super::Memory;
use core::ptr::addr_of;

// Symbols of the linker script; only their addresses mean anything.
unsafe extern "C" {
    #[cfg_attr(target_arch = "arm", link_name = "__vector_table")]
    #[cfg_attr(target_arch = "riscv32", link_name = "__stext")]
    static START: u32;
    static __sidata: u32;
    static __sdata: u32;
    static __edata: u32;
    static __ebss: u32;
    #[cfg_attr(target_arch = "arm", link_name = "_stack_end")]
    #[cfg_attr(target_arch = "riscv32", link_name = "__estack")]
    static STACK_LIMIT: u32;
}

/// Returns the sizes of the sections. All that is flashed lies in one piece, with the initial values of variables last.
pub(super) fn memory() -> Memory {
    let [start, initial, data, data_end, bss_end] = [
        addr_of!(START).addr(),
        addr_of!(__sidata).addr(),
        addr_of!(__sdata).addr(),
        addr_of!(__edata).addr(),
        addr_of!(__ebss).addr(),
    ];
    Memory { flash: initial - start + (data_end - data), variables: bss_end - data }
}

/// Returns the lowest address that the stack may reach.
pub(crate) fn stack_limit() -> usize {
    addr_of!(STACK_LIMIT).addr()
}
