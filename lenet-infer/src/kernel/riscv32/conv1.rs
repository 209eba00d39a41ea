//! The first convolution: one input channel, six output channels.

use super::window;
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv1;
use lenet_core::shape::{IMAGE_SIDE, POOL_SIDE, POOL1_SIDE};

const _: () = assert!(POOL_SIDE * (POOL1_SIDE - 1) + PATCH_SIDE <= IMAGE_SIDE);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    // SAFETY: these are six rows of one input channel; the assertion says that they hold a patch for each window.
    unsafe { window::row::<1, _, _, _, _>(layer, input.map(|row| row.as_ptr()), output) };
}
