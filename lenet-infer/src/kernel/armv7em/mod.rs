//! Kernels for Cortex-M4 and M7, and for M33, M35P, M55 and M85 with the DSP extension: two products per instruction.
//!
//! `SMLAD` multiplies two pairs of halfwords and adds both products to a sum. So 281,640 products take at least
//! 140,820 instructions. What can be saved beyond that are the instructions that bring the halfwords into registers.
//!
//! # The convolutions
//!
//! A tile is a pooling window for a pair of channels: eight sums, in `r4` to `r11`. A step takes two taps of both
//! channels. One `LDR` loads the four weights, two `SXTB16` separate them by channel, two `LDRD` load the activations
//! of the two rows of the window, and eight `SMLAD` add sixteen products: 13 instructions. The registers that remain
//! hold a pointer to the weights and one to the activations. A wider tile needs more sums than there are registers,
//! and a narrower one loads more: 2 positions of 4 channels take 15 instructions.
//!
//! The activations must lie as halfwords, two taps in a word, with the words of neighboring positions side by side.
//! They are widened for one window at a time, and the 3 or 8 pairs of channels of the layer share the result. The
//! weights are sign-extended each time. To extend them in advance would save two instructions of 13, for twice the
//! bytes on the stack.
//!
//! The maximum of the four positions is taken on sums, two channels are requantized at a time, and the number of
//! instructions does not depend on a pixel. int4 weights are unpacked first, a few taps at a time.
//!
//! # The fully-connected layers
//!
//! A weight is used once, so the four outputs of a tile share only the activations: `LDR` and two `UXTB16` for four of
//! them, then `LDR`, two `SXTB16` and two `SMLAD` for each output, 23 instructions for 16 products. int4 weights take
//! as many: an `AND` with a shifted operand leaves a pair of weights in the tops of the halfwords, 256 times too
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
//! | fully-connected products | 63,417 |
//! | requantization | 15,888 |
//! | all else | 16,820 |
//! | in all | 355,197 |
//!
//! The loops themselves cost some 15,000 to 20,000 of these instructions, and save over 1 kB of code.
//!
//! Loads of words may be unaligned, because a model file may lie anywhere. `LDRD` and `LDM` access only the stack.

#![allow(unsafe_code)]

/// The directive that names the processor, see `build.rs`. It stays in force after a block of assembly, which changes
/// nothing, because it is the processor that all other code is compiled for.
macro_rules! dsp {
    () => {
        env!("LENET_CPU_DIRECTIVE")
    };
}

pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
pub(crate) mod lanes;
mod requant;
mod window;
