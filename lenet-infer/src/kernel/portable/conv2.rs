//! The second convolution: six input channels, sixteen output channels.

use super::requant::activations;
use super::window::{patch, sums};
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, POOL_SIDE};

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
pub(super) fn row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    for (x, cell) in output.iter_mut().enumerate() {
        let input = input.map(|row| row.as_flattened());
        let patch = patch::<{ PATCH_SIDE * CONV1_CHANNELS }>(input, POOL_SIDE * CONV1_CHANNELS * x);
        activations(layer, sums(&layer.weights(), patch), cell);
    }
}
