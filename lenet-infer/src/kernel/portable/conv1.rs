//! The first convolution: one input channel, six output channels.

use super::requant::activations;
use super::window::{patch, sums};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv1;
use lenet_core::shape::POOL_SIDE;

/// Computes one pooled row from the six image rows that it depends on.
pub(super) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    for (x, cell) in output.iter_mut().enumerate() {
        let patch = patch::<PATCH_SIDE>(input.map(ImageRow::as_slice), POOL_SIDE * x);
        activations(layer, sums(&layer.weights(), patch), cell);
    }
}
