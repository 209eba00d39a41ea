//! Ternary weights: sixteen bytes of a row at a time, which hold eighty weights.

use core::arch::naked_asm;
use lenet_core::model::ternary_row;
use lenet_core::shape::{FC1_OUTPUTS, POOL2_LEN};

// What `rows` needs of both layers' rows.
const _: () = {
    let (fc1, fc2) = (ternary_row(POOL2_LEN), ternary_row(FC1_OUTPUTS));
    assert!(fc1 > 16 && fc2 > 16 && !fc1.is_multiple_of(16) && !fc2.is_multiple_of(16));
    assert!(POOL2_LEN + 16 >= 5 * fc1 && FC1_OUTPUTS + 16 >= 5 * fc2);
};

/// Multiplies the inputs in `q0` to `q4` by eighty weights of one output, raised by 64, and adds a 64th of the products.
///
/// `q7` holds threes. The product of a byte and three has the next digit in its upper half, and what the digits after it
/// are read from in its lower half. Advances `r3` by a row. Changes `q5` and `q6`.
#[rustfmt::skip]
macro_rules! row {
    ($sum:literal) => {
        concat!(
            "vldrb.u8 q5, [r3]\n",
            "add r3, r1\n",
            ".irp input, q0, q1, q2, q3\n",
            "vmulh.u8 q6, q5, q7\n",
            "vmul.i8 q5, q5, q7\n",
            "vmladava.u8 ", $sum, ", q6, \\input\n",
            ".endr\n",
            "vmulh.u8 q6, q5, q7\n",
            "vmladava.u8 ", $sum, ", q6, q4\n",
        )
    };
}

/// Computes the sums of neighboring outputs with ternary weights, in units of int8 weights.
///
/// - `weights` (`r0`), `row_bytes` (`r1`): the rows of weights, one after the other.
/// - `input` (`r2`), `inputs` (`r3`): the activations and their number.
/// - `sums`, `outputs` (on the stack): where the sums go, and their number.
///
/// Every sum starts at minus the sum of the inputs, because each digit exceeds its weight by one. Then the rows are taken
/// sixteen bytes at a time, but the first time only the bytes that exceed a multiple of sixteen, with zeros as the inputs of
/// the other lanes. The lanes after the last input have zeros too.
///
/// Weights and activations are read by the byte and may lie at any address. Changes `r0` to `r3`, `r12`, `lr`, `q0` to
/// `q3` and the flags. Takes 96 bytes of stack.
///
/// # Safety
///
/// `row_bytes` must be above 16 and no multiple of 16, and `inputs` at most five times as many, and at most 16 less.
/// `weights` must be valid for reads of `outputs` rows, and `input` of `inputs` activations. `sums` must be valid for
/// writes of `outputs` sums, an even number above 0.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn rows(
    _weights: *const u8,
    _row_bytes: usize,
    _input: *const u8,
    _inputs: usize,
    _sums: *mut i32,
    _outputs: usize,
) {
    naked_asm!(
        mve!(),
        "push {{r4-r10, lr}}",
        "vpush {{d8-d15}}",
        "ldrd r8, r9, [sp, #96]",
        "mov r4, #0",
        "mov r12, r2",
        "dlstp.8 lr, r3",
        ".p2align 2",
        "2:",
        "vldrb.u8 q0, [r12], #16",
        "vaddva.u8 r4, q0",
        "letp lr, 2b",
        "rsb r4, r4, #0",
        "vdup.32 q0, r4",
        "mov r12, r8",
        "dlstp.32 lr, r9",
        "2:",
        "vstrw.32 q0, [r12], #16",
        "letp lr, 2b",
        "vmov.i8 q7, #3",
        // Two outputs at a time. The end of the first row, the first lanes, and the lanes left of the fifth inputs.
        "lsr r9, #1",
        "add r10, r0, r1",
        "and r5, r1, #15",
        "sub r7, r3, r1, lsl #2",
        "3:",
        "add r3, r2, r1",
        "add r4, r2, r1, lsl #1",
        "add r6, r3, r1, lsl #1",
        "add r12, r2, r1, lsl #2",
        "vctp.8 r5",
        "vpstttt",
        "vldrbt.u8 q0, [r2]",
        "vldrbt.u8 q1, [r3]",
        "vldrbt.u8 q2, [r4]",
        "vldrbt.u8 q3, [r6]",
        "vpstt",
        "vctpt.8 r7",
        "vldrbt.u8 q4, [r12]",
        "mov r3, r0",
        "mov r12, r8",
        "dls lr, r9",
        ".p2align 2",
        "4:",
        "ldrd r4, r6, [r12]",
        row!("r4"),
        row!("r6"),
        "strd r4, r6, [r12], #8",
        "le lr, 4b",
        "add r0, r5",
        "add r2, r5",
        "sub r7, r5",
        "mov r5, #16",
        "cmp r0, r10",
        "bne 3b",
        "lsl r9, #1",
        "dlstp.32 lr, r9",
        "2:",
        "vldrw.u32 q0, [r8]",
        "vshl.i32 q0, q0, #6",
        "vstrw.32 q0, [r8], #16",
        "letp lr, 2b",
        "vpop {{d8-d15}}",
        "pop {{r4-r10, pc}}",
    )
}
