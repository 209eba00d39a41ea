//! The sums of products at the four positions of a pooling window, for both convolutions.

use crate::kernel::PATCH_SIDE;
use lenet_core::model::ConvWeights;
use lenet_core::shape::KERNEL_SIDE;

/// Positions in a pooling window.
pub(super) const WINDOW: usize = 4;

/// The input of a window: six rows of `ROW` activations, which are six per input channel.
pub(super) type Patch<'a, const ROW: usize> = [&'a [u8; ROW]; PATCH_SIDE];

/// The patch that starts at activation `start` of each row.
#[inline(always)]
pub(super) fn patch<const ROW: usize>(rows: [&[u8]; PATCH_SIDE], start: usize) -> Patch<'_, ROW> {
    rows.map(|row| match row.get(start..).and_then(<[_]>::first_chunk) {
        Some(part) => part,
        // Unreachable: the driver asserts that every window lies in the input.
        None => &[0; ROW],
    })
}

/// The sums at the four positions of a window, `[position][output channel]`. The positions count from left to right,
/// then down. Each weight is loaded once for all four.
#[inline(always)]
pub(super) fn sums<const ROW: usize, const TAPS: usize, const PAIRS: usize, const OUT: usize>(
    weights: &ConvWeights<'_, TAPS, PAIRS>,
    patch: Patch<'_, ROW>,
) -> [[i32; OUT]; WINDOW] {
    const {
        assert!(ROW.is_multiple_of(PATCH_SIDE) && TAPS == KERNEL_SIDE * KERNEL_SIDE * ROW / PATCH_SIDE);
        assert!(OUT == 2 * PAIRS);
    }
    let channels = ROW / PATCH_SIDE;
    let row_taps = KERNEL_SIDE * channels;
    let mut sums = [[0; OUT]; WINDOW];
    for pair in 0..PAIRS {
        let mut window = [[0; 2]; WINDOW];
        for row in 0..KERNEL_SIDE {
            for tap in 0..row_taps {
                let [even, odd] = weights.tap(pair, row * row_taps + tap);
                for (position, [even_sum, odd_sum]) in window.iter_mut().enumerate() {
                    let (down, right) = (position / 2, position % 2);
                    let activation = i32::from(patch[row + down][right * channels + tap]);
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
