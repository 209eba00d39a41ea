//! The second convolution: six input channels, sixteen output channels.

use super::window;
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow};
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, POOL_SIDE, POOL1_SIDE, POOL2_SIDE};

const _: () = assert!(POOL_SIDE * (POOL2_SIDE - 1) + PATCH_SIDE <= POOL1_SIDE);

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    // SAFETY: these are six rows of six input channels; the assertion says that they hold a patch for each window.
    unsafe { window::row::<CONV1_CHANNELS, _, _, _, _>(layer, input.map(|row| row.as_ptr().cast()), output) };
}
