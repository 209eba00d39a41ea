//! The RAM that the program takes, which is all stack: it is painted at the start, and at the end the paint is gone as far
//! down as the stack has reached.

use core::hint::black_box;

unsafe extern "C" {
    // Symbols of the linker: the ends of the stack.
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Paints the stack from its end up to the stack pointer.
#[inline(always)]
pub(crate) fn paint() {
    // SAFETY: these are the words of the stack that are not used yet.
    unsafe { stack_paint::paint((&raw const _stack_end).expose_provenance(), stack_paint::pointer()) };
}

/// Returns the most bytes of stack that were used.
#[inline(always)]
pub(crate) fn used() -> usize {
    let top = black_box(&raw const _stack_start).addr();
    // SAFETY: these are the words of the stack.
    top - unsafe { stack_paint::lowest_used((&raw const _stack_end).expose_provenance(), top) }
}
