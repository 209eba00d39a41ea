//! The first convolution: one input channel, six output channels in one register.

use super::window::{self, TapPairs, maxima, tap_pairs, widen};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv1;
use lenet_core::shape::{CONV1_CHANNELS, IMAGE_SIDE, POOL_SIDE};

/// Registers that hold the channels of one position.
const VECTORS: usize = 1;
/// Pairs of taps in a kernel row: five taps and a zero.
const PAIRS: usize = 3;
/// Activations in a row of a patch: six columns, and one that is multiplied by the zero.
const PATCH_ROW: usize = PATCH_SIDE + 1;
/// Activations in an input row, padded so that every patch lies inside the row.
const WIDE_ROW: usize = IMAGE_SIDE + 1;

/// The layer with its weights in the order in which the loops read them.
pub(super) type Prepared = window::Layer<PAIRS, VECTORS>;

/// Brings the weights into the order in which [`row`] reads them.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn prepare(layer: &Conv1<'_>) -> Prepared {
    let pairs: TapPairs<PAIRS, VECTORS> = tap_pairs::<1, _, _, _, _>(layer.weights());
    Prepared::new(layer, pairs)
}

/// Computes one pooled row from the six image rows that it depends on.
#[target_feature(enable = "avx2")]
pub(super) fn row(layer: &Prepared, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let input = widen::<IMAGE_SIDE, WIDE_ROW>(input);
    for (x, cell) in output.iter_mut().enumerate() {
        let sums = maxima::<1, PATCH_ROW, WIDE_ROW, _, _>(&layer.weights, &input, POOL_SIDE * x);
        layer.finish.requantize::<CONV1_CHANNELS>(sums, cell);
    }
}
