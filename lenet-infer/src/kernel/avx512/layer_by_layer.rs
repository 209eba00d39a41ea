//! The kernels for layers of which each belongs to another model, as the corpus draws them.

use super::row::Row;
use super::{conv1, conv2, dense, has_avx512_vnni};
use crate::kernel::{Backend, FeatureRow, ImageRow, PATCH_SIDE};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// A back end that brings the weights of a layer into order whenever it computes it.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct LayerByLayer(());

impl LayerByLayer {
    pub(in crate::kernel) fn detect() -> Option<Self> {
        has_avx512_vnni().then_some(Self(()))
    }
}

impl Backend for LayerByLayer {
    type Prepared = ();
    type Row = Row;

    fn prepare(self, _: &Model<'_>) {}

    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut Row) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { conv1::Layer::new(layer).row(input, output) }
    }

    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&Row; PATCH_SIDE], output: &mut FeatureRow) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { conv2::Layer::new(layer).row(input, output) }
    }

    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { dense::Fc1::new(layer).activations(input, output) }
    }

    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { dense::Fc2::new(layer).activations(input, output) }
    }

    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { dense::Fc3::new(layer).logits(input, logits) }
    }
}
