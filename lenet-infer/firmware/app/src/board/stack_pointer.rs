//! The stack pointer.

use core::arch::asm;

/// Returns the stack pointer. On a Cortex-M, it is that of whichever of its two stacks is in use.
#[inline(always)]
pub(super) fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    // SAFETY: reads a register.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}
