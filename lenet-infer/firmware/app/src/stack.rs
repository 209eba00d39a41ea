//! How much stack a call takes, by painting: fill the free stack, call, and see how deep the paint is gone.

use crate::Board;
use core::ptr;

const PAINT: u32 = 0xA5C3_5A3C;
/// Bytes painted at most, so that a large RAM does not take long.
const DEPTH: usize = 8_192;
/// Bytes just below the stack pointer that stay unpainted: a build without inlining calls functions to paint. A call
/// that takes less is reported as this.
const GAP: usize = if cfg!(debug_assertions) { 256 } else { 16 };

/// Calls `work`, and says how many bytes of stack it took: from the stack pointer before the call to the lowest
/// word that changed, at least 16 bytes, or 256 in a debug build.
#[inline(never)]
pub(crate) fn high_water<B: Board, R>(work: impl FnOnce() -> R) -> (R, usize) {
    let top = B::stack_pointer();
    let end = top.saturating_sub(GAP);
    let start = end.saturating_sub(DEPTH).max(B::stack_limit()).min(end);
    let mut address = start;
    while address < end {
        // SAFETY: an aligned word between the stack's limit and the stack pointer, which is free, says `Board`.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) };
        address += size_of::<u32>();
    }

    let result = work();

    let mut lowest = start;
    // SAFETY: as above, and painted before.
    while lowest < end && unsafe { ptr::with_exposed_provenance::<u32>(lowest).read_volatile() } == PAINT {
        lowest += size_of::<u32>();
    }
    (result, top - lowest)
}
