//! Cortex-M4 and M7, and M33 with the DSP extension: two products an instruction.
//!
//! `SMLAD` multiplies two pairs of halfwords and adds both products to a sum, so 281,640 products are 140,820
//! instructions at least; what is left to save is all that brings the halfwords there.
//!
//! # The convolutions
//!
//! A tile is a pooling window for a pair of channels: eight sums, in `r4` to `r11`. A step is two taps of both
//! channels: one `LDR` brings the four weights, two `SXTB16` part them by channel, two `LDRD` bring the activations of
//! the window's two rows, and eight `SMLAD` add sixteen products: 13 instructions. No register is left but a
//! pointer to the weights and one to the activations. Wider tiles need more sums than there are registers, narrower ones
//! load more: 2 positions of 4 channels take 15.
//!
//! The activations must lie as halfwords, two taps to a word and the words of neighbouring positions side by side. They
//! are widened for a window at a time, and its 3 or 8 pairs of channels share that. The weights are sign-extended
//! each time anew: extended ones would save two instructions of 13, for twice the bytes on the stack.
//!
//! The maximum of the four positions is taken on sums, two channels are requantised at a time, and the number of
//! instructions does not depend on a pixel. int4 weights are unpacked first, a few taps at a time.
//!
//! # The fully-connected layers
//!
//! A weight serves once, so four outputs share what can be shared, the activations: `LDR` and two `UXTB16` for four of
//! them, then for each output `LDR`, two `SXTB16` and two `SMLAD`, 23 instructions for 16 products. int4 weights take as
//! many: an `AND` with a shifted operand leaves a pair of weights as the tops of halfwords, 256 times too
//! large.
//!
//! # Cost
//!
//! One classification on a Cortex-M4, in instructions, as `firmware/measure/count.c` counts them by function while
//! `cargo run --release -p measure -- M4`, in `firmware`, runs the program `bench`:
//!
//! | part | instructions |
//! |---|---|
//! | conv1, products and maxima | 82,800 |
//! | conv1, widening | 16,848 |
//! | conv2, products | 144,640 |
//! | conv2, widening | 14,784 |
//! | fully-connected products | 63,363 |
//! | requantisation | 15,888 |
//! | all else | 16,634 |
//! | in all | 354,957 |
//!
//! Loops cost some 15,000 to 20,000 of these and save over 1 kB of code.
//!
//! Loads of words may be unaligned, as a user's file may lie anywhere; `LDRD` and `LDM` only touch the stack.

#![allow(unsafe_code)]

/// The directive that names the processor: see `build.rs`. It is the processor that all other code is compiled for, so
/// what stays in force after a block changes nothing.
macro_rules! dsp {
    () => {
        env!("LENET_CPU_DIRECTIVE")
    };
}

mod conv1;
mod conv2;
mod dense;
mod requant;
mod window;

use super::{Backend, FeatureRow, ImageRow, PATCH_SIDE, PooledRow};
use lenet_core::Model;
use lenet_core::model::{Conv1, Conv2, Fc1, Fc2, Fc3};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN};

/// The kernels of Armv7E-M and of Armv8-M Mainline with the DSP extension.
#[derive(Clone, Copy)]
pub(super) struct Armv7em;

impl Backend for Armv7em {
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
