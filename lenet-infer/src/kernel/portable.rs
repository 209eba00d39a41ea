//! One obvious loop a layer: the reference that every back end is compared with, and the fallback.

use super::{KERNEL_SIDE, PATCH_SIDE, Row};
use lenet_core::model::{
    Conv, ConvWeights, Dense, DenseWeights, Logits, Weights, largest_activation, unpack,
};

/// Positions under one pooling window.
const WINDOW: usize = 4;

pub(super) fn conv_pool_row<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const PAIRS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    output: &mut Row<OUT, POOLED>,
) {
    let biases = layer.biases.to_array();
    let max = largest_activation(layer.activation_bits);
    for (x, cell) in output.iter_mut().enumerate() {
        let window: [[i32; OUT]; WINDOW] = accumulate(&layer.weights, patch(input, 2 * x));
        let channels = cell.iter_mut().zip(biases).zip(layer.requants.iter()).enumerate();
        for (channel, ((activation, bias), requant)) in channels {
            let [a, b, c, d] = window.map(|sums| sums[channel]);
            *activation = requant.activation(a.max(b).max(c.max(d)) + bias, max);
        }
    }
}

/// The 6x6 positions that a 2x2 window of 5x5 kernels sees.
type Patch<'a, const IN: usize> = [&'a [[u8; IN]; PATCH_SIDE]; PATCH_SIDE];

/// The patch from column `x`. Where it would leave the input, which no window of a valid shape does, it reads as
/// zeros: a way to say so that needs no panic.
#[inline(always)]
fn patch<const IN: usize, const SIDE: usize>(input: [&Row<IN, SIDE>; PATCH_SIDE], x: usize) -> Patch<'_, IN> {
    input.map(|row| row.get(x..).and_then(<[_]>::first_chunk).unwrap_or(&[[0; IN]; PATCH_SIDE]))
}

/// Products summed for the 2x2 positions of a window; each weight is loaded once for the four.
#[inline(always)]
fn accumulate<const IN: usize, const TAPS: usize, const PAIRS: usize, const OUT: usize>(
    weights: &ConvWeights<'_, TAPS, PAIRS>,
    patch: Patch<'_, IN>,
) -> [[i32; OUT]; WINDOW] {
    const { assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && OUT == 2 * PAIRS) };
    let mut sums = [[0; OUT]; WINDOW];
    for pair in 0..PAIRS {
        let mut window = [[0; 2]; WINDOW];
        for row in 0..KERNEL_SIDE {
            for tap in 0..KERNEL_SIDE * IN {
                let [even, odd] = weights.tap(pair, row * KERNEL_SIDE * IN + tap);
                for (position, [even_sum, odd_sum]) in window.iter_mut().enumerate() {
                    let activations = patch[row + position / 2].as_flattened();
                    let activation = i32::from(activations[position % 2 * IN + tap]);
                    *even_sum += activation * i32::from(even);
                    *odd_sum += activation * i32::from(odd);
                }
            }
        }
        for (sums, [even, odd]) in sums.iter_mut().zip(window) {
            sums[2 * pair] = even;
            sums[2 * pair + 1] = odd;
        }
    }
    sums
}

pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    let max = largest_activation(layer.activation_bits);
    let outputs = output.iter_mut().zip(layer.biases.iter()).zip(layer.requants.iter()).enumerate();
    for (index, ((activation, bias), requant)) in outputs {
        *activation = requant.activation(bias + dot(&layer.weights, index, input), max);
    }
}

pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    for (index, (logit, bias)) in output.iter_mut().zip(layer.biases.iter()).enumerate() {
        *logit = bias + dot(&layer.weights, index, input);
    }
}

/// The products of one output, summed.
#[inline(always)]
fn dot<const IN: usize, const HALF: usize, const OUT: usize>(
    weights: &DenseWeights<'_, IN, HALF, OUT>,
    output: usize,
    input: &[u8; IN],
) -> i32 {
    let product = |activation: u8, weight: i8| i32::from(activation) * i32::from(weight);
    match weights {
        Weights::Int8(rows) => input.iter().zip(&rows[output]).map(|(a, w)| product(*a, *w as i8)).sum(),
        Weights::Int4(rows) => {
            let (pairs, _) = input.as_chunks::<2>();
            let products = pairs.iter().zip(&rows[output]).map(|([even, odd], byte)| {
                let [low, high] = unpack(*byte);
                product(*even, low) + product(*odd, high)
            });
            products.sum()
        }
    }
}
