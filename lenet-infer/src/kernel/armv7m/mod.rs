//! Kernels for Cortex-M3, and for Armv8-M Mainline without the DSP extension: three products per two `mla` in the
//! convolutions, one per `mla` in the fully-connected layers.
//!
//! # The convolutions
//!
//! A sum of conv1 takes 21 bits, and `mla` adds 32. So the sums of three channels share two words, and a product takes
//! two thirds of an instruction: see [`window`]. A tile is the four positions of a pooling window times three channels,
//! which are eight words of sums. A tap is 12 products:
//!
//! | | instructions | cycles on a Cortex-M3 |
//! |---|---|---|
//! | `ldrd` of two words of weights | 1 | 3 |
//! | 2 `ldrb`, side by side | 2 | 3 |
//! | 8 `mla` | 8 | 16 |
//!
//! That is 0.92 instructions and 1.83 cycles per product, where one product per `mla` takes 1.5 and 2.75. What it needs:
//!
//! - *Packed weights*, two words per tap, on the stack. They are packed once per row of windows, which all share them: 200
//!   bytes for conv1, and 240 for the kernel row of conv2 that is computed. Meanwhile the sums of conv2's four windows
//!   are in memory, 128 bytes, which costs 4 % of the cycles of its products.
//! - *Taps along a kernel row.* The right positions of one tap are the left positions of the next, so their activations
//!   stay in registers.
//! - *Constant offsets.* Eight sums, two weights, two activations and two pointers are all fourteen registers. So the packed
//!   weights are addressed from the stack pointer, and the 25 taps of conv1 and the 30 of a kernel row of conv2 are
//!   unrolled: 2.4 kB of code. conv1's six rows of pixels are copied side by side for that, once per row of windows.
//! - *Sums of at most 21 bits*: always in conv1, and in conv2 for the models that the exporter makes. Other models take
//!   one channel at a time with one product per `mla`, as the last of the sixteen channels always does: see [`single`].
//!
//! # The fully-connected layers
//!
//! A weight is used once, so six outputs share only an activation: seven loads in two groups, and six `mla`, 13
//! instructions and 21 cycles. int4 weights take one multiply for two products, see [`dense`], and so do ternary ones, see
//! [`ternary`]: 61 instructions and 85 cycles for 30 products.
//!
//! # Cost
//!
//! One classification on a Cortex-M3, as `cargo run --release -p measure -- M3`, in `firmware`, counts and models it, without
//! wait states:
//!
//! | part | instructions | cycles |
//! |---|---|---|
//! | conv1, products | 84,528 | 167,280 |
//! | conv2, products | 162,960 | 322,964 |
//! | packing of weights | 21,836 | 32,700 |
//! | maxima and activations of the convolutions | 29,072 | 35,328 |
//! | fully-connected products | 93,776 | 153,076 |
//! | all else | 7,370 | 11,472 |
//! | in all | 399,542 | 722,820 |
//!
//! # What was left aside
//!
//! - `smlal`, as on the Cortex-M4: four products per instruction, but it takes 4 to 7 cycles, and how many depends on the
//!   numbers. Its operands here have 29 bits. With the 5 cycles of the model in `firmware/measure/README.md` a
//!   classification would take about 320,000 instructions and 750,000 cycles, with 7 cycles 890,000. And its time would depend
//!   on the pixels.
//! - Two activations and two weights in a word each, 21 bits apart, multiplied modulo 2^32 in two ways: two `mla` for
//!   four products, but a kernel row of five taps wastes a sixth of them, and there are more loads. 1.9 to 2.1 cycles per
//!   product.
//! - `mul` and two `add` for two products of a fully-connected layer, which takes as many cycles as two `mla`.

#![allow(unsafe_code)]

mod conv1;
mod conv2;
mod dense;
mod requant;
mod single;
mod ternary;
mod window;

use super::range::exceeds_21_bits;
use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// The kernels for one model.
#[derive(Clone, Copy)]
pub(crate) struct Armv7m {
    /// Whether conv2 has sums of more than 21 bits.
    wide: bool,
}

impl Armv7m {
    /// The kernels for a model with this second convolution.
    pub(super) const fn new(conv2: &Conv2<'_>) -> Self {
        Self { wide: exceeds_21_bits(conv2) }
    }
}

impl Backend for Armv7m {
    type Prepared = ();
    type Row = PooledRow;

    #[inline(always)]
    fn prepare(self, _: &Model<'_>) {}

    #[inline(always)]
    fn conv1_row(self, layer: &Conv1<'_>, (): &(), input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
        conv1::row(layer, input, output);
    }

    #[inline(always)]
    fn conv2_row(self, layer: &Conv2<'_>, (): &(), input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
        conv2::row(layer, self.wide, input, output);
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
