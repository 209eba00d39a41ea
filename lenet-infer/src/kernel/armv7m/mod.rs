//! Kernels for Cortex-M3, and for Armv8-M Mainline without the DSP extension: one product per instruction, so the aim
//! is to execute few instructions other than products.
//!
//! # What a step costs
//!
//! A tile of a convolution is the four positions of a pooling window times a pair of output channels: eight sums. A
//! tap loads its two weights, and the activations of the two positions that are new on the right, and adds eight
//! products:
//!
//! | | instructions | cycles on a Cortex-M3 |
//! |---|---|---|
//! | 2 `ldrsb`, side by side | 2 | 3 |
//! | 2 `ldrb`, side by side | 2 | 3 |
//! | 8 `mla` | 8 | 16 |
//!
//! That is one and a half instructions per product. Two things make this possible:
//!
//! - The loop takes the taps along a kernel row, so the right positions of one tap are the left positions of the next,
//!   and their activations stay in registers.
//! - Eight sums, two weights, two activations and two pointers take fourteen registers, which is all of them. So the
//!   ends of the loops are on the stack. The patch is copied to the stack too, because one pointer then reaches both
//!   of its rows with constant offsets. A copy takes about 50 or 140 instructions and serves all channels.
//!
//! The fully-connected layers compute four outputs at a time: an activation and four weights, then four products, nine
//! instructions for four products.
//!
//! # What was left aside
//!
//! - Two activations in one word, multiplied at once: `mul` and two `add` for two products take one cycle less than
//!   two `mla`, so a tap would take 19 cycles instead of 22, but with 16 instructions instead of 12.
//! - `smull` and similar instructions, because the number of cycles they take depends on the numbers.

#![allow(unsafe_code)]

mod conv1;
mod conv2;
mod dense;
mod requant;
mod window;

use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// The kernels of Armv7-M and of Armv8-M Mainline without the DSP extension.
#[derive(Clone, Copy)]
pub(super) struct Armv7m;

impl Backend for Armv7m {
    type Prepared = ();

    #[inline(always)]
    fn prepare(self, _: &Model<'_>) {}

    #[inline(always)]
    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
        conv1::row(layer, input, output);
    }

    #[inline(always)]
    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
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
