//! A model with the weights of its convolutions prepared once, for many images.

use crate::kernel::{Backend, FeatureRow, ImageRow, PATCH_SIDE};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};
use std::boxed::Box;

/// A back end, and the weights that it has prepared.
pub(in crate::kernel) struct Network<B: Backend> {
    backend: B,
    prepared: B::Prepared,
}

impl<B: Backend> Network<B> {
    /// Prepares the weights of `model`.
    pub(in crate::kernel) fn new(backend: B, model: &Model<'_>) -> Box<Self> {
        Box::new(Self { backend, prepared: backend.prepare(model) })
    }
}

/// The convolutions are those of the model that the network was made of.
impl<B: Backend> Backend for &Network<B> {
    type Prepared = ();
    type Row = B::Row;

    fn prepare(self, _: &Model<'_>) {}

    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut B::Row) {
        self.backend.conv1_row(layer, &self.prepared, input, output);
    }

    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&B::Row; PATCH_SIDE], output: &mut FeatureRow) {
        self.backend.conv2_row(layer, &self.prepared, input, output);
    }

    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        self.backend.fc1(layer, input, output);
    }

    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        self.backend.fc2(layer, input, output);
    }

    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        self.backend.fc3(layer, input, logits);
    }
}
