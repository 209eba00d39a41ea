//! The words of weights and of activations that conv1 makes: see [`window`](super::window).

/// Writes the words of weights of a group to `r9` and advances it, from five int8 weights that begin at `r0 + $at` and
/// lie `$stride` bytes apart. Changes `r4` to `r8`. 9 instructions, 13 cycles.
#[rustfmt::skip]
macro_rules! five_weights {
    ($at:literal, $stride:literal) => {
        concat!(
            "ldrsb r4, [r0, #", $at, "]\n",
            "ldrsb r5, [r0, #", $at, "+", $stride, "]\n",
            "ldrsb r6, [r0, #", $at, "+2*", $stride, "]\n",
            "ldrsb r7, [r0, #", $at, "+3*", $stride, "]\n",
            "ldrsb r8, [r0, #", $at, "+4*", $stride, "]\n",
            "add r5, r5, r4, lsl #21\n",
            "add r7, r7, r6, lsl #21\n",
            "lsl r8, r8, #21\n",
            "stmia r9!, {{r5, r7, r8}}\n",
        )
    };
}
pub(super) use five_weights;

/// Two words of activations, in `$first` and `$second`, from four pixels in `$pixels`. Changes `r0` and `$pixels`.
#[rustfmt::skip]
macro_rules! activation_words {
    ($pixels:literal, $first:literal, $second:literal) => {
        concat!(
            "uxtb16 r0, ", $pixels, "\n",
            "uxtb16 ", $pixels, ", ", $pixels, ", ror #8\n",
            "pkhbt ", $first, ", r0, ", $pixels, ", lsl #21\n",
            "lsls ", $pixels, ", #5\n",
            "pkhtb ", $second, ", ", $pixels, ", r0, asr #16\n",
        )
    };
}
pub(super) use activation_words;
