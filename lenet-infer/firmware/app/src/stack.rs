//! The stack that a call takes, measured by painting: fill the free stack, make the call, and find how deep the paint
//! is gone.

use crate::Board;
use stack_paint::{lowest_used, paint};

/// The most bytes that are painted, so that a large RAM does not take long.
const DEPTH: usize = 8_192;
/// Bytes just below the stack pointer that stay unpainted, because a build without inlining calls functions to paint.
/// A call that takes less stack is reported as this.
const GAP: usize = if cfg!(debug_assertions) { 256 } else { 16 };

/// Calls `work`, and also returns the bytes of stack that it took.
///
/// They are counted from the stack pointer before the call to the lowest word that changed, at least 16 bytes, or 256
/// in a debug build.
#[inline(never)]
pub(crate) fn high_water<B: Board, R>(work: impl FnOnce() -> R) -> (R, usize) {
    let top = B::stack_pointer();
    let end = top.saturating_sub(GAP);
    let start = end.saturating_sub(DEPTH).max(B::stack_limit()).min(end);
    // SAFETY: these are words between the limit of the stack and the stack pointer; `Board` guarantees that they are free.
    unsafe { paint(start, end) };
    let result = work();
    // SAFETY: as above.
    (result, top - unsafe { lowest_used(start, end) })
}
