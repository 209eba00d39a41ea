//! The int4 weights of conv2.

use core::arch::naked_asm;

/// Unpacks int4 weights in `q0` to `q4`, of the even channel of their pair if `r5` is the stack pointer, or else of the
/// odd one. Changes `r2` and `q7`, but not the flags. Needs no stack.
///
/// # Safety
///
/// It must be called from assembly only.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn unpack() {
    naked_asm!(
        mve!(),
        "mov r2, sp",
        "sub r2, r5, r2",
        "cbnz r2, 2f",
        "vshl.i8 q0, q0, #4",
        "vshl.i8 q1, q1, #4",
        "vshl.i8 q2, q2, #4",
        "vshl.i8 q3, q3, #4",
        "vshl.i8 q4, q4, #4",
        "bx lr",
        "2:",
        "vmov.i8 q7, #0xF0",
        "vand q0, q0, q7",
        "vand q1, q1, q7",
        "vand q2, q2, q7",
        "vand q3, q3, q7",
        "vand q4, q4, q7",
        "bx lr",
    )
}
