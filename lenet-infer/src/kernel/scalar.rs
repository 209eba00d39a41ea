//! RV32

use super::portable::{Patch, patch};
use super::{KERNEL_SIDE, PATCH_SIDE, Row};
use lenet_core::Requant;
use lenet_core::model::{Conv, Dense, DenseWeights, Logits, Weights, largest_activation, unpack};

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
    const { assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && OUT == 2 * PAIRS) };
    let max = largest_activation(layer.activation_bits);
    let mut channels = layer.biases.iter().zip(layer.requants.iter());
    for pair in 0..PAIRS {
        let (Some(even), Some(odd)) = (channels.next(), channels.next()) else { return };
        let unpacked;
        let weights = match layer.weights {
            Weights::Int8(weights) => &weights[pair],
            Weights::Int4(weights) => {
                unpacked = weights[pair].map(|byte| unpack(byte).map(|weight| weight as u8));
                &unpacked
            }
        };
        for (x, cell) in output.iter_mut().enumerate() {
            let maxima = window_maxima(patch(input, 2 * x), weights);
            for ((channel, maximum), (bias, requant)) in (2 * pair..).zip(maxima).zip([even, odd]) {
                cell[channel] = requant.activation(maximum + bias, max);
            }
        }
    }
}

/// The maxima of one window in two channels.
#[inline(never)]
fn window_maxima<const IN: usize, const TAPS: usize>(patch: Patch<'_, IN>, weights: &[[u8; 2]; TAPS]) -> [i32; 2] {
    // [channel][side][upper, both, lower]
    let mut sums = [[[0_i32; 3]; 2]; 2];
    for row in [0, 2] {
        let rows = [patch[row], patch[row + 1], patch[row + 2]];
        for channel in 0..IN {
            let column = |x: usize| {
                let [top, middle, bottom] = rows.map(|row| i32::from(row[x][channel]));
                [top - middle, middle, bottom - middle]
            };
            let mut left = column(0);
            for x in 0..KERNEL_SIDE {
                let right = column(x + 1);
                let tap = |below: usize| weights[((row + below) * KERNEL_SIDE + x) * IN + channel];
                let (above, below) = (tap(0), tap(1));
                for (output, sums) in sums.iter_mut().enumerate() {
                    let (above, below) = (i32::from(above[output] as i8), i32::from(below[output] as i8));
                    let factors = [above, above + below, below];
                    for (sums, column) in sums.iter_mut().zip([left, right]) {
                        for ((sum, value), factor) in sums.iter_mut().zip(column).zip(factors) {
                            *sum += value * factor;
                        }
                    }
                }
                left = right;
            }
        }
    }
    const LAST: usize = KERNEL_SIDE - 1;
    for channel in 0..IN {
        let column = |x: usize| [LAST, LAST + 1].map(|row| i32::from(patch[row][x][channel]));
        let mut left = column(0);
        for x in 0..KERNEL_SIDE {
            let right = column(x + 1);
            let tap = weights[(LAST * KERNEL_SIDE + x) * IN + channel];
            for (output, sums) in sums.iter_mut().enumerate() {
                let weight = i32::from(tap[output] as i8);
                for (sums, [top, bottom]) in sums.iter_mut().zip([left, right]) {
                    sums[0] += top * weight;
                    sums[2] += bottom * weight;
                }
            }
            left = right;
        }
    }
    sums.map(|sides| {
        let [left, right] = sides.map(|[upper, both, lower]| upper.max(lower) + both);
        left.max(right)
    })
}

pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    dense_with(layer, input, output, dot);
}

#[inline(always)]
pub(super) fn dense_with<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
    dot: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
) {
    let max = largest_activation(layer.activation_bits);
    let mut outputs = output.iter_mut().zip(layer.biases.iter()).zip(layer.requants.iter());
    for_each_sum(&layer.weights, input, dot, |sum| {
        if let Some(((activation, bias), requant)) = outputs.next() {
            *activation = requant.activation(bias + sum, max);
        }
    });
}

pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    logits_with(layer, input, output, dot);
}

#[inline(always)]
pub(super) fn logits_with<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
    dot: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
) {
    let mut outputs = output.iter_mut().zip(layer.biases.iter());
    for_each_sum(&layer.weights, input, dot, |sum| {
        if let Some((logit, bias)) = outputs.next() {
            *logit = bias + sum;
        }
    });
}

/// Outputs of a fully-connected layer that share a loaded activation.
pub(super) const TILE: usize = 4;

/// Calls `then` with each output's sum of products, in order.
#[inline(always)]
pub(super) fn for_each_sum<const IN: usize, const HALF: usize, const OUT: usize>(
    weights: &DenseWeights<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    dot_int8: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
    mut then: impl FnMut(i32),
) {
    match weights {
        Weights::Int8(rows) => {
            let (tiles, rest) = rows.as_chunks::<TILE>();
            tiles.iter().for_each(|rows| dot_int8(rows, input).into_iter().for_each(&mut then));
            rest.iter().for_each(|row| dot(&[*row], input).into_iter().for_each(&mut then));
        }
        Weights::Int4(rows) => {
            for row in rows.iter() {
                let (pairs, _) = input.as_chunks::<2>();
                let products = pairs.iter().zip(row).map(|([even, odd], byte)| {
                    let [low, high] = unpack(*byte);
                    i32::from(*even) * i32::from(low) + i32::from(*odd) * i32::from(high)
                });
                then(products.sum());
            }
        }
    }
}

/// Sums of products.
#[inline(never)]
fn dot<const OUTPUTS: usize, const IN: usize>(rows: &[[u8; IN]; OUTPUTS], input: &[u8; IN]) -> [i32; OUTPUTS] {
    let mut sums = [0; OUTPUTS];
    for (index, activation) in input.iter().enumerate() {
        for (sum, row) in sums.iter_mut().zip(rows) {
            *sum += i32::from(*activation) * i32::from(row[index] as i8);
        }
    }
    sums
}
