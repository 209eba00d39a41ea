//! The portable kernels: one simple loop per layer.
//!
//! They are the specification that every other back end is compared with, and the fallback for other cores.

mod conv1;
mod conv2;
mod dense;
mod requant;
mod window;

use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// The portable kernels.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Backend for Portable {
    type Prepared = ();
    type Row = PooledRow;

    fn prepare(self, _: &Model<'_>) {}

    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
        conv1::row(layer, input, output);
    }

    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
        conv2::row(layer, input, output);
    }

    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        dense::hidden(layer, input, output);
    }

    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        dense::hidden(layer, input, output);
    }

    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        dense::logits(layer, input, logits);
    }
}
