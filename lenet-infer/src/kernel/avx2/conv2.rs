//! The second convolution: six input channels, sixteen output channels in two registers.

use super::window::{self, TapPairs, maxima, tap_pairs, widen};
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, KERNEL_SIDE, POOL_SIDE, POOL1_SIDE};

/// Registers that hold the channels of one position.
const VECTORS: usize = 2;
/// Pairs of taps in a kernel row.
const PAIRS: usize = KERNEL_SIDE * CONV1_CHANNELS / 2;
/// Activations in a row of a patch.
const PATCH_ROW: usize = PATCH_SIDE * CONV1_CHANNELS;
/// Activations in an input row.
const WIDE_ROW: usize = POOL1_SIDE * CONV1_CHANNELS;

/// The layer with its weights in the order in which the loops read them.
pub(super) type Prepared = window::Layer<PAIRS, VECTORS>;

/// Brings the weights into the order in which [`row`] reads them.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn prepare(layer: &Conv2<'_>) -> Prepared {
    let pairs: TapPairs<PAIRS, VECTORS> = tap_pairs::<CONV1_CHANNELS, _, _, _, _>(layer.weights());
    Prepared::new(layer, pairs)
}

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[target_feature(enable = "avx2")]
pub(super) fn row(layer: &Prepared, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    let input = widen::<WIDE_ROW, WIDE_ROW>(input.map(bytemuck::must_cast_ref));
    for (x, cell) in output.iter_mut().enumerate() {
        let start = POOL_SIDE * CONV1_CHANNELS * x;
        let sums = maxima::<CONV1_CHANNELS, PATCH_ROW, WIDE_ROW, _, _>(&layer.weights, &input, start);
        layer.finish.requantize::<CONV2_CHANNELS>(sums, cell);
    }
}
