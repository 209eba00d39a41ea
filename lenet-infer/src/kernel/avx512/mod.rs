//! Kernels for x86-64 with AVX-512 and its neural network instructions (VNNI): 64 products per `VPDPBUSD`.
//!
//! `VPDPBUSD` multiplies bytes without a sign by bytes with one, adds four neighboring products to each of 16 `i32`
//! lanes, and neither rounds nor saturates: the products of an activation and a weight, as they lie in memory. Each layer
//! has its own order of weights, so that four taps of an output lie in a word and no sum is ever split among lanes:
//!
//! - conv1: a lane is a position. 24 columns of two rows are three registers, which are loaded for seven groups of taps
//!   and serve six channels. A word of weights is the same for all lanes.
//! - conv2: a lane is one of the 16 output channels. Four activations of a position are broadcast. Those of a column
//!   serve up to five positions.
//! - A fully-connected layer: a lane is one of 16 outputs, and four inputs are broadcast.
//!
//! All layers of a model are brought into this order once ([`Network`]), int4 and ternary weights as int8 weights. So the
//! back end serves whoever classifies many images with one model. For a single image the order costs more than it saves.

#![allow(unsafe_code)]

mod conv1;
mod conv2;
mod dense;
#[cfg(test)]
pub(super) mod layer_by_layer;
mod requant;
mod row;

use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE};
use core::arch::x86_64::*;
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};
use row::Row;
use std::boxed::Box;

/// Number of `i32` lanes in a register.
const LANES: usize = 16;
/// Taps that share a lane: the bytes of a word.
const GROUP: usize = 4;

/// A model with its weights in the order in which the loops read them.
///
/// A value is also proof that the processor has the instructions. Only [`Network::new`] makes one.
pub(super) struct Network {
    conv1: conv1::Layer,
    conv2: conv2::Layer,
    fc1: dense::Fc1,
    fc2: dense::Fc2,
    fc3: dense::Fc3,
}

impl Network {
    /// Brings the weights of `model` into order, if this processor has the instructions.
    pub(super) fn new(model: &Model<'_>) -> Option<Box<Self>> {
        has_avx512_vnni().then(|| {
            Box::new(Self {
                conv1: conv1::Layer::new(model.conv1()),
                conv2: conv2::Layer::new(model.conv2()),
                fc1: dense::Fc1::new(model.fc1()),
                fc2: dense::Fc2::new(model.fc2()),
                fc3: dense::Fc3::new(model.fc3()),
            })
        })
    }
}

/// Whether this processor has what the kernels need.
fn has_avx512_vnni() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vnni")
}

/// The layers of the model that the network was made of. Those that a caller passes are not looked at.
impl Backend for &Network {
    type Prepared = ();
    type Row = Row;

    fn prepare(self, _: &Model<'_>) {}

    fn conv1_row(self, _: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut Row) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { self.conv1.row(input, output) }
    }

    fn conv2_row(self, _: &Conv2<'_>, (): &(), input: [&Row; PATCH_SIDE], output: &mut FeatureRow) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { self.conv2.row(input, output) }
    }

    fn fc1(self, _: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { self.fc1.activations(input, output) }
    }

    fn fc2(self, _: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { self.fc2.activations(input, output) }
    }

    fn fc3(self, _: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        // SAFETY: `self` exists, so the processor has AVX-512 with VNNI.
        unsafe { self.fc3.logits(input, logits) }
    }
}

/// What a register holds, in memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Stored([u8; 4 * LANES]);

impl Stored {
    /// The words of the lanes.
    fn words(lanes: [i32; LANES]) -> Self {
        Self(bytemuck::must_cast(lanes))
    }

    /// For each lane, the bytes of a word.
    fn groups(group: impl Fn(usize) -> [u8; GROUP]) -> Self {
        Self::words(core::array::from_fn(|lane| word(group(lane))))
    }

    /// The same 16 bytes in each quarter.
    fn quarters(bytes: [u8; LANES]) -> Self {
        Self(bytemuck::must_cast([bytes; 4]))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(&self) -> __m512i {
        // SAFETY: a reference to 64 bytes; the load needs no alignment.
        unsafe { _mm512_loadu_si512(self.0.as_ptr().cast()) }
    }
}

/// The word that holds a group of taps.
#[inline(always)]
fn word(group: [u8; GROUP]) -> i32 {
    i32::from_le_bytes(group)
}
