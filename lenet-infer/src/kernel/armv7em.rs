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

/// Tells the assembler of the DSP extension: where whole programs are optimised it knows no more than the target.
#[cfg(lenet_armv8m)]
macro_rules! dsp {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(lenet_armv8m))]
macro_rules! dsp {
    () => {
        ""
    };
}

mod conv;
mod conv1;
mod conv2;
mod dense;
mod finish;

pub(super) use conv::conv_pool_row;
pub(super) use dense::{dense, logits};
