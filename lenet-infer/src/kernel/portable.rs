//! One obvious loop a layer: the reference that every back end is compared with, and the fallback.
//!
//! The innermost loops run over output channels with a fixed trip count, which is what LLVM turns into vector
//! code where a core has it.

use super::{Image, KERNEL_SIDE};
use lenet_core::model::{Conv, Dense, Logits};

/// Accumulators of the four positions under one pooling window.
const WINDOW: usize = 4;

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
            let window = accumulate(layer.weights, input, 2 * y, 2 * x);
            let channels = cell.iter_mut().zip(biases).zip(layer.requants.iter()).enumerate();
            for (channel, ((activation, bias), requant)) in channels {
                let max = window.iter().map(|position| position[channel]).max().unwrap_or(0);
                *activation = requant.activation(max + bias);
            }
        }
    }
}

/// Products summed for the 2x2 positions from (`y`, `x`); each weight is loaded once for the four.
#[inline(always)]
fn accumulate<const IN: usize, const SIDE: usize, const TAPS: usize, const OUT: usize>(
    weights: &[[u8; OUT]; TAPS],
    input: &Image<IN, SIDE>,
    y: usize,
    x: usize,
) -> [[i32; OUT]; WINDOW] {
    let mut sums = [[0; OUT]; WINDOW];
    for (tap, weights) in weights.iter().enumerate() {
        let (row, column, channel) = (tap / IN / KERNEL_SIDE, tap / IN % KERNEL_SIDE, tap % IN);
        for (position, sums) in sums.iter_mut().enumerate() {
            let pixel = i32::from(input[y + position / 2 + row][x + position % 2 + column][channel]);
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += pixel * i32::from(*weight as i8);
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
