//! The first convolution: one input channel, six output channels.
//!
//! The six image rows of a pooled row are laid out column by column, twice: rows 0 to 4 for the upper row of the
//! windows and rows 1 to 5 for the lower one. A vector from column x on then holds columns x to x + 2 and one pixel of
//! the next. It meets the first sixteen taps of the kernel at position x, and the other nine at position x - 3. So one
//! load serves two positions of two channels, four multiply-accumulates.
//!
//! The sums of a pair of channels are kept for the whole row of windows. When they are complete, no register has to hold weights
//! any more, and all of them serve the maximum and the requantization.

use super::requant::{Layer, Offsets, enter, leave};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::Conv1;
use lenet_core::shape::{CONV1_CHANNELS, KERNEL_SIDE};

/// The six image rows less 128, column by column: rows 0 to 4, then rows 1 to 5. Each has 28 columns, and eight bytes
/// that a vector reads beyond them and multiplies by 0.
type Columns = [[u8; 148]; 2];

/// The lanes: the first sixteen taps by columns, then the last two columns without the first tap, which is the
/// sixteenth.
///
/// The outputs: windows 0, 2, 1 and 3 of the even channel, then those of the odd one.
static OFFSETS: Offsets = Offsets { taps: taps(), outputs: [0, 12, 6, 18, 1, 13, 7, 19] };

const fn taps() -> [u8; 32] {
    let mut taps = [0; 32];
    let mut index = 0;
    while index < KERNEL_SIDE * KERNEL_SIDE {
        let (row, column) = (index % KERNEL_SIDE, index / KERNEL_SIDE);
        taps[if index < 16 { index } else { index + 1 }] = (row * KERNEL_SIDE + column) as u8;
        index += 1;
    }
    taps
}

/// Computes one pooled row from the six image rows that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let (layer, weights) = Layer::convolution(layer, &raw const OFFSETS, output.as_mut_ptr().cast());
    let mut columns = MaybeUninit::<Columns>::uninit();
    // SAFETY: these are six image rows, and the weights, the offsets and the output are those of a row of conv1.
    unsafe {
        transpose(input.as_ptr(), columns.as_mut_ptr());
        channels(columns.as_ptr(), weights, &layer);
    }
}

/// Writes one image row, the next of those at `r0`, to its places in the upper and the lower columns.
///
/// Changes `r0` to `r3`, `r12` and `q2`.
#[rustfmt::skip]
macro_rules! image_row {
    ($upper:literal, $lower:literal) => {
        concat!(
            "ldr r12, [r0], #4\n",
            half_row!("0", "q0", $upper, $lower),
            half_row!("12", "q1", $upper, $lower),
            ".if ", $upper, "\n", "add r1, #1\n", ".endif\n",
            ".if ", $lower, "\n", "add r3, #1\n", ".endif\n",
        )
    };
}

/// Writes sixteen pixels, from `r12 + $at` on, to the offsets in `$offsets`.
#[rustfmt::skip]
macro_rules! half_row {
    ($at:literal, $offsets:literal, $upper:literal, $lower:literal) => {
        concat!(
            "vldrb.u8 q2, [r12, #", $at, "]\n",
            "veor q2, q2, q3\n",
            ".if ", $upper, "\n", "vstrb.8 q2, [r1, ", $offsets, "]\n", ".endif\n",
            ".if ", $lower, "\n", "vstrb.8 q2, [r3, ", $offsets, "]\n", ".endif\n",
        )
    };
}

/// Writes the columns of six image rows.
///
/// - `rows` (`r0`): six image rows, at any address.
/// - `columns` (`r1`): where the columns go.
///
/// Changes `r0` to `r3`, `r12`, `lr`, `q0` to `q3` and the flags. Takes 8 bytes of stack.
///
/// # Safety
///
/// `rows` must be valid for reads of six references, and `columns` for writes.
#[unsafe(naked)]
unsafe extern "C" fn transpose(_rows: *const &ImageRow, _columns: *mut Columns) {
    naked_asm!(
        mve!(),
        "push {{r4, lr}}",
        "add r3, r1, #148",
        "mov r2, #0",
        "vidup.u8 q0, r2, #1",
        "mov r2, #5",
        "vmul.i8 q0, q0, r2",
        "mov r2, #60",
        "vadd.i8 q1, q0, r2",
        "vmov.i8 q3, #0x80",
        image_row!("1", "0"),
        "mov r2, #4",
        "dls lr, r2",
        ".p2align 2",
        "2:",
        image_row!("1", "1"),
        "le lr, 2b",
        image_row!("0", "1"),
        "pop {{r4, pc}}",
    )
}

/// Multiplies both channels at four neighboring positions of one row, and stores the sums at `r5`, which it advances: those
/// of the even and of the odd channel at positions 0 and 2, then those at positions 1 and 3.
///
/// `q4` to `q6` hold the vectors of the first three columns, and `r1` points to the fourth. Leaves those of the next four
/// positions there.
#[rustfmt::skip]
macro_rules! four_positions {
    () => {
        concat!(
            position!("q4", "q7", "r0", "r4"),
            position!("q5", "q4", "r8", "r12"),
            position!("q6", "q5", "r2", "r6"),
            position!("q7", "q6", "r10", "lr"),
            "stmia r5!, {{r0, r2, r4, r6, r8, r10, r12, lr}}\n",
        )
    };
}

/// Multiplies both channels at one position, whose first vector is `$first`. Loads `$last` from `r1`, which it moves on.
#[rustfmt::skip]
macro_rules! position {
    ($first:literal, $last:literal, $even:literal, $odd:literal) => {
        concat!(
            "vldrb.u8 ", $last, ", [r1], #5\n",
            "vmladav.s8 ", $even, ", ", $first, ", q0\n",
            "vmladav.s8 ", $odd, ", ", $first, ", q2\n",
            "vmladava.s8 ", $even, ", ", $last, ", q1\n",
            "vmladava.s8 ", $odd, ", ", $last, ", q3\n",
        )
    };
}

/// Computes four windows of both channels from their sums at `r5`, which it moves on: maximum, bias, ReLU and requantization.
/// `r9` points to the first output.
///
/// `q0` to `q2` hold the biases, the negative shifts and the multipliers, `q3` the largest activation, `q7` the offsets of the
/// outputs. The clamp to 16 bits puts windows 0 and 1 into the lower halves of words, and windows 2 and 3 into the upper ones. A
/// multiply that keeps the upper 16 bits of each product, and a shift by 7, are a shift of the product by 23. Loads
/// alternate with what other units do. Changes `q4` to `q6`.
#[rustfmt::skip]
macro_rules! finish_windows {
    () => {
        concat!(
            "vldrw.u32 q4, [r5], #64\n",
            "vldrw.u32 q6, [r5, #-48]\n",
            "vmax.s32 q4, q4, q6\n",
            "vldrw.u32 q6, [r5, #192-64]\n",
            "vmax.s32 q4, q4, q6\n",
            "vldrw.u32 q6, [r5, #192-48]\n",
            "vmax.s32 q4, q4, q6\n",
            "vldrw.u32 q5, [r5, #-32]\n",
            "vadd.i32 q4, q4, q0\n",
            "vldrw.u32 q6, [r5, #-16]\n",
            "vshl.s32 q4, q4, q1\n",
            "vmax.s32 q5, q5, q6\n",
            "vldrw.u32 q6, [r5, #192-32]\n",
            "vqmovunb.s32 q4, q4\n",
            "vmax.s32 q5, q5, q6\n",
            "vldrw.u32 q6, [r5, #192-16]\n",
            "vmax.s32 q5, q5, q6\n",
            "vadd.i32 q5, q5, q0\n",
            "vshl.s32 q5, q5, q1\n",
            "vqmovunt.s32 q4, q5\n",
            "vmulh.u16 q4, q4, q2\n",
            "vshr.u16 q4, q4, #7\n",
            "vmin.u16 q4, q4, q3\n",
            "vstrb.16 q4, [r9, q7]\n",
        )
    };
}

/// Computes all channels of a pooled row.
///
/// - `columns` (`r0`): the input, from [`transpose`].
/// - `weights` (`r1`): the weights of conv1, at any address.
/// - `layer` (`r2`): where the outputs go.
///
/// Weights are gathered by the byte. Changes `r0` to `r3`, `r12`, `lr`, `q0` to `q3`, the predicate and the flags. Takes
/// 560 bytes of stack. The frame has 192 bytes for the sums of the upper row of the windows, 192 for those of the lower one, what
/// [`enter`] puts there, the largest activation and the end of the outputs.
///
/// # Safety
///
/// `columns` and `weights` must be valid for reads, and `layer` must be that of a row of conv1, with the bytes per tap
/// of these weights.
#[unsafe(naked)]
unsafe extern "C" fn channels(_columns: *const Columns, _weights: *const u8, _layer: &Layer) {
    naked_asm!(
        mve!(),
        enter!("384", "448", "12"),
        "add r3, r0, #15",
        "add r11, sp, #384",
        "add r0, r9, #{CHANNELS}",
        "str r0, [sp, #452]",
        // The lanes of the second vector that have a tap of their own.
        "movw r0, #0x03FE",
        "vmsr p0, r0",
        "2:",
        // For each pair: the weights of the even channel go to q0 and q1, those of the odd one to q2 and q3.
        "ldrd r0, r2, [sp, #392]",
        "vldrw.u32 q6, [sp, #400]",
        "vldrw.u32 q7, [sp, #416]",
        "add r4, r0, r2",
        "sub r4, #1",
        "vldrb.u8 q0, [r0, q6]",
        "vldrb.u8 q2, [r4, q6]",
        "vpstt",
        "vldrbt.u8 q1, [r0, q7]",
        "vldrbt.u8 q3, [r4, q7]",
        "mov r6, #25",
        "mla r0, r2, r6, r0",
        "str r0, [sp, #392]",
        "cmp r2, #2",
        "beq 3f",
        "vshl.i8 q0, q0, #4",
        "vshl.i8 q1, q1, #4",
        "vmov.i8 q6, #0xF0",
        "vand q2, q2, q6",
        "vand q3, q3, q6",
        "3:",
        // For both rows of the windows: 24 positions.
        "mov r1, r3",
        "mov r5, sp",
        ".p2align 2",
        "4:",
        "vldrb.u8 q4, [r1, #-15]",
        "vldrb.u8 q5, [r1, #-10]",
        "vldrb.u8 q6, [r1, #-5]",
        ".rept 6",
        four_positions!(),
        ".endr",
        "add r1, #148 - 120",
        "cmp r5, r11",
        "bne 4b",
        // The pixels are 128 too small, so 128 times the sum of the weights goes into the bias.
        "ldrd r0, r6, [sp, #384]",
        "vaddv.s8 r2, q0",
        "ldr r8, [r0], #4",
        "vaddv.s8 r4, q2",
        "ldr r10, [r0], #4",
        "vaddva.s8 r2, q1",
        "ldrh r12, [r6], #2",
        "vaddva.s8 r4, q3",
        "ldrb lr, [r6], #1",
        "add r2, r8, r2, lsl #7",
        "ldrh r8, [r6], #2",
        "add r4, r10, r4, lsl #7",
        "ldrb r10, [r6], #1",
        // The weights are not needed any more. In each vector, the first two words are for the even channel.
        "vmov q0[2], q0[0], r2, r4",
        "vmov q0[3], q0[1], r2, r4",
        "vmov q1[2], q1[0], lr, r10",
        "vmov q1[3], q1[1], lr, r10",
        "orr r12, r12, r12, lsl #16",
        "orr r8, r8, r8, lsl #16",
        "vneg.s32 q1, q1",
        "strd r0, r6, [sp, #384]",
        "vmov q2[2], q2[0], r12, r8",
        "vmov q2[3], q2[1], r12, r8",
        "ldr r0, [sp, #448]",
        "vldrw.u32 q7, [sp, #432]",
        "mov r5, sp",
        "mov r2, #3",
        "vdup.16 q3, r0",
        "dls lr, r2",
        ".p2align 2",
        "5:",
        finish_windows!(),
        "add r9, #24",
        "le lr, 5b",
        "ldr r0, [sp, #452]",
        "sub r9, #70",
        "cmp r9, r0",
        "bne 2b",
        leave!("384", "12"),
        CHANNELS = const CONV1_CHANNELS,
    )
}
