//! Cortex-M0 and M0+: no multiply-accumulate, no wide product, eight registers that all instructions reach.
//!
//! # Where the time goes
//!
//! The plain loop loads an activation, multiplies it by a weight and adds: 3 instructions a product, and 0.5 for the
//! weight, 0.84 million for the convolutions. A product is 32 bits of which a sum of products needs 24, so a multiply
//! can do more than one. The usual way puts two activations in the halves of a word, but a sum of more than one or two
//! such products leaves 16 bits: to carry the halves apart costs a shift and an addition each time, 2.5 instructions a
//! product in all, and the words of a window take 720 bytes of stack.
//!
//! Here the weights of several output channels share words, and no bit is lost, since the channels that do not fit are
//! cut up among the words of the others. A sum of 25 products fits in 21 bits with its sign: for three channels a, b
//! and c two words suffice,
//!
//! ```text
//! a + b * 2^21        has all of a and, above it, the low 11 bits of b
//! c + b * 2^11        less those 11 bits it has all of c and, above it, the rest of b
//! ```
//!
//! and a sum of 150 products fits in 24 bits: four channels take three words, `a + d * 2^24`, `b + d * 2^16` and
//! `c + d * 2^8`, each of which gives up 8 bits of d. All is modulo 2^32, exact for any weights and activations. The
//! weights are packed so; multiply and add the words, as they are, and unpack once a sum is complete:
//!
//! - `conv1`, three channels in two words: two taps' weights in one `LDM`, two pixels, four `MULS`, four `ADD`, 11
//!   instructions for six products. The weights of three channels are packed once a row: 200 bytes.
//! - `conv2`, four channels in three words: 8 instructions for four products. The weights of all taps would take 1,800
//!   bytes, so ten taps are packed at a time and meet all sixteen positions of a row before the next ten: 120 bytes,
//!   and 192 for the sums. Fifteen taps at a time would take 60 bytes more and save some
//!   14,000 instructions, those that load and store the sums.
//! - A fully-connected layer uses a weight once, so packing does not pay. Four outputs share an activation, and
//!   `MULS` overwrites the weight, not the activation: 29 instructions for eight products, 45 of int4.
//!
//! `ADD` alone reaches the high registers, which is all that sums need. int4 weights are brought to the scale of int8
//! where they are packed, so a convolution of int4 costs little more. A model's bytes are read as bytes, so it may lie
//! at any address. What a core would do with a branch on a value (maximum, ReLU, clamp) is done with masks: the
//! instructions of a layer are the same for every picture.
//!
//! Activations are not packed in the same way because their words would serve one window, and those of the weights
//! serve a row of windows. Karatsuba's trick (three products for four) and Winograd's (nine for sixteen) save
//! multiplies, but a multiply costs what an addition costs, and they add more than they save.
//!
//! # Where the stack goes
//!
//! `conv2` is the deepest: 312 bytes of weights and sums and 48 of registers and addresses. `finish` takes none: its
//! callers in assembly have saved what it needs. The fully-connected layers share their code whatever their shape.

#![allow(unsafe_code)]

/// Saves the high registers that a function must leave as they were.
macro_rules! save {
    () => {
        "mov r4, r8\nmov r5, r9\nmov r6, r10\nmov r7, r11\npush {{r4-r7}}\n"
    };
}

/// Undoes [`save`].
macro_rules! restore {
    () => {
        "pop {{r4-r7}}\nmov r8, r4\nmov r9, r5\nmov r10, r6\nmov r11, r7\n"
    };
}

mod conv1;
mod conv2;
mod dense;
mod requant;

use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// The kernels of Armv6-M and Armv8-M Baseline.
#[derive(Clone, Copy)]
pub(super) struct Armv6m;

impl Backend for Armv6m {
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
