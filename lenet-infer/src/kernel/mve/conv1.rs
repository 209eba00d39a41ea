//! The first convolution: one input channel, six output channels.
//!
//! The six image rows of a pooled row are laid out column by column, twice: rows 0 to 4 for the upper row of the
//! windows and rows 1 to 5 for the lower one. A vector from column x on then holds columns x to x + 2 and one pixel of
//! the next. It meets the first sixteen taps of the kernel at position x, and the other nine at position x - 3. So one
//! load serves two positions of two channels, four multiply-accumulates.

use super::requant::{Layer, Offsets, enter, finish_pair, largest_of_windows, leave};
use crate::kernel::{ImageRow, KERNEL_SIDE, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::Conv1;
use lenet_core::shape::CONV1_CHANNELS;

/// The six image rows less 128, column by column: rows 0 to 4, then rows 1 to 5. Each has 28 columns, and eight bytes
/// that a vector reads beyond them and multiplies by 0.
type Columns = [[u8; 148]; 2];

/// The lanes: the first sixteen taps by columns, then the last two columns without the first tap, which is the
/// sixteenth.
static OFFSETS: Offsets = Offsets { taps: taps(), outputs: [0, 1, 6, 7, 12, 13, 18, 19] };

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
        "2:",
        image_row!("1", "1"),
        "le lr, 2b",
        image_row!("0", "1"),
        "pop {{r4, pc}}",
    )
}

/// Multiplies both channels at four neighboring positions of one row, and stores the sums.
///
/// `q4` to `q6` hold the vectors of the first three columns, and `$at` points to the fourth. Leaves those of the next
/// four positions there.
#[rustfmt::skip]
macro_rules! four_positions {
    ($at:literal) => {
        concat!(
            position!($at, "q4", "q7", "r0", "r8"),
            position!($at, "q5", "q4", "r2", "r10"),
            position!($at, "q6", "q5", "r4", "r12"),
            position!($at, "q7", "q6", "r6", "lr"),
            "stmia r5!, {{r0, r2, r4, r6}}\n",
            "stmia r7!, {{r8, r10, r12, lr}}\n",
        )
    };
}

/// Multiplies both channels at one position, whose first vector is `$first`. Loads `$last`, and moves `$at` on.
#[rustfmt::skip]
macro_rules! position {
    ($at:literal, $first:literal, $last:literal, $even:literal, $odd:literal) => {
        concat!(
            "vldrb.u8 ", $last, ", [", $at, "], #5\n",
            "vmladav.s8 ", $even, ", ", $first, ", q0\n",
            "vmladav.s8 ", $odd, ", ", $first, ", q2\n",
            "vmladava.s8 ", $even, ", ", $last, ", q1\n",
            "vmladava.s8 ", $odd, ", ", $last, ", q3\n",
        )
    };
}

/// Multiplies both channels at eight neighboring positions of one row. `$at` points to the fourth column.
#[rustfmt::skip]
macro_rules! eight_positions {
    ($at:literal) => {
        concat!(
            "vldrb.u8 q4, [", $at, ", #-15]\n",
            "vldrb.u8 q5, [", $at, ", #-10]\n",
            "vldrb.u8 q6, [", $at, ", #-5]\n",
            four_positions!($at),
            four_positions!($at),
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
/// 324 bytes of stack.
///
/// # Safety
///
/// `columns` and `weights` must be valid for reads, and `layer` must be that of a row of conv1, with the bytes per tap
/// of these weights.
#[unsafe(naked)]
unsafe extern "C" fn channels(_columns: *const Columns, _weights: *const u8, _layer: &Layer) {
    naked_asm!(
        mve!(),
        enter!("0"),
        "add r1, r0, #15",
        "add r3, r0, #148 + 15",
        // The end of the first pair's outputs; the end after the last pair is in the free word of the frame.
        "add r11, r9, #72",
        "add r0, r11, #{CHANNELS}",
        "str r0, [sp, #76]",
        // The lanes of the second vector that have a tap of their own.
        "movw r0, #0x03FE",
        "vmsr p0, r0",
        "2:",
        // For each pair: the weights of the even channel go to q0 and q1, those of the odd one to q2 and q3.
        "ldrd r0, r2, [sp, #168]",
        "vldrw.u32 q6, [sp, #176]",
        "vldrw.u32 q7, [sp, #192]",
        "add r4, r0, r2",
        "sub r4, #1",
        "vldrb.u8 q0, [r0, q6]",
        "vldrb.u8 q2, [r4, q6]",
        "vpstt",
        "vldrbt.u8 q1, [r0, q7]",
        "vldrbt.u8 q3, [r4, q7]",
        "mov r6, #25",
        "mla r0, r2, r6, r0",
        "str r0, [sp, #168]",
        "cmp r2, #2",
        "beq 3f",
        "vshl.i8 q0, q0, #4",
        "vshl.i8 q1, q1, #4",
        "vmov.i8 q6, #0xF0",
        "vand q2, q2, q6",
        "vand q3, q3, q6",
        "3:",
        // The pixels are 128 too small, so 128 times the sum of the weights goes into the bias.
        "ldrd r0, r6, [sp, #160]",
        "vaddv.s8 r2, q0",
        "ldr r8, [r0], #4",
        "vaddva.s8 r2, q1",
        "ldr r10, [r0], #4",
        "vaddv.s8 r4, q2",
        "vaddva.s8 r4, q3",
        "add r2, r8, r2, lsl #7",
        "add r4, r10, r4, lsl #7",
        "ldrh r8, [r6], #2",
        "ldrb r10, [r6], #1",
        "ldrh r12, [r6], #2",
        "ldrb lr, [r6], #1",
        "rsb r10, r10, #0",
        "rsb lr, lr, #0",
        "strd r0, r6, [sp, #160]",
        "strd r2, r10, [sp, #64]",
        "str r8, [sp, #72]",
        "strd r4, lr, [sp, #144]",
        "str r12, [sp, #152]",
        // For each four pooled positions.
        "4:",
        "mov r5, sp",
        "add r7, sp, #80",
        eight_positions!("r1"),
        eight_positions!("r3"),
        finish_pair!(),
        "add r9, #24",
        "cmp r9, r11",
        "bne 4b",
        "ldr r0, [sp, #76]",
        "sub r1, #120",
        "sub r3, #120",
        "sub r9, #70",
        "add r11, #2",
        "cmp r11, r0",
        "bne 2b",
        leave!("0"),
        CHANNELS = const CONV1_CHANNELS,
    )
}
