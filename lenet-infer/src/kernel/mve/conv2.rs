//! The second convolution: six input channels, sixteen output channels.
//!
//! The six rows of a pooled row are laid out `[column][row][channel]`, so that a column of a kernel meets 30 activations
//! side by side, in two vectors: sixteen taps, then fourteen. Half of a channel's weights, one vector for each of the
//! five columns of the kernel, stays in registers while the eight positions of a row are computed: each of the twelve
//! columns of the input is loaded once and multiplied by up to five vectors, 52 instructions for 40 multiply-accumulates.
//! The upper row of the windows and the lower one follow each other with the same weights, then both again with the other
//! half of the taps.

use super::requant::{Layer, Offsets, enter, finish_pair, largest_of_windows, leave};
use crate::kernel::{FeatureRow, KERNEL_SIDE, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_TAPS};

/// The six pooled rows of conv1 less 128, `[column][row][channel]`, and four bytes that a vector reads beyond them and
/// multiplies by 0.
type Columns = [u8; 12 * 36 + 4];

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

/// The places of sixteen bytes of a row in the columns, if the first is that of channel 0, 4 or 2.
static PLACES: [[u8; 16]; 3] = [places(0), places(4), places(2)];

const fn places(channel: usize) -> [u8; 16] {
    let mut places = [0; 16];
    let mut index = 0;
    while index < places.len() {
        let at = channel + index;
        places[index] = (at / CONV1_CHANNELS * PATCH_SIDE * CONV1_CHANNELS + at % CONV1_CHANNELS) as u8;
        index += 1;
    }
    places
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

/// Moves sixteen activations, from `r12 + $from` on, to the places in `$places`, and `r1` on by `$columns` columns.
#[rustfmt::skip]
macro_rules! sixteen {
    ($from:literal, $places:literal, $on:literal) => {
        concat!(
            "vldrb.u8 q3, [r12, #", $from, "]\n",
            "veor q3, q3, q4\n",
            "vstrb.8 q3, [r1, ", $places, "]\n",
            "add r1, #", $on, "\n",
        )
    };
}

/// Writes the columns of six pooled rows of conv1.
///
/// - `rows` (`r0`): six rows, at any address.
/// - `columns` (`r1`): where the columns go.
/// - `places` (`r2`): the table.
///
/// Changes `r0` to `r2`, `r12`, `lr` and `q0` to `q3`. Takes 24 bytes of stack.
///
/// # Safety
///
/// `rows` must be valid for reads of six references, and `columns` for writes.
#[unsafe(naked)]
unsafe extern "C" fn transpose(
    _rows: *const &PooledRow,
    _columns: *mut Columns,
    _places: *const [[u8; 16]; 3],
) {
    naked_asm!(
        mve!(),
        "push {{r4, lr}}",
        "vpush {{d8, d9}}",
        "vldrb.u8 q0, [r2]",
        "vldrb.u8 q1, [r2, #16]",
        "vldrb.u8 q2, [r2, #32]",
        "vmov.i8 q4, #0x80",
        "mov r2, #6",
        "dls lr, r2",
        "2:",
        "ldr r12, [r0], #4",
        sixteen!("0", "q0", "72"),
        sixteen!("16", "q1", "108"),
        sixteen!("32", "q2", "108"),
        sixteen!("48", "q0", "36"),
        sixteen!("56", "q2", "6-324"),
        "le lr, 2b",
        "vpop {{d8, d9}}",
        "pop {{r4, pc}}",
    )
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

/// Computes all channels of a pooled row.
///
/// - `columns` (`r0`): the input, from [`transpose`].
/// - `weights` (`r1`): the weights of conv2, at any address.
/// - `layer` (`r2`): where the outputs go.
///
/// Weights are gathered by the byte. Changes `r0` to `r3`, `r12`, `lr`, `q0` to `q3`, the predicate and the flags. Takes
/// 332 bytes of stack.
///
/// # Safety
///
/// `columns` and `weights` must be valid for reads, and `layer` must be that of a row of conv2, with the bytes per tap
/// of these weights.
#[unsafe(naked)]
unsafe extern "C" fn channels(_columns: *const Columns, _weights: *const u8, _layer: &Layer) {
    naked_asm!(
        mve!(),
        // Beside the frame's content: the sum of the first half of a channel's weights, and the end of the outputs.
        enter!("8"),
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
        leave!("8"),
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

/// Unpacks int4 weights in `q0` to `q4`, of the even channel of their pair if `r5` is the stack pointer, or else of the
/// odd one. Changes `r2` and `q7`, but not the flags. Needs no stack.
///
/// # Safety
///
/// It must be called from assembly only.
#[unsafe(naked)]
unsafe extern "C" fn unpack() {
    naked_asm!(
        mve!(),
        "mov r2, sp",
        "sub r2, r5, r2",
        "cbnz r2, 2f",
        "vshl.i8 q0, q0, #4",
        "vshl.i8 q1, q1, #4",
        "vshl.i8 q2, q2, #4",
        "vshl.i8 q3, q3, #4",
        "vshl.i8 q4, q4, #4",
        "bx lr",
        "2:",
        "vmov.i8 q7, #0xF0",
        "vand q0, q0, q7",
        "vand q1, q1, q7",
        "vand q2, q2, q7",
        "vand q3, q3, q7",
        "vand q4, q4, q7",
        "bx lr",
    )
}
