//! The RAM that the program takes, which is all stack: it is painted at the start, and at the end the paint is gone as far
//! down as the stack has reached.

use core::arch::asm;
use core::hint::black_box;

const PAINT: u32 = 0xA5C3_5A3C;

unsafe extern "C" {
    // Symbols of the linker: the ends of the stack.
    static mut _stack_end: u32;
    static _stack_start: u32;
}

/// Paints the stack from its end up to the stack pointer.
#[inline(always)]
pub(crate) fn paint() {
    let top: *mut u32;
    // SAFETY: reads the stack pointer.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("mov {}, sp", out(reg) top, options(nomem, nostack, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("mv {}, sp", out(reg) top, options(nomem, nostack, preserves_flags));
    }
    let mut word = &raw mut _stack_end;
    while word < top {
        // SAFETY: this is an aligned word of the stack that is not used yet.
        unsafe { word.write_volatile(PAINT) };
        word = word.wrapping_add(1);
    }
}

/// Returns the most bytes of stack that were used.
#[inline(always)]
pub(crate) fn used() -> usize {
    let mut word = &raw const _stack_end;
    // SAFETY: this is an aligned word of the stack; the search ends where it is in use.
    while unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    black_box(&raw const _stack_start).addr() - word.addr()
}
