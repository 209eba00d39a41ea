//! The fully-connected layers: four rows of weights at a time.
//!
//! Weights are raised by 128, so that they have no sign, as activations have none: one instruction per sixteen weights. At
//! the end, 128 times the sum of the inputs is subtracted.

use super::products::Products;
use super::{load, requant, stored, unpack};
use core::arch::aarch64::*;
use lenet_core::model::{Dense, DenseRows, Fc3, Weights};
use lenet_core::shape::{FC2_OUTPUTS, POOL2_LEN};

/// Rows of weights that share one load of the input.
const ROWS: usize = 4;
/// Inputs in a vector.
const STEP: usize = 16;
/// What is added to a weight.
const RAISED: u8 = 128;

// A sum with raised weights, and what is taken from it.
const _: () = assert!(POOL2_LEN * 255 * 255 <= i32::MAX as usize);

/// Computes a hidden layer with bias, ReLU and requantization.
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) fn hidden<
    P: Products,
    const IN: usize,
    const HALF: usize,
    const FIFTH: usize,
    const OUT: usize,
>(
    products: P,
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    let mut sums = [0; OUT];
    accumulators(products, layer.weights().as_rows(), layer.biases().iter(), input, &mut sums);
    requant::all(layer, &sums, output);
}

/// Computes the last layer: sums and biases.
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) fn logits<P: Products>(
    products: P,
    layer: &Fc3<'_>,
    input: &[u8; FC2_OUTPUTS],
    logits: &mut [i32],
) {
    accumulators(products, layer.weights().as_rows(), layer.biases(), input, logits);
}

/// Computes each accumulator: a bias plus the products of a row of weights and the input.
#[inline]
#[target_feature(enable = "neon")]
fn accumulators<P: Products, const IN: usize, const HALF: usize, const FIFTH: usize>(
    products: P,
    weights: DenseRows<'_, IN, HALF, FIFTH>,
    mut biases: impl Iterator<Item = i32>,
    input: &[u8; IN],
    sums: &mut [i32],
) {
    let excess = input.iter().fold(0_i32, |sum, &input| sum.wrapping_add(input.into()));
    let excess = excess.wrapping_mul(RAISED.into());
    let last = last_inputs(input);
    let mut unpacked = [[0; _]; ROWS];
    for (group, sums) in sums.chunks_mut(ROWS).enumerate() {
        let first = ROWS * group;
        let dots = match weights {
            Weights::Int8(rows) => four_dots(products, input, &last, four(rows, first)),
            Weights::Int4(rows) => {
                let packed = unpacked.iter_mut().zip(four(rows, first));
                packed.for_each(|(row, packed)| unpack::int4(packed, row));
                four_dots(products, input, &last, unpacked.each_ref().map(prefix))
            }
            Weights::Ternary(rows) => {
                let packed = unpacked.iter_mut().zip(four(rows, first));
                packed.for_each(|(row, packed)| unpack::ternary(packed, row));
                four_dots(products, input, &last, unpacked.each_ref().map(prefix))
            }
        };
        for ((sum, dot), bias) in sums.iter_mut().zip(dots).zip(&mut biases) {
            // The bias and the products of a layer fit in 32 bits: see `MAX_BIAS`.
            *sum = bias.wrapping_add(dot).wrapping_sub(excess);
        }
    }
}

/// Four rows from number `first` on. A layer without such a row has no such output, so its last row does.
#[inline(always)]
fn four<const BYTES: usize>(rows: &[[u8; BYTES]], first: usize) -> [&[u8; BYTES]; ROWS] {
    [0, 1, 2, 3].map(|row| rows.get(first + row).or(rows.last()).unwrap_or(&[0; BYTES]))
}

/// The weights of a row.
#[inline(always)]
fn prefix<const IN: usize>(row: &unpack::Row) -> &[u8; IN] {
    row.first_chunk().unwrap_or(&[0; IN])
}

/// The last inputs, with zeros in place of those that belong to a full vector before them.
#[inline(always)]
fn last_inputs<const IN: usize>(input: &[u8; IN]) -> [u8; STEP] {
    let mut last = *input.last_chunk().unwrap_or(&[0; STEP]);
    let counted = (STEP - IN % STEP) % STEP;
    last[..counted].fill(0);
    last
}

/// The sums of products of the input and each of four rows of raised weights, 16 inputs at a time.
#[inline]
#[target_feature(enable = "neon")]
fn four_dots<P: Products, const IN: usize>(
    products: P,
    input: &[u8; IN],
    last: &[u8; STEP],
    rows: [&[u8; IN]; ROWS],
) -> [i32; ROWS] {
    const { assert!(IN >= STEP) };
    let mut sums = [P::zeros(); ROWS];
    let mut add = |input: &[u8; STEP], weights: [&[u8; STEP]; ROWS]| {
        let input = load(input);
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let raised = veorq_u8(load(weights), vdupq_n_u8(RAISED));
            *sums = products.add_unsigned(*sums, raised, input);
        }
    };
    let [a, b, c, d] = rows.map(|row| row.as_chunks::<STEP>().0);
    for ((((input, a), b), c), d) in input.as_chunks().0.iter().zip(a).zip(b).zip(c).zip(d) {
        add(input, [a, b, c, d]);
    }
    if !IN.is_multiple_of(STEP) {
        add(last, rows.map(|row| row.last_chunk().unwrap_or(&[0; STEP])));
    }
    let [a, b, c, d] = sums.map(P::total);
    stored(vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d)))
}
