//! One obvious loop a layer: the reference that every back end is compared with, and the fallback.
//!
//! The innermost loops run over output channels with a fixed trip count, which is what LLVM turns into vector
//! code where a core has it.

use super::{Image, KERNEL_SIDE};
use lenet_core::model::{Conv, Dense, Logits};

/// Positions under one pooling window.
const WINDOW: usize = 4;
/// Rows and columns that a pooling window's kernels see.
const PATCH_SIDE: usize = KERNEL_SIDE + 1;

pub(super) fn conv_pool<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, OUT>,
    input: &Image<IN, SIDE>,
    output: &mut Image<OUT, POOLED>,
) {
    let biases = layer.biases.to_array();
    for (y, row) in output.iter_mut().enumerate() {
        for (x, cell) in row.iter_mut().enumerate() {
            let window = accumulate(layer.weights, patch(input, 2 * y, 2 * x));
            let channels = cell.iter_mut().zip(biases).zip(layer.requants.iter()).enumerate();
            for (channel, ((activation, bias), requant)) in channels {
                let [a, b, c, d] = window.map(|sums| sums[channel]);
                *activation = requant.activation(a.max(b).max(c.max(d)) + bias);
            }
        }
    }
}

/// The 6x6 positions that a 2x2 window of 5x5 kernels sees.
type Patch<'a, const IN: usize> = [&'a [[u8; IN]; PATCH_SIDE]; PATCH_SIDE];

/// The patch from (`y`, `x`). Where it would leave the input, which no window of a valid shape does, it reads as
/// zeros: a way to say so that needs no panic.
#[inline(always)]
fn patch<const IN: usize, const SIDE: usize>(input: &Image<IN, SIDE>, y: usize, x: usize) -> Patch<'_, IN> {
    let mut patch = [&[[0; IN]; PATCH_SIDE]; PATCH_SIDE];
    for (to, row) in patch.iter_mut().zip(input.iter().skip(y)) {
        if let Some(columns) = row.get(x..).and_then(<[_]>::first_chunk) {
            *to = columns;
        }
    }
    patch
}

/// Products summed for the 2x2 positions of a window; each weight is loaded once for the four.
#[inline(always)]
fn accumulate<const IN: usize, const TAPS: usize, const OUT: usize>(
    weights: &[[u8; OUT]; TAPS],
    patch: Patch<'_, IN>,
) -> [[i32; OUT]; WINDOW] {
    const { assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN) };
    let mut sums = [[0; OUT]; WINDOW];
    for row in 0..KERNEL_SIDE {
        for column in 0..KERNEL_SIDE {
            for channel in 0..IN {
                let weights = &weights[(row * KERNEL_SIDE + column) * IN + channel];
                for (position, sums) in sums.iter_mut().enumerate() {
                    let activation = i32::from(patch[row + position / 2][column + position % 2][channel]);
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum += activation * i32::from(*weight as i8);
                    }
                }
            }
        }
    }
    sums
}

pub(super) fn dense<const IN: usize, const OUT: usize>(
    layer: &Dense<'_, IN, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    let outputs = layer.weights.iter().zip(layer.biases.iter()).zip(layer.requants.iter()).zip(output);
    for (((weights, bias), requant), activation) in outputs {
        *activation = requant.activation(bias + dot(input, weights));
    }
}

pub(super) fn logits<const IN: usize, const OUT: usize>(
    layer: &Logits<'_, IN, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    let outputs = layer.weights.iter().zip(layer.biases.iter()).zip(output);
    for ((weights, bias), logit) in outputs {
        *logit = bias + dot(input, weights);
    }
}

#[inline(always)]
fn dot<const IN: usize>(input: &[u8; IN], weights: &[u8; IN]) -> i32 {
    input.iter().zip(weights).map(|(pixel, weight)| i32::from(*pixel) * i32::from(*weight as i8)).sum()
}
