//! The sums of products at the four positions of a pooling window, for both convolutions.
//!
//! A lane is a window. What meets a word of two weights is four words of two activations, one for each window, which lie
//! side by side.

use crate::kernel::PATCH_SIDE;
use core::arch::wasm32::*;
use lenet_core::model::ConvWeights;
use lenet_core::shape::KERNEL_SIDE;

/// Positions in a window: from left to right, then down.
pub(super) const WINDOW: usize = 4;
/// Windows that are computed at the same time.
pub(super) const WINDOWS: usize = 4;

/// The weights of two neighboring output channels: words of two taps, `[kernel row][pair of taps][channel]`.
pub(super) type Words<const PAIRS: usize> = [[[i32; 2]; PAIRS]; KERNEL_SIDE];

/// Packs the weights of two channels. A kernel row with an odd number of taps ends with a zero.
#[inline(always)]
pub(super) fn pack<const PAIRS: usize, const TAPS: usize, const CHANNEL_PAIRS: usize>(
    weights: &ConvWeights<'_, TAPS, CHANNEL_PAIRS>,
    channels: usize,
) -> Words<PAIRS> {
    let row_taps = const {
        assert!(TAPS.is_multiple_of(KERNEL_SIDE) && PAIRS == (TAPS / KERNEL_SIDE).div_ceil(2));
        TAPS / KERNEL_SIDE
    };
    core::array::from_fn(|row| {
        core::array::from_fn(|pair| {
            let tap = row_taps * row + 2 * pair;
            let first = weights.tap(channels, tap);
            let second = if 2 * pair + 1 < row_taps { weights.tap(channels, tap + 1) } else { [0; 2] };
            [word(first[0].into(), second[0].into()), word(first[1].into(), second[1].into())]
        })
    })
}

/// A word of two values for two neighboring taps.
#[inline(always)]
pub(super) fn word(first: i16, second: i16) -> i32 {
    i32::from(first) & 0xFFFF | i32::from(second) << 16
}

/// The sums of two channels at the four positions of four windows, `[channel][position]`.
///
/// `activations` returns the words of a pair of taps for an input row and for the left or the right column of the windows.
#[inline(always)]
pub(super) fn sums<const PAIRS: usize>(
    weights: &Words<PAIRS>,
    activations: impl Fn(usize, usize, usize) -> v128,
) -> [[v128; WINDOW]; 2] {
    let mut sums = [[i32x4_splat(0); WINDOW]; 2];
    for (row, weights) in weights.iter().enumerate() {
        for (pair, weights) in weights.iter().enumerate() {
            let weights = weights.map(|word| i32x4_splat(word));
            for position in 0..WINDOW {
                let activations = activations((row + position / 2).min(PATCH_SIDE - 1), position % 2, pair);
                for (sums, weights) in sums.iter_mut().zip(weights) {
                    sums[position] = i32x4_add(sums[position], i32x4_dot_i16x8(activations, weights));
                }
            }
        }
    }
    sums
}
