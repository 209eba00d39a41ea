//! The kernels for an image that comes row by row, or for layers of which each belongs to another model.

use super::products::{Baseline, Dotprod};
use super::{Neon, conv1, conv2, with_products};
use crate::kernel::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// A back end that brings the weights of a convolution into order for each row.
#[derive(Clone, Copy)]
pub(crate) struct RowByRow;

impl RowByRow {
    /// The back end that brings the weights into order once per image.
    #[inline(always)]
    pub(in crate::kernel) const fn for_images(self) -> Neon {
        Neon
    }
}

impl Backend for RowByRow {
    type Prepared = ();
    type Row = PooledRow;

    fn prepare(self, _: &Model<'_>) {}

    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
        // SAFETY: this module is compiled for targets with Neon only.
        let layer = unsafe { conv1::Layer::new(layer) };
        with_products!(conv1::row, &layer, input, output);
    }

    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
        // SAFETY: this module is compiled for targets with Neon only.
        let layer = unsafe { conv2::Layer::new(layer) };
        with_products!(conv2::row, &layer, input, output);
    }

    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        Neon.fc1(layer, input, output);
    }

    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        Neon.fc2(layer, input, output);
    }

    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        Neon.fc3(layer, input, logits);
    }
}
