//! The back end of the board that the crate is compiled for, where the folders of the instruction sets have the same
//! functions. `armv7em` and `armv7m` implement the trait themselves.

#[cfg(not(lenet_device = "riscv32"))]
use super::PooledRow as Row;
#[cfg(lenet_device = "armv6m")]
use super::armv6m::{conv1, conv2, dense};
#[cfg(lenet_device = "mve")]
use super::mve::{conv1, conv2, dense};
#[cfg(lenet_device = "riscv32")]
use super::riscv32::{PlanarRow as Row, conv1, conv2, dense};
#[cfg(lenet_device = "simd128")]
use super::simd128::{conv1, conv2, dense};
use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// The kernels of the board's instruction set.
#[derive(Clone, Copy)]
pub(crate) struct Board;

impl Backend for Board {
    type Prepared = ();
    type Row = Row;

    #[inline(always)]
    fn prepare(self, _: &Model<'_>) {}

    #[inline(always)]
    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut Row) {
        conv1::row(layer, input, output);
    }

    #[inline(always)]
    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&Row; PATCH_SIDE], output: &mut FeatureRow) {
        conv2::row(layer, input, output);
    }

    #[inline(always)]
    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        dense::hidden(layer, input, output);
    }

    #[inline(always)]
    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        dense::hidden(layer, input, output);
    }

    #[inline(always)]
    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        dense::logits(layer, input, logits);
    }
}
