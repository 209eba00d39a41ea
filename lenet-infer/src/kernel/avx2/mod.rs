//! Kernels for x86-64 with AVX2: 16 int8 weights per `VPMADDWD`.
//!
//! `VPMADDWD` multiplies 16 pairs of `i16` and adds neighboring products, which gives 8 exact `i32` sums. So
//! activations and weights are widened to `i16`, and each step takes two taps:
//!
//! - A convolution holds 8 output channels in a register, so the sums of a 2x2 window for all channels stay in 4 or 8
//!   registers. A pair of activations is broadcast. The weights of two taps for 8 channels are loaded once for all
//!   four positions. conv2 takes 16 windows x 75 pairs of taps x 8 multiplies. The weights are brought into that order
//!   once per image, or once for all images (`prepared`).
//! - A fully-connected layer takes four rows of weights at a time, so one load of the input serves four outputs.

#![allow(unsafe_code)]

mod conv1;
mod conv2;
mod dense;
mod requant;
mod window;

use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use core::arch::x86_64::*;
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// Number of `i32` lanes in a register.
const LANES: usize = 8;

/// Proof that the processor has AVX2. Only [`Avx2::detect`] makes one.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// Returns the back end if this processor has AVX2.
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

/// Both convolutions, with their weights in the order in which the loops read them.
pub(super) struct Prepared {
    conv1: conv1::Prepared,
    conv2: conv2::Prepared,
}

impl Prepared {
    // In one function for both, so that neither is copied.
    #[target_feature(enable = "avx2")]
    fn new(model: &Model<'_>) -> Self {
        Self { conv1: conv1::prepare(model.conv1()), conv2: conv2::prepare(model.conv2()) }
    }
}

impl Backend for Avx2 {
    type Row = PooledRow;
    type Prepared = Prepared;

    fn prepare(self, model: &Model<'_>) -> Prepared {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { Prepared::new(model) }
    }

    fn conv1_row(
        self,
        _: &Conv1<'_>,
        prepared: &Prepared,
        input: [&ImageRow; PATCH_SIDE],
        output: &mut PooledRow,
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { conv1::row(&prepared.conv1, input, output) }
    }

    fn conv2_row(
        self,
        _: &Conv2<'_>,
        prepared: &Prepared,
        input: [&PooledRow; PATCH_SIDE],
        output: &mut FeatureRow,
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { conv2::row(&prepared.conv2, input, output) }
    }

    fn fc1(self, layer: &Fc1<'_>, input: &[u8; POOL2_LEN], output: &mut [u8; FC1_OUTPUTS]) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { dense::hidden(layer, input, output) }
    }

    fn fc2(self, layer: &Fc2<'_>, input: &[u8; FC1_OUTPUTS], output: &mut [u8; FC2_OUTPUTS]) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { dense::hidden(layer, input, output) }
    }

    fn fc3(self, layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { dense::logits(layer, input, logits) }
    }
}

/// Loads 16 bytes from any address.
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: a reference to 16 bytes; the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Returns the lanes of a register.
#[target_feature(enable = "avx2")]
fn store(vector: __m256i) -> [i32; LANES] {
    let mut lanes = [0; LANES];
    // SAFETY: a reference to 32 bytes; the store needs no alignment.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), vector) };
    lanes
}
