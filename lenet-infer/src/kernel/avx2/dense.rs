//! The fully-connected layers: four rows of weights at a time.

use super::{load, store};
use crate::kernel::unpack::int8_row;
use core::arch::x86_64::*;
use lenet_core::model::{Dense, DenseRows, Fc3, Weights};
use lenet_core::shape::FC2_OUTPUTS;

/// Rows of weights that share one load of the input.
const ROWS: usize = 4;

/// Computes a hidden layer with bias, ReLU and requantization.
#[target_feature(enable = "avx2")]
pub(super) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
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
#[target_feature(enable = "avx2")]
pub(super) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    accumulators(layer.weights().as_rows(), layer.biases(), input, logits);
}

/// Computes each accumulator: a bias plus the products of a row of weights and the input.
#[target_feature(enable = "avx2")]
fn accumulators<const IN: usize, const HALF: usize, const FIFTH: usize>(
    weights: DenseRows<'_, IN, HALF, FIFTH>,
    mut biases: impl Iterator<Item = i32>,
    input: &[u8; IN],
    sums: &mut [i32],
) {
    let last = sums.len().saturating_sub(1);
    for (group, sums) in sums.chunks_mut(ROWS).enumerate() {
        let row = |row: usize| (ROWS * group + row).min(last);
        let dots = match weights {
            Weights::Int8(rows) => four_dots(input, core::array::from_fn(|r| &rows[row(r)])),
            Weights::Int4(_) | Weights::Ternary(_) => {
                let unpacked: [_; ROWS] = core::array::from_fn(|r| int8_row(weights, row(r)));
                four_dots(input, unpacked.each_ref())
            }
        };
        for ((sum, dot), bias) in sums.iter_mut().zip(dots).zip(&mut biases) {
            *sum = bias + dot;
        }
    }
}

/// The sums of products of the input and each of four rows of weights, 16 inputs at a time. Zeros fill the last step.
#[target_feature(enable = "avx2")]
fn four_dots<const IN: usize>(input: &[u8; IN], rows: [&[u8; IN]; ROWS]) -> [i32; ROWS] {
    let (input, input_rest) = input.as_chunks::<16>();
    let rows = rows.map(|row| row.as_chunks::<16>());
    let mut sums = [_mm256_setzero_si256(); ROWS];
    let mut add = |input: &[u8; 16], weights: [&[u8; 16]; ROWS]| {
        let activations = _mm256_cvtepu8_epi16(load(input));
        for (sum, weights) in sums.iter_mut().zip(weights) {
            let weights = _mm256_cvtepi8_epi16(load(weights));
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(activations, weights));
        }
    };
    for (chunk, input) in input.iter().enumerate() {
        add(input, rows.map(|(row, _)| &row[chunk]));
    }
    if !input_rest.is_empty() {
        let rests = rows.map(|(_, rest)| zero_extended(rest));
        add(&zero_extended(input_rest), rests.each_ref());
    }
    let [a, b, c, d] = sums;
    let quarters = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let halves = [_mm256_castsi256_si128(quarters), _mm256_extracti128_si256::<1>(quarters)];
    let dots = _mm256_castsi128_si256(_mm_add_epi32(halves[0], halves[1]));
    let [a, b, c, d, ..] = store(dots);
    [a, b, c, d]
}

/// The bytes, extended with zeros to 16.
fn zero_extended(bytes: &[u8]) -> [u8; 16] {
    let mut extended = [0; 16];
    for (to, from) in extended.iter_mut().zip(bytes) {
        *to = *from;
    }
    extended
}
