//! Kernels for 64-bit Arm with Neon, which all of its processors have: sixteen products per instruction where there is the
//! dot product extension, four elsewhere. Module [`products`] has both ways; all else is the same.
//!
//! Four bytes side by side meet four others, and their products are added to one of four sums. So each layer brings four
//! taps of an output into a word:
//!
//! - conv1: a lane is a position. A vector of activations is a group of taps of four neighboring columns, and serves three
//!   channels. A word of weights is the same for all lanes.
//! - conv2: a lane is one of four output channels. A vector of weights is a group of taps of theirs, and serves four
//!   positions. The activations of a position are the same for all lanes.
//! - A fully-connected layer takes four rows of weights at a time, so one load of the input serves four outputs.
//!
//! Both factors of a product have a sign, or neither has. The convolutions lower activations by 128, and the bias of an
//! output makes up for it; fully-connected layers raise weights by 128, and subtract the excess.
//!
//! The weights of the convolutions are brought into order once per image, once for all images (`prepared`), or once per row
//! of an image that comes row by row ([`RowByRow`]).

#![allow(unsafe_code)]

mod conv1;
mod conv2;
mod dense;
pub(crate) mod lanes;
mod products;
mod requant;
mod row_by_row;
mod unpack;

pub(super) use row_by_row::RowByRow;

use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use core::arch::aarch64::*;
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};
use products::{Baseline, Dotprod};

/// Calls a function with the products that this processor has.
macro_rules! with_products {
    ($function:path, $($argument:expr),*) => {
        match Dotprod::detect() {
            // SAFETY: this module is compiled for targets with Neon only.
            Some(dotprod) => unsafe { $function(dotprod, $($argument),*) },
            // SAFETY: as above.
            None => unsafe { $function(Baseline, $($argument),*) },
        }
    };
}
use with_products;

/// The kernels for Neon.
#[derive(Clone, Copy)]
pub(super) struct Neon;

#[cfg(feature = "host")]
impl Neon {
    /// The name of the back end, and of the extension that it uses.
    pub(super) fn name(self) -> &'static str {
        if Dotprod::detect().is_some() { "neon-dotprod" } else { "neon" }
    }
}

/// Both convolutions, with their weights in the order in which the loops read them.
pub(super) struct Layers {
    conv1: conv1::Layer,
    conv2: conv2::Layer,
}

impl Backend for Neon {
    type Prepared = Layers;
    type Row = PooledRow;

    fn prepare(self, model: &Model<'_>) -> Layers {
        // SAFETY: this module is compiled for targets with Neon only.
        unsafe { Layers { conv1: conv1::Layer::new(model.conv1()), conv2: conv2::Layer::new(model.conv2()) } }
    }

    fn conv1_row(
        self,
        _: &Conv1<'_>,
        prepared: &Layers,
        input: [&ImageRow; PATCH_SIDE],
        output: &mut PooledRow,
    ) {
        with_products!(conv1::row, &prepared.conv1, input, output);
    }

    fn conv2_row(
        self,
        _: &Conv2<'_>,
        prepared: &Layers,
        input: [&PooledRow; PATCH_SIDE],
        output: &mut FeatureRow,
    ) {
        with_products!(conv2::row, &prepared.conv2, input, output);
    }

    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        with_products!(dense::hidden, layer, input, output);
    }

    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        with_products!(dense::hidden, layer, input, output);
    }

    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        with_products!(dense::logits, layer, input, logits);
    }
}

/// Loads 16 bytes from any address.
#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: a reference to 16 bytes; the load needs no alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// Returns the lanes of a vector.
#[inline]
#[target_feature(enable = "neon")]
fn stored(vector: int32x4_t) -> [i32; 4] {
    let mut lanes = [0; 4];
    // SAFETY: a reference to 16 bytes; the store needs no alignment.
    unsafe { vst1q_s32(lanes.as_mut_ptr(), vector) };
    lanes
}
