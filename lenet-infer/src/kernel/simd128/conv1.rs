//! The first convolution: one input channel, six output channels.

use super::load;
use super::requant::activations;
use super::window::{WINDOWS, Words, pack, sums, word};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv1;
use lenet_core::shape::{IMAGE_SIDE, KERNEL_SIDE, POOL1_SIDE};

/// Pairs of taps in a kernel row: five taps and a zero.
const PAIRS: usize = KERNEL_SIDE.div_ceil(2);
/// Words that four windows need, from the word of the first pair of taps on.
const REACH: usize = WINDOWS + PAIRS - 1;

/// The words of two neighboring columns that begin at each even column, and those that begin at each odd one.
type RowWords = [[i32; IMAGE_SIDE / 2]; 2];

/// Computes one pooled row from the six image rows that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    const { assert!(POOL1_SIDE.is_multiple_of(WINDOWS) && POOL1_SIDE - WINDOWS + REACH <= IMAGE_SIDE / 2) };
    let rows = input.map(words);
    let max = layer.largest_activation();
    let mut finish = layer.biases().iter().zip(layer.requants().iter()).enumerate();
    let mut pair = 0;
    while let (Some(even), Some(odd)) = (finish.next(), finish.next()) {
        let weights: Words<PAIRS> = pack(&layer.weights(), pair);
        for (group, output) in output.as_chunks_mut::<WINDOWS>().0.iter_mut().enumerate() {
            let near = rows.each_ref().map(|row| row.each_ref().map(|words| reach(words, WINDOWS * group)));
            let sums = sums(&weights, |row, right, pair| load(window_words(near[row][right], pair)));
            for ((channel, (bias, requant)), sums) in [even, odd].into_iter().zip(sums) {
                let activations = activations(sums, bias, requant, max);
                output.iter_mut().zip(activations).for_each(|(cell, activation)| cell[channel] = activation);
            }
        }
        pair += 1;
    }
}

/// The words of an image row. The last one of the odd columns has a zero in place of a column that does not exist.
#[inline(always)]
fn words(row: &ImageRow) -> RowWords {
    let column = |at: usize| row.get(at).copied().unwrap_or(0).into();
    [0, 1].map(|odd| core::array::from_fn(|at| word(column(2 * at + odd), column(2 * at + odd + 1))))
}

/// The words that the windows from `start` on need. Clamped so that no bounds check is needed.
#[inline(always)]
fn reach(words: &[i32; IMAGE_SIDE / 2], start: usize) -> &[i32; REACH] {
    words[start.min(IMAGE_SIDE / 2 - REACH)..].first_chunk().unwrap_or(&[0; REACH])
}

/// The words of the four windows for a pair of taps. Clamped so that no bounds check is needed.
#[inline(always)]
fn window_words(words: &[i32; REACH], pair: usize) -> &[i32; WINDOWS] {
    words[pair.min(PAIRS - 1)..].first_chunk().unwrap_or(&[0; WINDOWS])
}
