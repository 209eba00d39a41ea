//! The exception of a RISC-V core becomes a panic that says where it happened.
//!
//! The memory maps place the stack right above memory that no program writes to: its flash. [`forbid_writes`] makes that
//! certain, so that a stack that overflows is an exception, instead of a write to whatever is there.
//!
//! A memory map chooses the handler for the cores that riscv-rt starts: `_start_trap = lenet_trap;`.

use core::arch::{asm, global_asm};

use crate::board::linked::stack_limit;

// The handler, which passes the stack pointer of the exception on. Nothing returns from it, so the stack starts anew. The
// core wants its address to be a multiple of 4.
global_asm!(
    ".section .text.lenet_trap, \"ax\"",
    ".p2align 2",
    ".globl lenet_trap",
    "lenet_trap:",
    "mv a0, sp",
    "la sp, _stack_start",
    "j {report}",
    report = sym report,
);

/// Panics with what happened. `pointer` is the stack pointer at the instruction that raised the exception.
extern "C" fn report(pointer: usize) -> ! {
    if pointer < stack_limit() {
        panic!("the stack overflowed");
    }
    let [cause, address]: [u32; 2];
    // SAFETY: reads two registers that every core with machine mode has.
    unsafe {
        asm!("csrr {}, mcause", "csrr {}, mepc", out(reg) cause, out(reg) address, options(nomem, nostack));
    }
    panic!("exception {cause} at {address:#010x}");
}

/// Makes writes to a region an exception, until the core is reset. It can still be read and executed.
///
/// This takes the first entry of the physical memory protection. Call it once.
///
/// # Panics
///
/// Panics unless the size is a power of two, at least 8 bytes, and the region starts at a multiple of it.
pub fn forbid_writes(start: usize, size: usize) {
    assert!(
        size.is_power_of_two() && size >= 8 && start.is_multiple_of(size),
        "no region of the core's protection"
    );
    // The entry's address has the region's size in it: as many ones at its end as the size has zeros, less three.
    let region = (start | (size / 2 - 1)) >> 2;
    // Locked, so that it holds for machine mode too; a power of two bytes; executable and readable.
    let permissions = 0x80 | 0x18 | 0x04 | 0x01;
    // SAFETY: all that this changes is that a write to the region raises an exception, which ends the program.
    unsafe {
        asm!("csrw pmpaddr0, {}", "csrw pmpcfg0, {}", in(reg) region, in(reg) permissions, options(nostack));
    }
}
