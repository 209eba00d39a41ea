//! What the two convolutions share.

use core::arch::naked_asm;

/// Writes the two int8 weights of each int4 byte from `weights` up to `end`.
///
/// # Safety
///
/// `int8` is twice as long.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn int4_to_int8(_weights: *const u8, _end: *const u8, _int8: *mut u8) {
    naked_asm!(
        dsp!(),
        "2:",
        "ldrb r3, [r0], #1",
        "lsl r12, r3, #4",
        "strb r12, [r2], #1",
        "and r3, #0xF0",
        "strb r3, [r2], #1",
        "cmp r0, r1",
        "bne 2b",
        "bx lr",
    )
}

/// A pair of taps for two channels at four positions: sixteen products. `r0` steps through the weights; the
/// activations are at `r1 + $at` for the two positions of the window's first row, `$row` further for its second;
/// the sums are in `r4` to `r11`, position after position the even channel's and the odd one's.
#[rustfmt::skip]
macro_rules! step {
    ($multiply:literal, $at:literal, $row:literal) => {
        concat!(
            "ldr lr, [r0], #4\n",
            "ldrd r2, r3, [r1, #", $at, "]\n",
            "sxtb16 r12, lr\n",
            "sxtb16 lr, lr, ror #8\n",
            $multiply, " r4, r12, r2, r4\n",
            $multiply, " r5, lr, r2, r5\n",
            $multiply, " r6, r12, r3, r6\n",
            $multiply, " r7, lr, r3, r7\n",
            "ldrd r2, r3, [r1, #", $at, "+", $row, "]\n",
            $multiply, " r8, r12, r2, r8\n",
            $multiply, " r9, lr, r2, r9\n",
            $multiply, " r10, r12, r3, r10\n",
            $multiply, " r11, lr, r3, r11\n",
        )
    };
}
pub(super) use step;

/// The largest of four registers, into the first.
#[rustfmt::skip]
macro_rules! largest {
    ($a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "cmp ", $a, ", ", $b, "\n", "it lt\n", "movlt ", $a, ", ", $b, "\n",
            "cmp ", $c, ", ", $d, "\n", "it lt\n", "movlt ", $c, ", ", $d, "\n",
            "cmp ", $a, ", ", $c, "\n", "it lt\n", "movlt ", $a, ", ", $c, "\n",
        )
    };
}
pub(super) use largest;
