//! The second convolution: six input channels, sixteen output channels.
//!
//! The six rows of a pooled row are laid out `[column][row][channel]`, so that a column of a kernel meets 30 activations
//! side by side, in two vectors: sixteen taps, then fourteen. Half of a channel's weights, one vector for each of the
//! five columns of the kernel, stays in registers while the eight positions of a row are computed: each of the twelve
//! columns of the input is loaded once and multiplied by up to five vectors, 52 instructions for 40 multiply-accumulates.
//! The upper row of the windows and the lower one follow each other with the same weights, then both again with the other
//! half of the taps.

use super::columns::{Columns, PLACES, transpose};
use super::requant::{Layer, Offsets, enter, leave};
use super::unpack::unpack;
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_TAPS, KERNEL_SIDE};

/// The lanes: the taps of one column of the kernel, `[row][channel]`.
static OFFSETS: Offsets = Offsets { taps: taps(), outputs: [0, 1, 16, 17, 32, 33, 48, 49] };

const fn taps() -> [u8; 32] {
    let mut taps = [0; 32];
    let mut index = 0;
    while index < KERNEL_SIDE * CONV1_CHANNELS {
        let (row, channel) = (index / CONV1_CHANNELS, index % CONV1_CHANNELS);
        taps[index] = (row * KERNEL_SIDE * CONV1_CHANNELS + channel) as u8;
        index += 1;
    }
    taps
}

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    let (layer, weights) = Layer::convolution(layer, &raw const OFFSETS, output.as_mut_ptr().cast());
    let mut columns = MaybeUninit::<Columns>::uninit();
    // SAFETY: these are six pooled rows, and the weights, the offsets and the output are those of a row of conv2.
    unsafe {
        transpose(input.as_ptr(), columns.as_mut_ptr(), &raw const PLACES);
        channels(columns.as_ptr(), weights, &layer);
    }
}

/// Multiplies the column at `r3`, which it moves on, by one or more columns of the kernel.
#[rustfmt::skip]
macro_rules! patch_column {
    ($data:literal, $($multiply:literal $sum:literal $weights:literal),+) => {
        concat!(
            "vldrb.u8 ", $data, ", [r3], #36\n",
            $($multiply, " ", $sum, ", ", $data, ", ", $weights, "\n",)+
        )
    };
}

/// Multiplies a row of eight positions by half of the taps. `r3` points to that half of the first column, `q0` to `q4`
/// hold the weights, by columns of the kernel. `$first` is the instruction that meets each sum first.
#[rustfmt::skip]
macro_rules! eight_positions {
    ($first:literal) => {
        concat!(
            patch_column!("q5", $first "r0" "q0"),
            patch_column!("q6", $first "r2" "q0", "vmladava.s8" "r0" "q1"),
            patch_column!("q5", $first "r4" "q0", "vmladava.s8" "r2" "q1", "vmladava.s8" "r0" "q2"),
            patch_column!("q6", $first "r6" "q0", "vmladava.s8" "r4" "q1", "vmladava.s8" "r2" "q2", "vmladava.s8" "r0" "q3"),
            patch_column!("q5", $first "r8" "q0", "vmladava.s8" "r6" "q1", "vmladava.s8" "r4" "q2", "vmladava.s8" "r2" "q3",
                "vmladava.s8" "r0" "q4"),
            patch_column!("q6", $first "r10" "q0", "vmladava.s8" "r8" "q1", "vmladava.s8" "r6" "q2", "vmladava.s8" "r4" "q3",
                "vmladava.s8" "r2" "q4"),
            patch_column!("q5", $first "r12" "q0", "vmladava.s8" "r10" "q1", "vmladava.s8" "r8" "q2", "vmladava.s8" "r6" "q3",
                "vmladava.s8" "r4" "q4"),
            patch_column!("q6", $first "lr" "q0", "vmladava.s8" "r12" "q1", "vmladava.s8" "r10" "q2", "vmladava.s8" "r8" "q3",
                "vmladava.s8" "r6" "q4"),
            patch_column!("q5", "vmladava.s8" "lr" "q1", "vmladava.s8" "r12" "q2", "vmladava.s8" "r10" "q3",
                "vmladava.s8" "r8" "q4"),
            patch_column!("q6", "vmladava.s8" "lr" "q2", "vmladava.s8" "r12" "q3", "vmladava.s8" "r10" "q4"),
            patch_column!("q5", "vmladava.s8" "lr" "q3", "vmladava.s8" "r12" "q4"),
            patch_column!("q6", "vmladava.s8" "lr" "q4"),
        )
    };
}

/// Points `r1` and `r2` to `r8`, the even ones, to the first weight of a channel in each column of the kernel.
#[rustfmt::skip]
macro_rules! kernel_columns {
    () => {
        concat!("add r2, r1, r7\n", "add r4, r2, r7\n", "add r6, r4, r7\n", "add r8, r6, r7\n")
    };
}

/// Adds the weights in `q0` to `q4` to `r0`; `$first` is the instruction that begins.
#[rustfmt::skip]
macro_rules! sum_of_weights {
    ($first:literal) => {
        concat!(
            $first, " r0, q0\n",
            "vaddva.s8 r0, q1\n",
            "vaddva.s8 r0, q2\n",
            "vaddva.s8 r0, q3\n",
            "vaddva.s8 r0, q4\n",
        )
    };
}

/// Computes four pooled positions of a pair of channels from the sums in the frame: maximum, bias, ReLU and
/// requantization. `r9` points to the first output.
///
/// The clamp to 16 bits puts the even channel into the lower halves of words and the odd one into the upper halves. A
/// multiply that keeps the upper 16 bits of each product, and a shift by 7, are a shift of the product by 23. Changes
/// `r0`, `r2`, `r4` to `r6`, `r8` and `q4` to `q7`.
#[rustfmt::skip]
macro_rules! finish_pair {
    () => {
        concat!(
            "mov r5, sp\n",
            largest_of_windows!("q4", "q5", "q6"),
            "ldmia r5!, {{r0, r2, r4, r6}}\n",
            "vadd.i32 q4, q4, r0\n",
            "vshl.s32 q4, r2\n",
            largest_of_windows!("q5", "q6", "q7"),
            "ldmia r5, {{r0, r2, r6, r8}}\n",
            "vadd.i32 q5, q5, r0\n",
            "vshl.s32 q5, r2\n",
            "orr r4, r4, r6, lsl #16\n",
            "vqmovunb.s32 q6, q4\n",
            "vqmovunt.s32 q6, q5\n",
            "vdup.32 q7, r4\n",
            "vmulh.u16 q6, q6, q7\n",
            "vshr.u16 q6, q6, #7\n",
            "vdup.16 q7, r8\n",
            "vmin.u16 q6, q6, q7\n",
            "vldrw.u32 q7, [sp, #208]\n",
            "vstrb.16 q6, [r9, q7]\n",
        )
    };
}

/// Leaves in `$a` the largest sum of each of four windows whose sums are at `r5`, and advances `r5`.
#[rustfmt::skip]
macro_rules! largest_of_windows {
    ($a:literal, $b:literal, $c:literal) => {
        concat!(
            "vld20.32 {{", $a, ", ", $b, "}}, [r5]\n",
            "vld21.32 {{", $a, ", ", $b, "}}, [r5]!\n",
            "vmax.s32 ", $a, ", ", $a, ", ", $b, "\n",
            "vld20.32 {{", $b, ", ", $c, "}}, [r5]\n",
            "vld21.32 {{", $b, ", ", $c, "}}, [r5]!\n",
            "vmax.s32 ", $b, ", ", $b, ", ", $c, "\n",
            "vmax.s32 ", $a, ", ", $a, ", ", $b, "\n",
        )
    };
}

/// Computes all channels of a pooled row.
///
/// - `columns` (`r0`): the input, from [`transpose`].
/// - `weights` (`r1`): the weights of conv2, at any address.
/// - `layer` (`r2`): where the outputs go.
///
/// Weights are gathered by the byte. Changes `r0` to `r3`, `r12`, `lr`, `q0` to `q3`, the predicate and the flags. Takes
/// 336 bytes of stack. The frame, beside what [`enter`] puts there:
///
/// | offset | bytes | content |
/// |---|---|---|
/// | 0 | 64 | sums of the even channel: eight columns of the upper row of a window, then of the lower row |
/// | 64 | 16 | its bias, the negative of its shift, its multiplier, a word that is not used |
/// | 80 | 64 | sums of the odd channel |
/// | 144 | 16 | its bias, the negative of its shift, its multiplier, the largest activation |
/// | 224 | 8 | the sum of the first half of a channel's weights, the end of the outputs |
///
/// # Safety
///
/// `columns` and `weights` must be valid for reads, and `layer` must be that of a row of conv2, with the bytes per tap
/// of these weights.
#[unsafe(naked)]
unsafe extern "C" fn channels(_columns: *const Columns, _weights: *const u8, _layer: &Layer) {
    naked_asm!(
        mve!(),
        enter!("160", "156", "12"),
        "mov r11, r0",
        "add r0, r9, #{CHANNELS}",
        "str r0, [sp, #228]",
        "add r7, r6, r6, lsl #1",
        "lsl r7, #1",
        // The lanes of the second half that have a tap.
        "movw r0, #0x3FFF",
        "vmsr p0, r0",
        // For each pair, for each channel of it.
        "2:",
        "mov r5, sp",
        "3:",
        "vldrw.u32 q7, [sp, #176]",
        kernel_columns!(),
        "vldrb.u8 q0, [r1, q7]",
        "vldrb.u8 q1, [r2, q7]",
        "vldrb.u8 q2, [r4, q7]",
        "vldrb.u8 q3, [r6, q7]",
        "vldrb.u8 q4, [r8, q7]",
        // int4 weights are unpacked. The flags stay until the second half.
        "cmp r7, #12",
        "bne 6f",
        "4:",
        sum_of_weights!("vaddv.s8"),
        "str r0, [sp, #224]",
        "mov r3, r11",
        eight_positions!("vmladav.s8"),
        "stmia r5!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
        "add r3, r11, #6",
        eight_positions!("vmladav.s8"),
        "stmia r5!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
        "sub r5, #64",
        "vldrw.u32 q7, [sp, #192]",
        kernel_columns!(),
        "vpstttt",
        "vldrbt.u8 q0, [r1, q7]",
        "vldrbt.u8 q1, [r2, q7]",
        "vldrbt.u8 q2, [r4, q7]",
        "vldrbt.u8 q3, [r6, q7]",
        "vpst",
        "vldrbt.u8 q4, [r8, q7]",
        "bne 7f",
        "5:",
        "ldr r0, [sp, #224]",
        sum_of_weights!("vaddva.s8"),
        // The activations are 128 too small, so 128 times the sum of the weights goes into the bias.
        "ldrd r2, r4, [sp, #160]",
        "ldr r6, [r2], #4",
        "ldrh r8, [r4], #2",
        "ldrb r10, [r4], #1",
        "add r6, r6, r0, lsl #7",
        "rsb r10, r10, #0",
        "strd r2, r4, [sp, #160]",
        "strd r6, r10, [r5, #64]",
        "str r8, [r5, #72]",
        "ldmia r5, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
        "add r3, r11, #16",
        eight_positions!("vmladava.s8"),
        "stmia r5!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
        "ldmia r5, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
        "add r3, r11, #22",
        eight_positions!("vmladava.s8"),
        "stmia r5!, {{r0, r2, r4, r6, r8, r10, r12, lr}}",
        // The odd channel's weights are one byte further, or in the same bytes.
        "add r5, #16",
        "ldr r2, [sp, #172]",
        "add r0, sp, #160",
        "cmp r5, r0",
        "ittt ne",
        "addne r1, r1, r2",
        "subne r1, r1, #1",
        "bne 3b",
        finish_pair!(),
        "ldr r2, [sp, #172]",
        "ldr r4, [sp, #228]",
        "mov r0, #{TAPS} - 1",
        "mla r1, r2, r0, r1",
        "add r1, #1",
        "add r9, #2",
        "cmp r9, r4",
        "bne 2b",
        leave!("160", "12"),
        "6:",
        "bl {unpack}",
        "b 4b",
        "7:",
        "bl {unpack}",
        "b 5b",
        CHANNELS = const CONV2_CHANNELS,
        TAPS = const CONV2_TAPS,
        unpack = sym unpack,
    )
}
