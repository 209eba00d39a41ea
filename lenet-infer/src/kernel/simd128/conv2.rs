//! The second convolution: six input channels, sixteen output channels.

use super::load;
use super::requant::activations;
use super::window::{WINDOWS, Words, pack, sums, word};
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, KERNEL_SIDE, POOL1_SIDE, POOL2_SIDE};

/// Words of two input channels in a column.
const COLUMN: usize = CONV1_CHANNELS / 2;
/// Pairs of taps in a kernel row.
const PAIRS: usize = KERNEL_SIDE * COLUMN;

/// The words of two input channels of the even columns, then of the odd ones: `[odd][word of a column][column]`.
type RowWords = [[[i32; POOL1_SIDE / 2]; COLUMN]; 2];

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    const { assert!(POOL2_SIDE == WINDOWS && WINDOWS + KERNEL_SIDE / 2 == POOL1_SIDE / 2) };
    let rows = input.map(words);
    let max = layer.largest_activation();
    let mut finish = layer.biases().iter().zip(layer.requants().iter()).enumerate();
    let mut pair = 0;
    while let (Some(even), Some(odd)) = (finish.next(), finish.next()) {
        let weights: Words<PAIRS> = pack(&layer.weights(), pair);
        let sums = sums(&weights, |row, right, pair| {
            let column = right + pair / COLUMN;
            load(window_words(&rows[row][column % 2][pair % COLUMN], column / 2))
        });
        for ((channel, (bias, requant)), sums) in [even, odd].into_iter().zip(sums) {
            let activations = activations(sums, bias, requant, max);
            output.iter_mut().zip(activations).for_each(|(cell, activation)| cell[channel] = activation);
        }
        pair += 1;
    }
}

/// The words of a pooled row of conv1.
#[inline(always)]
fn words(row: &PooledRow) -> RowWords {
    [0, 1].map(|odd| {
        core::array::from_fn(|at| {
            core::array::from_fn(|column| {
                let cell = &row[2 * column + odd];
                word(cell[2 * at].into(), cell[2 * at + 1].into())
            })
        })
    })
}

/// The words of the four windows from `start` on. Clamped so that no bounds check is needed.
#[inline(always)]
fn window_words(words: &[i32; POOL1_SIDE / 2], start: usize) -> &[i32; WINDOWS] {
    words[start.min(POOL1_SIDE / 2 - WINDOWS)..].first_chunk().unwrap_or(&[0; WINDOWS])
}
