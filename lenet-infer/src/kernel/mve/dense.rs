//! The fully-connected layers: six outputs at a time.
//!
//! Sizes and sums wrap, because the compiler does not see that they are in range: a program must link with overflow checks
//! only if none can fail.

use super::requant::{Layer, finish_all};
use super::ternary;
use super::tiles::{Job, ROWS, int4_tiles, int8_tiles};
use core::mem::MaybeUninit;
use lenet_core::model::{Dense, DenseRows, Fc3, INT4, TERNARY, Weights};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

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
