//! Code that both convolutions share.

use core::arch::naked_asm;

/// Unpacks each byte of int4 weights from `weights` (`r0`) up to `end` (`r1`) to two int8 weights at `int8` (`r2`).
///
/// Changes `r0`, `r2`, `r3`, `r12` and the flags. Needs no stack.
///
/// # Safety
///
/// The range from `weights` to `end` must be valid for reads and must not be empty. `int8` must be valid for writes of
/// twice as many bytes.
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

/// Adds sixteen products: two taps, two channels and four positions.
///
/// `r0` points to the weights and is advanced. The activations for the two positions of the window's upper row are at
/// `r1 + $at`, and those for its lower row `$row` bytes further. The sums are in `r4` to `r11`: for each position,
/// that of the even channel and that of the odd one. Changes `r2`, `r3`, `r12` and `lr`.
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

/// Replaces the first of four registers by the largest of the four. Changes the third.
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
