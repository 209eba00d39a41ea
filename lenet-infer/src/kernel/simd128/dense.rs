//! The fully-connected layers: four rows of weights at a time.

use crate::kernel::unpack::int8_row;
use core::arch::wasm32::*;
use lenet_core::model::{Dense, DenseRows, Fc3};
use lenet_core::shape::FC2_OUTPUTS;

/// Rows of weights that share one load of the input.
const ROWS: usize = 4;
/// Inputs in a vector.
const STEP: usize = 8;

/// Computes a hidden layer with bias, ReLU and requantization.
pub(in crate::kernel) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    let mut sums = [0; OUT];
    accumulators(layer.weights().as_rows(), layer.biases().iter(), input, &mut sums);
    let max = layer.largest_activation();
    for ((activation, sum), requant) in output.iter_mut().zip(sums).zip(layer.requants().iter()) {
        *activation = requant.activation(sum, max);
    }
}

/// Computes the last layer: sums and biases.
pub(in crate::kernel) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    accumulators(layer.weights().as_rows(), layer.biases(), input, logits);
}

/// Computes each accumulator: a bias plus the products of a row of weights and the input.
#[inline(always)]
fn accumulators<const IN: usize, const HALF: usize, const FIFTH: usize>(
    weights: DenseRows<'_, IN, HALF, FIFTH>,
    mut biases: impl Iterator<Item = i32>,
    input: &[u8; IN],
    sums: &mut [i32],
) {
    let input: [i16; IN] = input.map(i16::from);
    for (group, sums) in sums.chunks_mut(ROWS).enumerate() {
        let rows = [0, 1, 2, 3].map(|row| int8_row(weights, ROWS * group + row));
        let dots = four_dots(&input, rows.each_ref());
        for ((sum, dot), bias) in sums.iter_mut().zip(dots).zip(&mut biases) {
            // The bias and the products of a layer fit in 32 bits: see `MAX_BIAS`.
            *sum = bias.wrapping_add(dot);
        }
    }
}

/// The sums of products of the input and each of four rows of weights, eight inputs at a time.
#[inline(always)]
fn four_dots<const IN: usize>(input: &[i16; IN], rows: [&[u8; IN]; ROWS]) -> [i32; ROWS] {
    let (input, input_rest) = input.as_chunks::<STEP>();
    let rows = rows.map(|row| row.as_chunks::<STEP>());
    let mut sums = [i32x4_splat(0); ROWS];
    for (at, input) in input.iter().enumerate() {
        for (sum, (chunks, _)) in sums.iter_mut().zip(&rows) {
            let Some(weights) = chunks.get(at) else { continue };
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(words(input), widened(weights)));
        }
    }
    if !input_rest.is_empty() {
        let input = words(&extended(input_rest));
        for (sum, (_, rest)) in sums.iter_mut().zip(&rows) {
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(input, widened(&extended(rest))));
        }
    }
    sums.map(|sum| {
        let halves = i32x4_add(sum, i32x4_shuffle::<2, 3, 0, 1>(sum, sum));
        i32x4_extract_lane::<0>(halves).wrapping_add(i32x4_extract_lane::<1>(halves))
    })
}

/// The values, extended with zeros to a vector.
#[inline(always)]
fn extended<T: Copy + Default>(values: &[T]) -> [T; STEP] {
    core::array::from_fn(|at| values.get(at).copied().unwrap_or_default())
}

/// Loads eight inputs.
#[inline(always)]
fn words(input: &[i16; STEP]) -> v128 {
    // SAFETY: a reference to 16 bytes; the load needs no alignment.
    unsafe { v128_load(input.as_ptr().cast()) }
}

/// Loads eight weights and widens them.
#[inline(always)]
fn widened(weights: &[u8; STEP]) -> v128 {
    // SAFETY: a reference to eight bytes; the load needs no alignment.
    unsafe { i16x8_load_extend_i8x8(weights.as_ptr().cast()) }
}
