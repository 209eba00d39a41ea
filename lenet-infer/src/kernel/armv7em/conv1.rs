//! The first convolution: one input channel, six output channels.
//!
//! A row of windows is three tiles of eight columns. The 36 words of activations of a tile serve all channels, and the
//! 15 words of weights of a channel serve both rows of the windows.

use super::pooled::PackedRow;
use super::requant::Finish;
use super::window::{Windows, activations, add_bias, group, int4_weights, larger, next_channel, seeds};
use crate::kernel::{ImageRow, PATCH_SIDE};
use core::arch::naked_asm;
use lenet_core::model::{Conv1, Weights};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, POOL1_SIDE};

// What the assembly takes for granted.
const _: () = assert!(CONV1_TAPS == 25 && CONV1_CHANNELS == 6 && POOL1_SIDE == 12);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(always)]
pub(super) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PackedRow) {
    let (weights, mode, steps) = match layer.weights() {
        Weights::Int8(weights) => (weights.as_ptr().cast(), 0, [1, 2 * CONV1_TAPS - 1]),
        Weights::Int4(weights) => (weights.as_ptr().cast(), Windows::INT4, [0, CONV1_TAPS]),
    };
    let finish = Finish::packed(layer, output.as_mut_bytes());
    let mut windows = Windows { finish, weights, mode, steps };
    // SAFETY: the pointers are those of a row of conv1.
    unsafe { all_windows(&mut windows, input.as_ptr().cast()) }
}

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

/// The larger of the sums of two columns, in `$max`, from an accumulator and the low word of the next one: as
/// `columns!` gives them. Changes `$over`.
///
/// Two sums of conv1 differ by 25 * 128 * 255 at most, less than 2^20. So the difference, times 2^11, has its sign, and
/// `USAT` leaves by how much the odd one is larger.
#[rustfmt::skip]
macro_rules! maximum {
    ($max:literal, $over:literal, $low:literal, $high:literal, $next:literal) => {
        concat!(
            "lsl ", $max, ", ", $high, ", #22\n",
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

/// Computes a row of windows.
///
/// - `windows` (`r0`): the weights and the outputs.
/// - `rows` (`r1`): the addresses of six image rows.
///
/// Frame: the words of weights at 0, the activations at 60, the maxima of a window's first row or a channel's int4
/// weights as int8 at 204, then the two arguments, the column, the weights of the next channel, the channels that are
/// left in this tile with the mode, and the steps. The top bit of `r12` says that the row is the second one.
///
/// Image rows and weights may lie at any address and are read by the word or the byte. Changes `r0` to `r3`, `r12`,
/// `lr` and the flags. Takes 296 bytes of stack.
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
        "sub sp, #260",
        "mov r2, #0",
        "add r3, sp, #232",
        "stmia r3, {{r0-r2}}",
        // A tile: its activations,
        "2:",
        "ldrd r4, r5, [sp, #236]",
        "add r6, sp, #60",
        "add r7, sp, #204",
        "3:",
        "ldr r0, [r4], #4",
        "add r0, r5",
        "ldr r1, [r0]",
        "ldr r2, [r0, #4]",
        "ldr r3, [r0, #8]",
        "uxtb16 r0, r1",
        "uxtb16 r1, r1, ror #8",
        "pkhbt r8, r0, r1, lsl #21",
        "lsl r1, #5",
        "pkhtb r9, r1, r0, asr #16",
        "uxtb16 r0, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r10, r0, r2, lsl #21",
        "lsl r2, #5",
        "pkhtb r11, r2, r0, asr #16",
        "uxtb16 r0, r3",
        "uxtb16 r3, r3, ror #8",
        "pkhbt r12, r0, r3, lsl #21",
        "lsl r3, #5",
        "pkhtb lr, r3, r0, asr #16",
        "stmia r6!, {{r8-r12, lr}}",
        "cmp r6, r7",
        "bne 3b",
        // then channel after channel.
        "ldr r1, [sp, #232]",
        "add r1, #16",
        "ldmia r1, {{r0, r2, r3, r4}}",
        "orr r2, #6",
        "add r1, sp, #244",
        "stmia r1, {{r0, r2, r3, r4}}",
        "4:",
        "ldrd r3, r4, [sp, #252]",
        "strd r4, r3, [sp, #252]",
        "add r3, r0",
        "str r3, [sp, #244]",
        "mov r9, sp",
        "tst r2, #0x20000000",
        "beq 5f",
        // int4: the weights of an even channel are 4 bits lower. An even number of channels is left before it.
        "tst r2, #1",
        "mov r3, #0xF0F0F0F0",
        "bne 71f",
        int4_weights!(", lsl #4", "204", "0", "4", "8", "12", "16", "20", "21"),
        "b 72f",
        "71:",
        int4_weights!("", "204", "0", "4", "8", "12", "16", "20", "21"),
        "72:",
        "add r0, sp, #204",
        five_weights!("0", "1"),
        five_weights!("5", "1"),
        five_weights!("10", "1"),
        five_weights!("15", "1"),
        five_weights!("20", "1"),
        "b 6f",
        "5:",
        five_weights!("0", "2"),
        five_weights!("10", "2"),
        five_weights!("20", "2"),
        five_weights!("30", "2"),
        five_weights!("40", "2"),
        "6:",
        "adr r1, 9f",
        "ldmia r1, {{r4-r12}}",
        "add r0, sp, #60",
        "7:",
        group!("0", "0"),
        group!("24", "12"),
        group!("48", "24"),
        group!("72", "36"),
        group!("96", "48"),
        maxima!(),
        "cmp r12, #0",
        "bmi 8f",
        "add r0, sp, #204",
        "stmia r0, {{r1-r4}}",
        "adr r1, 9f",
        "ldmia r1, {{r4-r12}}",
        "orr r12, #0x80000000",
        "add r0, sp, #84",
        "b 7b",
        "8:",
        "add r0, sp, #204",
        "ldmia r0, {{r5-r8}}",
        larger!("r1", "r5"),
        larger!("r2", "r6"),
        larger!("r3", "r7"),
        larger!("r4", "r8"),
        "ldr lr, [sp, #232]",
        next_channel!(),
        add_bias!(),
        activations!("21"),
        "strd r1, r3, [r10], #24",
        "str r10, [lr, #8]",
        "ldrd r0, r2, [sp, #244]",
        "sub r2, #1",
        "str r2, [sp, #248]",
        "lsls r3, r2, #29",
        "bne 4b",
        // The next tile: four columns of the pooled row on, which are two words.
        "ldmia lr, {{r0, r1}}",
        "sub r0, #24",
        "sub r1, #18",
        "sub r10, #136",
        "stmia lr, {{r0, r1, r10}}",
        "ldr r5, [sp, #240]",
        "add r5, #8",
        "str r5, [sp, #240]",
        "cmp r5, #24",
        "bne 2b",
        "add sp, #260",
        "pop {{r4-r11, pc}}",
        ".p2align 2",
        "9:",
        seeds!(),
    )
}
