//! The fully-connected layers: six outputs at a time.
//!
//! Sizes and sums wrap, because the compiler does not see that they are in range: a program must link with overflow checks
//! only if none can fail.

use super::requant::{Layer, finish_all};
use super::ternary;
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Dense, DenseRows, Fc3, INT4, TERNARY, Weights};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// Outputs in a tile.
const ROWS: usize = 6;

// A sum with raised weights, and what is taken from it.
const _: () = assert!(POOL2_LEN * 255 * 255 <= i32::MAX as usize);

/// Weights of a layer, one row per output.
struct Matrix {
    weights: *const u8,
    row_bytes: usize,
    bits: u8,
}

impl Matrix {
    #[inline(always)]
    fn new<const IN: usize, const HALF: usize, const FIFTH: usize>(
        weights: DenseRows<'_, IN, HALF, FIFTH>,
    ) -> Self {
        match weights {
            Weights::Int8(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: IN, bits: 8 },
            Weights::Int4(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: HALF, bits: 4 },
            Weights::Ternary(rows) => Self { weights: rows.as_ptr().cast(), row_bytes: FIFTH, bits: 2 },
        }
    }

    /// Writes the sums of `tiles` times six outputs, from output `first` on, to `sums`. `stride` is the distance
    /// between rows: the bytes of a row, or 0 to compute one output six times.
    ///
    /// # Safety
    ///
    /// The matrix must have these rows, and `input` one activation per weight of a row. `sums` must be valid for writes.
    #[inline(never)]
    unsafe fn tiles(&self, first: usize, stride: usize, input: &[u8], sums: *mut i32, tiles: usize) {
        // SAFETY: the caller guarantees it.
        unsafe {
            let job = Job {
                before: self.weights.add(first.wrapping_mul(self.row_bytes)).wrapping_sub(stride),
                stride,
                sums,
                end: sums.add(ROWS.wrapping_mul(tiles)),
                input: input.as_ptr(),
                row_bytes: self.row_bytes,
            };
            if INT4 && self.bits == 4 {
                int4_tiles(&job);
            } else if TERNARY && self.bits == 2 {
                let outputs = ROWS.wrapping_mul(tiles);
                ternary::rows(self.weights, self.row_bytes, input.as_ptr(), input.len(), sums, outputs);
            } else {
                int8_tiles(&job);
            }
        }
    }
}

/// Tiles of outputs.
#[repr(C)]
struct Job {
    /// One row before the first.
    before: *const u8,
    stride: usize,
    sums: *mut i32,
    end: *mut i32,
    input: *const u8,
    /// The bytes of a row of weights.
    row_bytes: usize,
}

/// Makes the frame of a function that computes tiles, after `$saved` bytes of saved registers, and fills it.
///
/// Needs the [`Job`] in `r0`. The number of inputs is that of the bytes of a row, unless `$double` doubles `r6`. The frame:
///
/// | offset | content |
/// |---|---|
/// | 0 | what six sums start with: -128 times the sum of the inputs |
/// | 24 | the input, the bytes of a row |
/// | 32 | the row before the tile, the stride |
/// | 40 | where the sums go, the end of all sums |
///
/// Changes `r0` to `r6`, `lr`, `q0` and the flags.
#[rustfmt::skip]
macro_rules! enter {
    ($($double:literal)?) => {
        concat!(
            "sub sp, #48\n",
            "ldmia r0, {{r1-r6}}\n",
            "strd r1, r2, [sp, #32]\n",
            "strd r3, r4, [sp, #40]\n",
            "strd r5, r6, [sp, #24]\n",
            "mov r0, #0\n",
            $($double, "\n",)?
            "dlstp.8 lr, r6\n",
            "2:\n",
            "vldrb.u8 q0, [r5], #16\n",
            "vaddva.u8 r0, q0\n",
            "letp lr, 2b\n",
            "rsb r0, r0, #0\n",
            "lsl r0, #7\n",
            "strd r0, r0, [sp]\n",
            "strd r0, r0, [sp, #8]\n",
            "strd r0, r0, [sp, #16]\n",
        )
    };
}

/// Starts a tile, and the loop over its vectors.
#[rustfmt::skip]
macro_rules! tile {
    ($($step:expr),+) => {
        concat!(
            "3:\n",
            "ldrd r1, r11, [sp, #32]\n",
            "add r1, r11\n",
            "add r3, r1, r11\n",
            "add r5, r3, r11\n",
            "add r7, r5, r11\n",
            "add r9, r7, r11\n",
            "add r11, r9\n",
            "str r11, [sp, #32]\n",
            "ldmia sp, {{r0, r2, r4, r6, r8, r10, r12, lr}}\n",
            "dlstp.8 lr, lr\n",
            "4:\n",
            $($step,)+
            "letp lr, 4b\n",
            "ldrd r1, r3, [sp, #40]\n",
            "stmia r1!, {{r0, r2, r4, r6, r8, r10}}\n",
            "str r1, [sp, #40]\n",
            "cmp r1, r3\n",
            "bne 3b\n",
            "add sp, #48\n",
        )
    };
}

/// Multiplies the inputs in `q0` by sixteen int8 weights of one output.
///
/// Helium multiplies bytes of the same kind only, so the weights are raised by 128, and the inputs stay as they are.
#[rustfmt::skip]
macro_rules! int8_row {
    ($sum:literal, $weights:literal) => {
        concat!(
            "vldrb.u8 q1, [", $weights, "], #16\n",
            "veor q1, q1, q3\n",
            "vmladava.u8 ", $sum, ", q0, q1\n",
        )
    };
}

/// Computes the sums of tiles with int8 weights.
///
/// Weights and activations are read by the byte and may lie at any address. Changes `r0` to `r3`, `r12`, `lr`, `q0` to
/// `q3` and the flags. Takes 84 bytes of stack.
///
/// # Safety
///
/// As for [`Matrix::tiles`]. There must be one or more tiles.
#[unsafe(naked)]
unsafe extern "C" fn int8_tiles(_job: &Job) {
    naked_asm!(
        mve!(),
        "push {{r4-r11, lr}}",
        enter!(),
        "vmov.i8 q3, #0x80",
        tile!(
            "vldrb.u8 q0, [r12], #16\n",
            int8_row!("r0", "r1"),
            int8_row!("r2", "r3"),
            int8_row!("r4", "r5"),
            int8_row!("r6", "r7"),
            int8_row!("r8", "r9"),
            int8_row!("r10", "r11")
        ),
        "pop {{r4-r11, pc}}",
    )
}

/// Multiplies the even inputs in `q0` and the odd ones in `q1` by 32 int4 weights of one output.
///
/// Each nibble is raised by 8 and stays in the upper half of its byte, so that it is an int8 weight raised by 128.
#[rustfmt::skip]
macro_rules! int4_row {
    ($sum:literal, $weights:literal) => {
        concat!(
            "vldrb.u8 q2, [", $weights, "], #16\n",
            "veor q2, q2, q4\n",
            "vshl.i8 q3, q2, #4\n",
            "vand q2, q2, q5\n",
            "vmladava.u8 ", $sum, ", q0, q3\n",
            "vmladava.u8 ", $sum, ", q1, q2\n",
        )
    };
}

/// Computes the sums of tiles with int4 weights, in units of int8 weights.
///
/// As [`int8_tiles`], but takes 148 bytes of stack.
///
/// # Safety
///
/// As for [`int8_tiles`].
#[unsafe(naked)]
unsafe extern "C" fn int4_tiles(_job: &Job) {
    naked_asm!(
        mve!(),
        "push {{r4-r11, lr}}",
        "vpush {{d8-d15}}",
        enter!("lsl r6, #1"),
        "vmov.i8 q4, #0x88",
        "vmov.i8 q5, #0xF0",
        "mov r0, #0",
        "vidup.u8 q6, r0, #2",
        "mov r0, #1",
        "vadd.i8 q7, q6, r0",
        tile!(
            "vldrb.u8 q0, [r12, q6]\n",
            "vldrb.u8 q1, [r12, q7]\n",
            "add r12, #32\n",
            int4_row!("r0", "r1"),
            int4_row!("r2", "r3"),
            int4_row!("r4", "r5"),
            int4_row!("r6", "r7"),
            int4_row!("r8", "r9"),
            int4_row!("r10", "r11")
        ),
        "vpop {{d8-d15}}",
        "pop {{r4-r11, pc}}",
    )
}

/// Computes a hidden layer with bias, ReLU and requantization.
#[inline(never)]
pub(in crate::kernel) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(OUT.is_multiple_of(ROWS) && OUT.is_multiple_of(4) && OUT <= FC1_OUTPUTS) };
    let matrix = Matrix::new(layer.weights().as_rows());
    let layer = Layer::new(layer, output.as_mut_ptr());
    // SAFETY: the types say how many weights, inputs and outputs there are, and the assertions that their numbers are
    // multiples of six and of four.
    unsafe { all_outputs(&matrix, input, OUT, &layer) }
}

/// Computes a hidden layer of `outputs` outputs.
///
/// # Safety
///
/// `outputs` must be a multiple of six and of four, above 0 and at most that of fc1. The matrix must have that many
/// rows, and `layer` that many outputs. `input` must have one activation per weight of a row.
#[inline(never)]
unsafe fn all_outputs(matrix: &Matrix, input: &[u8], outputs: usize, layer: &Layer) {
    let mut sums = MaybeUninit::<[i32; FC1_OUTPUTS]>::uninit();
    let sums = sums.as_mut_ptr().cast();
    // SAFETY: the caller guarantees it.
    unsafe {
        matrix.tiles(0, matrix.row_bytes, input, sums, outputs / ROWS);
        finish_all(sums, outputs, layer);
    }
}

/// Computes the last layer: sums and biases.
///
/// If the number of logits is not a multiple of six, the last tile overlaps the tile before it. If there are fewer than
/// six, they are computed one by one.
#[inline(never)]
pub(in crate::kernel) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    let matrix = Matrix::new(layer.weights().as_rows());
    let count = layer.classes().min(logits.len());
    let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, matrix.row_bytes) };
    for first in (0..count).step_by(rows).map(|first| first.min(count.wrapping_sub(rows))) {
        let mut sums = [0; ROWS];
        // SAFETY: the layer has the rows that are summed, 84 weights in each.
        unsafe { matrix.tiles(first, stride, input, sums.as_mut_ptr(), 1) };
        let outputs = logits.iter_mut().zip(layer.bias_bytes()).skip(first);
        for ((logit, bias), sum) in outputs.zip(&sums[..rows]) {
            *logit = sum.wrapping_add(i32::from_le_bytes(*bias));
        }
    }
}
