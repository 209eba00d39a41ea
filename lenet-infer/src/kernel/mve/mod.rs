//! Kernels for Cortex-M55 and M85: sixteen products per instruction, by Helium, the vector extension MVE.
//!
//! `VMLADAVA` multiplies two vectors of sixteen bytes and adds all products to a core register with an even number. So
//! 281,640 products take at least 17,603 instructions, or 19,804 where the taps of a convolution and the ends of rows
//! do not fill their vectors. There are eight vector registers, and eight registers for sums, which decide the tiles.
//!
//! # Signs
//!
//! Helium multiplies bytes that both have a sign or both have none; activations have none and weights have one. There
//! are two ways out, both exact:
//!
//! - The convolutions take 128 from the activations while they rearrange them. A sum is then too small by 128 times the
//!   sum of the channel's weights. That is the same at every position, so it goes into the bias.
//! - The fully-connected layers add 128 to each weight, and take 128 times the sum of the inputs from each sum. That is
//!   one instruction for every vector of weights. The other way would cost one as well, for the sum of the weights.
//!
//! # The convolutions
//!
//! The input is laid out column by column, so that a vector holds the rows of neighboring columns, and the vector at
//! one position is also that of other taps at the positions before it. In conv1, where 25 taps take two vectors, a load
//! serves two positions of two channels. In conv2, where 150 taps take ten, it serves five positions of one channel.
//! Weights are gathered from the file by the byte, at most once per pooled row. int4 weights cost a shift or a mask
//! per vector there, and the loops do not know the difference.
//!
//! Eight sums leave the core registers in one store, in conv2 those of a channel, in conv1 those of two, in the order in which
//! the maximum compares them. The maximum, the bias and the shift work on words, and the clamp to 16 bits puts two vectors
//! into one for the rest, four windows of two channels.
//!
//! # The fully-connected layers
//!
//! Six outputs share a vector of inputs: three instructions for each vector of weights, and one third of one for the
//! inputs and the end of the loop. The loop masks the lanes beyond the end of a row. int4 weights take six instructions
//! for 32 products. Ternary weights are read two outputs at a time, with the inputs of eighty weights in five vectors: 17.5
//! instructions for 80 products.
//!
//! # Cost
//!
//! One classification in instructions, as `firmware/measure/count.c` counts them by function while
//! `cargo run --release -p measure -- M55`, in `firmware`, runs the program `bench-included`:
//!
//! | part | instructions |
//! |---|---|
//! | conv1 | 14,436 |
//! | conv1, its input by columns | 924 |
//! | conv2 | 18,852 |
//! | conv2, its input by columns | 572 |
//! | fully-connected sums | 9,596 |
//! | fully-connected requantization | 848 |
//! | all else | 1,896 |
//! | in all | 47,124 |
//!
//! An end of a low-overhead loop counts each time, although a core on silicon does not execute it again. By the model of
//! the core in `firmware/measure`, a multiply-accumulate takes two cycles, and a load between two of them one.
//!
//! Loops start at multiples of four, so that no instruction of four bytes behind a jump lies in two words.
//!
//! # What a program must do
//!
//! The vector registers must be enabled, as for floating point: `cortex-m-rt` does so for a target that ends in `hf`. Biases
//! and requants are loaded by the word and the halfword from any address, so `CCR.UNALIGN_TRP` must be clear. Vectors
//! of bytes may lie anywhere; those of words, and the pairs of vectors that `VLD2` separates, are on the stack.

#![allow(unsafe_code)]

/// The directive that names the processor, see `build.rs`. It stays in force after a block of assembly, which changes
/// nothing, because it is the processor that all other code is compiled for.
macro_rules! mve {
    () => {
        env!("LENET_CPU_DIRECTIVE")
    };
}

mod columns;
pub(super) mod conv1;
pub(super) mod conv2;
pub(super) mod dense;
// These cores have the instructions for four bytes of a word as well.
#[path = "../armv7em/lanes.rs"]
pub(crate) mod lanes;
mod requant;
mod ternary;
mod tiles;
mod unpack;
