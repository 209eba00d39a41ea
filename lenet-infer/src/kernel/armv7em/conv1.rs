//! The first convolution: one input channel, six output channels.
//!
//! The 84 words of activations of a row of windows serve all channels, and the 15 words of weights of a channel serve the
//! whole row, which is three tiles of eight columns.
//!
//! The edge of a tile, the low lane that a fifth accumulator would have, is the low lane of the first accumulator of the tile
//! on its right. So the tiles are computed from the right to the left, and only the edge of the rightmost one takes
//! products of its own, of both rows of sums at once. In a small build each tile computes its edge, in the loop that
//! conv2 has too.

use super::pooled::PackedRow;
use super::requant::Finish;
use super::window::{Windows, activations, add_bias, group_loop, int4_weights, larger, next_channel, seeds};
use super::words::{activation_words, five_weights};
use crate::kernel::{ImageRow, PATCH_SIDE, SMALL};
use core::arch::naked_asm;
use lenet_core::model::{Conv1, INT4};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, POOL1_SIDE};

// What the assembly takes for granted.
const _: () = assert!(CONV1_TAPS == 25 && CONV1_CHANNELS == 6 && POOL1_SIDE == 12);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(always)]
pub(super) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PackedRow) {
    let weights = layer.weights().as_bytes().as_ptr();
    let (mode, steps) = if layer.weights().is_int4() {
        (Windows::INT4, [0, CONV1_TAPS])
    } else {
        (0, [1, 2 * CONV1_TAPS - 1])
    };
    let finish = Finish::packed(layer, output.as_mut_bytes());
    let mut windows = Windows { finish, weights, mode, steps };
    // SAFETY: the pointers are those of a row of conv1.
    unsafe { all_windows(&mut windows, input.as_ptr().cast()) }
}

/// The larger of the sums of two columns, in `$max`, from an accumulator and the low word of the next one: as
/// `columns!` gives them. Changes `$over`.
///
/// Two sums of conv1 differ by 25 * 128 * 255 at most, less than 2^20. So the difference, times 2^11, has its sign, and
/// `USAT` leaves by how much the odd one is larger.
#[rustfmt::skip]
macro_rules! maximum {
    ($max:literal, $over:literal, $low:literal, $high:literal, $next:literal) => {
        concat!(
            "lsls ", $max, ", ", $high, ", #22\n",
            "orr ", $max, ", ", $max, ", ", $low, ", lsr #10\n",
            "sub ", $over, ", ", $max, ", ", $high, ", lsl #1\n",
            "rsb ", $over, ", ", $over, ", ", $next, ", lsl #11\n",
            "usat ", $over, ", #31, ", $over, "\n",
            "add ", $max, ", ", $max, ", ", $over, "\n",
        )
    };
}

/// The maxima of the four pairs of columns of a row, in `r1` to `r4`. Changes `r5`.
macro_rules! maxima {
    () => {
        concat!(
            maximum!("r1", "r2", "r4", "r5", "r6"),
            maximum!("r2", "r3", "r6", "r7", "r8"),
            maximum!("r3", "r4", "r8", "r9", "r10"),
            maximum!("r4", "r5", "r10", "r11", "r12"),
        )
    };
}

/// Adds the 40 products of a group as [`group!`](super::window::group) does, but those of the edge. So `r12` is free, and
/// three loads stand side by side where two do there. Changes `r1` to `r3`, `r12` and `lr`. 18 instructions, 25 cycles.
#[rustfmt::skip]
macro_rules! group_without_edge {
    ($x:literal, $w:literal) => {
        concat!(
            "ldrd r1, r2, [sp, #", $w, "]\n",
            "ldrd r3, lr, [r0, #", $x, "]\n",
            "smlal r4, r5, r3, r1\n",
            "smlal r6, r7, lr, r1\n",
            "smlal r4, r5, lr, r2\n",
            "ldr r3, [r0, #8+", $x, "]\n",
            "ldr lr, [sp, #8+", $w, "]\n",
            "ldr r12, [r0, #12+", $x, "]\n",
            "smlal r8, r9, r3, r1\n",
            "smlal r6, r7, r3, r2\n",
            "smlal r4, r5, r3, lr\n",
            "smlal r10, r11, r12, r1\n",
            "smlal r8, r9, r12, r2\n",
            "smlal r6, r7, r12, lr\n",
            "ldrd r3, r12, [r0, #16+", $x, "]\n",
            "smlal r10, r11, r3, r2\n",
            "smlal r8, r9, r3, lr\n",
            "smlal r10, r11, r12, lr\n",
        )
    };
}

/// Adds the products of kernel row `$k` at the right edge of the last tile: those of the first row of sums to `r4`, of the
/// second one to `r5`. The edge's two words of the first row are in `$x0` and `$x1`, and those of the second one go to
/// `$next0` and `$next1`. Changes `r2` and `r3`. 8 instructions, 9 cycles.
#[rustfmt::skip]
macro_rules! edges {
    ($k:literal, $x0:literal, $x1:literal, $next0:literal, $next1:literal) => {
        concat!(
            "ldr r2, [sp, #336+12*", $k, "]\n",
            "ldr r3, [sp, #340+12*", $k, "]\n",
            "ldr ", $next0, ", [sp, #48+56*(", $k, "+1)]\n",
            "ldr ", $next1, ", [sp, #52+56*(", $k, "+1)]\n",
            "smlabb r4, ", $x0, ", r2, r4\n",
            "smlabb r4, ", $x1, ", r3, r4\n",
            "smlabb r5, ", $next0, ", r2, r5\n",
            "smlabb r5, ", $next1, ", r3, r5\n",
        )
    };
}

/// Computes a row of windows.
///
/// - `windows` (`r0`): the weights and the outputs.
/// - `rows` (`r1`): the addresses of six image rows.
///
/// Frame:
///
/// | offset | content |
/// |---|---|
/// | 0 | the words of activations: six rows of 14 |
/// | 336 | the words of weights of a channel |
/// | 396 | a channel's int4 weights as int8, 28 bytes; later the maxima of a tile's first row of sums |
/// | 412 | the edges of both rows of sums; in a small build, the address of the next words of weights |
/// | 424 | `windows` |
/// | 428 | the weights of the next channel |
/// | 432 | the channels that are left, and the mode |
/// | 436 | the steps |
/// | 444 | the activations of the tile |
/// | 448 | the bias less the start of the lanes, the requant, the place of the outputs and the headroom |
///
/// Image rows and weights may lie at any address and are read by the word or the byte. Changes `r0` to `r3`, `r12`,
/// `lr` and the flags. Takes 504 bytes of stack.
///
/// # Safety
///
/// `windows` must be that of a row of conv1: weights, steps and mode agree, and the outputs are the words of a
/// [`PackedRow`], with a headroom for them. Each of the six `rows` must be valid for reads of 28 bytes.
#[unsafe(naked)]
unsafe extern "C" fn all_windows(_windows: &mut Windows, _rows: *const *const u8) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "sub sp, #468",
        "str r0, [sp, #424]",
        "add r0, #16",
        "ldmia r0, {{r0, r2, r3, r4}}",
        "orr r2, #6",
        "add r5, sp, #428",
        "stmia r5, {{r0, r2, r3, r4}}",
        // The words of activations.
        "mov r6, sp",
        "add r7, sp, #336",
        "2:",
        "ldr r5, [r1], #4",
        ".if {small}",
        "add r8, r5, #28",
        "21:",
        "ldr r2, [r5], #4",
        activation_words!("r2", "r3", "r4"),
        "stmia r6!, {{r3, r4}}",
        "cmp r5, r8",
        "bne 21b",
        ".else",
        "mov r4, r1",
        "ldr r1, [r5]",
        "ldr r2, [r5, #4]",
        "ldr r3, [r5, #8]",
        activation_words!("r1", "r8", "r9"),
        activation_words!("r2", "r10", "r11"),
        activation_words!("r3", "r12", "lr"),
        "stmia r6!, {{r8-r12, lr}}",
        "ldr r1, [r5, #12]",
        "ldr r2, [r5, #16]",
        "ldr r3, [r5, #20]",
        "ldr r5, [r5, #24]",
        activation_words!("r1", "r8", "r9"),
        activation_words!("r2", "r10", "r11"),
        activation_words!("r3", "r12", "lr"),
        "stmia r6!, {{r8-r12, lr}}",
        activation_words!("r5", "r8", "r9"),
        "stmia r6!, {{r8, r9}}",
        "mov r1, r4",
        ".endif",
        "cmp r6, r7",
        "bne 2b",
        // A channel: its words of weights,
        "ldrd r0, r2, [sp, #428]",
        "4:",
        "ldrd r3, r4, [sp, #436]",
        "strd r4, r3, [sp, #436]",
        "add r3, r0",
        "subs r4, r2, #1",
        "strd r3, r4, [sp, #428]",
        "add r9, sp, #336",
        ".if {int4}",
        "tst r2, #0x20000000",
        "beq 5f",
        int4_weights!("396", "0", "4", "8", "12", "16", "20", "21"),
        "add r0, sp, #396",
        "add r1, sp, #421",
        "41:",
        five_weights!("0", "1"),
        "adds r0, #5",
        "cmp r0, r1",
        "bne 41b",
        "b 6f",
        ".endif",
        "5:",
        ".if {small}",
        "add r1, r0, #50",
        "51:",
        five_weights!("0", "2"),
        "adds r0, #10",
        "cmp r0, r1",
        "bne 51b",
        ".else",
        five_weights!("0", "2"),
        five_weights!("10", "2"),
        five_weights!("20", "2"),
        five_weights!("30", "2"),
        five_weights!("40", "2"),
        ".endif",
        // its requant, and the edges of the last tile.
        "6:",
        "ldr lr, [sp, #424]",
        next_channel!(),
        "add r0, r10, #24",
        "str r0, [lr, #8]",
        "add r10, #16",
        "add r0, sp, #448",
        "stmia r0, {{r5, r6, r7, r10, r11}}",
        ".ifeq {small}",
        "mov r4, #0x100000",
        "mov r5, #0x100000",
        "ldrd r0, r1, [sp, #48]",
        edges!("0", "r0", "r1", "r6", "r7"),
        edges!("1", "r6", "r7", "r0", "r1"),
        edges!("2", "r0", "r1", "r6", "r7"),
        edges!("3", "r6", "r7", "r0", "r1"),
        edges!("4", "r0", "r1", "r6", "r7"),
        "strd r4, r5, [sp, #412]",
        ".endif",
        // Its tiles, from the right to the left.
        "add r0, sp, #32",
        "str r0, [sp, #444]",
        ".if {small}",
        "9:",
        "adr r1, 99f",
        "ldmia r1, {{r4-r12}}",
        group_loop!("56", "336", "396", "412"),
        maxima!(),
        // Those of the first row of sums wait for those of the second, one row of activations below.
        "subs r0, #224",
        "ldr r5, [sp, #444]",
        "subs r5, r0, r5",
        "cmp r5, #56",
        "add r5, sp, #396",
        "itt eq",
        "stmiaeq r5, {{r1-r4}}",
        "beq 9b",
        ".else",
        "b 9f",
        // The maxima of the first row of sums. The edge of a tile is the low lane of the first accumulator of the tile on its
        // right.
        "8:",
        "ldr r12, [sp, #412]",
        "str r4, [sp, #412]",
        maxima!(),
        "add r5, sp, #396",
        "stmia r5, {{r1-r4}}",
        "adds r0, #56",
        "9:",
        "adr r1, 99f",
        "ldmia r1, {{r4-r11}}",
        group_without_edge!("0", "336"),
        group_without_edge!("56", "348"),
        group_without_edge!("112", "360"),
        group_without_edge!("168", "372"),
        group_without_edge!("224", "384"),
        "ldr r1, [sp, #444]",
        "cmp r0, r1",
        "beq 8b",
        "ldr r12, [sp, #416]",
        "str r4, [sp, #416]",
        maxima!(),
        ".endif",
        "add r0, sp, #396",
        "ldmia r0, {{r5-r8}}",
        larger!("r1", "r5"),
        larger!("r2", "r6"),
        larger!("r3", "r7"),
        larger!("r4", "r8"),
        "add r0, sp, #448",
        "ldmia r0, {{r5, r6, r7, r10, r11}}",
        add_bias!(),
        activations!("21"),
        "strd r1, r3, [r10], #-8",
        "ldr r0, [sp, #444]",
        "str r10, [sp, #460]",
        "subs r0, #16",
        "cmp r0, sp",
        "it hs",
        "strhs r0, [sp, #444]",
        "bhs 9b",
        "ldrd r0, r2, [sp, #428]",
        "lsls r3, r2, #29",
        "bne 4b",
        "add sp, #468",
        "pop {{r4-r11, pc}}",
        ".p2align 2",
        "99:",
        seeds!(),
        int4 = const INT4 as u8,
        small = const SMALL as u8,
    )
}
