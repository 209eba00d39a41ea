//! Four products per instruction: what both convolutions share.
//!
//! A word of two horizontally neighboring activations is `x0 + x1 2^21`, and a word of two neighboring taps is
//! `w1 + w0 2^21`. `SMLAL` adds their product to an accumulator of 64 bits:
//!
//! | lane | bits | products |
//! |---|---|---|
//! | low | 0 to 20 | `x0 w1` |
//! | middle | 21 to 41 | `x0 w0 + x1 w1` |
//! | high | 42 to 63 | `x1 w0` |
//!
//! The middle lane is the sum at the column of `x0`, which is even. The high lane is one half of the sum at the next
//! column, and the low lane of the next accumulator is the other half. Four accumulators, and an *edge* word for the low
//! lane that the fifth would have, are the sums of a row of eight columns.
//!
//! The five taps of a kernel row are three words, `w1 + w0 2^21`, `w3 + w2 2^21` and `w4 2^21`. A *group* is a kernel
//! row of one input channel: 40 products of six words of activations and three of weights.
//!
//! # Registers
//!
//! The accumulators are in `r4` to `r11`, the low halves in the even ones, and the edge is in the low 21 bits of `r12`.
//! `r0` points to the activations, and the words of weights are on the stack. All lanes start at 2^20 ([`seeds!`]), so
//! that they stay without a sign, and a lane of zero products is a sum of zero.
//!
//! # Range
//!
//! A lane holds sums from -2^20 to 2^20 - 1. That is enough for the 25 taps of conv1 and for one kernel row of conv2,
//! 30 taps, whatever the weights are: 30 products of 255 and -128 come to -979,200. See [`conv2`](super::conv2) for the
//! 150 taps of conv2.

use super::requant::Finish;

/// What the assembly of a convolution needs to know about a layer and the place of its outputs.
#[repr(C)]
pub(super) struct Windows {
    /// Offset 0. The assembly advances it.
    pub(super) finish: Finish,
    /// Offset 16: the weights of the first channel.
    pub(super) weights: *const u8,
    /// Offset 20: [`INT4`](Self::INT4) and [`DRAIN`](Self::DRAIN), or 0.
    pub(super) mode: u32,
    /// Offset 24: the bytes from the weights of an even channel to those of the next one, and the same for an odd
    /// channel. The assembly exchanges them after each channel, and there is an even number of channels.
    pub(super) steps: [usize; 2],
}

impl Windows {
    /// The weights are int4.
    pub(super) const INT4: u32 = 1 << 29;
    /// The lanes are emptied after every kernel row.
    pub(super) const DRAIN: u32 = 1 << 30;
}

/// The start of all lanes, for `r4` to `r12`: data.
macro_rules! seeds {
    () => {
        ".word 0x100000, 0x80000200, 0x100000, 0x80000200, 0x100000, 0x80000200, 0x100000, 0x80000200, 0x100000\n"
    };
}
pub(super) use seeds;

/// Adds the 40 products of a group, whose activations are at `r0 + $x`, and whose weights are at `sp + $w`.
///
/// Loads are side by side where there are registers, because a load after a load takes one cycle and not two. Changes
/// `r1` to `r3` and `lr`. 23 instructions, 28 cycles.
#[rustfmt::skip]
macro_rules! group {
    ($x:literal, $w:literal) => {
        concat!(
            "ldr r1, [sp, #", $w, "]\n",
            "ldr r2, [sp, #4+", $w, "]\n",
            "ldr r3, [r0, #", $x, "]\n",
            "ldr lr, [r0, #4+", $x, "]\n",
            "smlal r4, r5, r3, r1\n",
            "smlal r6, r7, lr, r1\n",
            "smlal r4, r5, lr, r2\n",
            "ldr r3, [r0, #8+", $x, "]\n",
            "ldr lr, [sp, #8+", $w, "]\n",
            "smlal r8, r9, r3, r1\n",
            "smlal r6, r7, r3, r2\n",
            "smlal r4, r5, r3, lr\n",
            "ldr r3, [r0, #12+", $x, "]\n",
            "smlal r10, r11, r3, r1\n",
            "smlal r8, r9, r3, r2\n",
            "smlal r6, r7, r3, lr\n",
            "ldr r3, [r0, #16+", $x, "]\n",
            "smlabb r12, r3, r1, r12\n",
            "smlal r10, r11, r3, r2\n",
            "smlal r8, r9, r3, lr\n",
            "ldr r3, [r0, #20+", $x, "]\n",
            "smlabb r12, r3, r2, r12\n",
            "smlal r10, r11, r3, lr\n",
        )
    };
}
pub(super) use group;

/// All groups of a kernel row, one after the other: what a small build has in place of a [`group!`] for each.
///
/// The activations of each are `$stride` bytes after those before, from `r0` on, and the words of weights lie side by side
/// from `sp + $w` to `sp + $end`. `sp + $next` holds the address of the next ones. Advances `r0` beyond the last group.
/// Changes `r1` to `r3`, `lr` and the flags. 27 instructions and 38 cycles for each.
#[rustfmt::skip]
macro_rules! group_loop {
    ($stride:literal, $w:literal, $end:literal, $next:literal) => {
        concat!(
            "add r3, sp, #", $w, "\n",
            "71:\n",
            "ldmia r3!, {{r1, r2, lr}}\n",
            "str r3, [sp, #", $next, "]\n",
            "ldr r3, [r0]\n",
            "smlal r4, r5, r3, r1\n",
            "ldr r3, [r0, #4]\n",
            "smlal r6, r7, r3, r1\n",
            "smlal r4, r5, r3, r2\n",
            "ldr r3, [r0, #8]\n",
            "smlal r8, r9, r3, r1\n",
            "smlal r6, r7, r3, r2\n",
            "smlal r4, r5, r3, lr\n",
            "ldr r3, [r0, #12]\n",
            "smlal r10, r11, r3, r1\n",
            "smlal r8, r9, r3, r2\n",
            "smlal r6, r7, r3, lr\n",
            "ldr r3, [r0, #16]\n",
            "smlabb r12, r3, r1, r12\n",
            "smlal r10, r11, r3, r2\n",
            "smlal r8, r9, r3, lr\n",
            "ldr r3, [r0, #20]\n",
            "smlabb r12, r3, r2, r12\n",
            "smlal r10, r11, r3, lr\n",
            "ldr r3, [sp, #", $next, "]\n",
            "adds r0, #", $stride, "\n",
            "add r1, sp, #", $end, "\n",
            "cmp r3, r1\n",
            "bne 71b\n",
        )
    };
}
pub(super) use group_loop;

/// Replaces `$a` by `$b` if that is larger, both without a sign.
#[rustfmt::skip]
macro_rules! larger {
    ($a:literal, $b:literal) => {
        concat!("cmp ", $a, ", ", $b, "\n", "it lo\n", "movlo ", $a, ", ", $b, "\n")
    };
}
pub(super) use larger;

/// The sums of an even column, in `$even`, and of the odd one after it, in `$odd`, from an accumulator and the low word
/// of the next one: each plus 2^20, times 2^11. The low 11 bits are remains of other lanes.
#[rustfmt::skip]
macro_rules! columns {
    ($even:literal, $odd:literal, $low:literal, $high:literal, $next:literal) => {
        concat!(
            "lsls ", $even, ", ", $high, ", #22\n",
            "orr ", $even, ", ", $even, ", ", $low, ", lsr #10\n",
            "lsls ", $odd, ", ", $next, ", #11\n",
            "add ", $odd, ", ", $odd, ", ", $high, ", lsl #1\n",
        )
    };
}
pub(super) use columns;

/// The maxima of the four pairs of columns of a row, in `r1` to `r4`, as [`columns!`] gives the sums. Changes `r5`.
#[rustfmt::skip]
macro_rules! row_maxima {
    () => {
        concat!(
            columns!("r1", "r2", "r4", "r5", "r6"), larger!("r1", "r2"),
            columns!("r2", "r3", "r6", "r7", "r8"), larger!("r2", "r3"),
            columns!("r3", "r4", "r8", "r9", "r10"), larger!("r3", "r4"),
            columns!("r4", "r5", "r10", "r11", "r12"), larger!("r4", "r5"),
        )
    };
}
pub(super) use row_maxima;

/// Loads what the next channel needs for its activations. `lr` is the address of the [`Windows`]: `r5` becomes the bias
/// less the start of the lanes, `r6` and `r7` the requant, `r10` the place of the outputs and `r11` the headroom.
/// Advances biases and requants. Changes `r0` and `r9`.
#[rustfmt::skip]
macro_rules! next_channel {
    () => {
        concat!(
            "ldmia lr, {{r0, r9, r10, r11}}\n",
            "ldr r5, [r0], #4\n",
            "ldrh r6, [r9], #2\n",
            "ldrb r7, [r9], #1\n",
            "sub r5, r5, #0x100000\n",
            "strd r0, r9, [lr]\n",
        )
    };
}
pub(super) use next_channel;

/// Adds the bias to the four maxima in `r1` to `r4`.
#[rustfmt::skip]
macro_rules! add_bias {
    () => {
        "add r1, r5, r1, lsr #11\n\
         add r2, r5, r2, lsr #11\n\
         add r3, r5, r3, lsr #11\n\
         add r4, r5, r4, lsr #11\n"
    };
}
pub(super) use add_bias;

/// Four activations of one channel from the accumulators in `r1` to `r4`, by the rule of [`lenet_core::requant`].
///
/// Two of them share a word: the second one is `$second` bits above the first, and the headroom in `r11` is for that
/// layout. The words are `r1` and `r3`.
#[rustfmt::skip]
macro_rules! activations {
    ($second:literal) => {
        concat!(
            "asrs r1, r7\n", "asrs r2, r7\n", "asrs r3, r7\n", "asrs r4, r7\n",
            "usat r1, #16, r1\n", "usat r2, #16, r2\n", "usat r3, #16, r3\n", "usat r4, #16, r4\n",
            "muls r1, r6\n", "muls r2, r6\n", "muls r3, r6\n", "muls r4, r6\n",
            "lsrs r1, #23\n", "lsrs r2, #23\n", "lsrs r3, #23\n", "lsrs r4, #23\n",
            "pkhbt r1, r1, r2, lsl #", $second, "\n",
            "pkhbt r3, r3, r4, lsl #", $second, "\n",
            // Clamp all to the largest activation.
            "uqadd16 r1, r1, r11\n", "uqadd16 r3, r3, r11\n",
            "usub16 r1, r1, r11\n", "usub16 r3, r3, r11\n",
        )
    };
}
pub(super) use activations;

/// The words of weights of a group, at `sp + $to`, from five int8 weights that begin at `r0 + $at` and lie `$stride`
/// bytes apart. Each load stands right after a load or a store of one word. Changes `r1` to `r3` and `lr`. 11 instructions,
/// 11 cycles.
#[rustfmt::skip]
macro_rules! weight_words {
    ($to:literal, $at:literal, $stride:literal) => {
        concat!(
            "ldrsb r1, [r0, #", $at, "]\n",
            "ldrsb r2, [r0, #", $at, "+", $stride, "]\n",
            "ldrsb r3, [r0, #", $at, "+2*", $stride, "]\n",
            "ldrsb lr, [r0, #", $at, "+3*", $stride, "]\n",
            "add r1, r2, r1, lsl #21\n",
            "str r1, [sp, #", $to, "]\n",
            "ldrsb r2, [r0, #", $at, "+4*", $stride, "]\n",
            "add r3, lr, r3, lsl #21\n",
            "lsls r2, r2, #21\n",
            "str r3, [sp, #4+", $to, "]\n",
            "str r2, [sp, #8+", $to, "]\n",
        )
    };
}
pub(super) use weight_words;

/// The words of weights of a kernel row of conv2, from `sp` on, one group after the other: what a small build has in place of a
/// [`weight_words!`] for each. The weights of a group begin `$step` bytes after those of the one before, from `r0` on, and
/// lie `$stride` bytes apart. Changes `r0` to `r3`, `lr` and the flags.
#[rustfmt::skip]
macro_rules! weight_word_loop {
    ($step:literal, $stride:literal) => {
        concat!(
            "mov lr, sp\n",
            "72:\n",
            "ldrsb r1, [r0]\n",
            "ldrsb r2, [r0, #", $stride, "]\n",
            "add r1, r2, r1, lsl #21\n",
            "ldrsb r2, [r0, #2*", $stride, "]\n",
            "ldrsb r3, [r0, #3*", $stride, "]\n",
            "add r2, r3, r2, lsl #21\n",
            "ldrsb r3, [r0, #4*", $stride, "]\n",
            "lsls r3, r3, #21\n",
            "stmia lr!, {{r1, r2, r3}}\n",
            "adds r0, #", $step, "\n",
            "add r1, sp, #72\n",
            "cmp lr, r1\n",
            "bne 72b\n",
        )
    };
}
pub(super) use weight_word_loop;

/// Unpacks int4 weights of one channel of the pair to int8 weights: four bytes from each `r0 + $at` to `sp + $to + $at`.
///
/// `r2` says how many channels are left: an odd number before an odd channel. The weights of an even one are four bits lower.
/// Changes `r1` to `r3` and the flags. The last four bytes may overlap those before.
#[rustfmt::skip]
macro_rules! int4_weights {
    ($to:literal, $($at:literal),+) => {
        concat!(
            "mov r3, #0xF0F0F0F0\n",
            "tst r2, #1\n",
            "ite eq\n",
            "moveq r2, #4\n",
            "movne r2, #0\n",
            $(
                "ldr r1, [r0, #", $at, "]\n",
                "lsls r1, r2\n",
                "ands r1, r3\n",
                "str r1, [sp, #", $to, "+", $at, "]\n",
            )+
        )
    };
}
pub(super) use int4_weights;
