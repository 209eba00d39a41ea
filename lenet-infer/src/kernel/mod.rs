//! * The hot loop: 281,640 multiply-accumulates an image, nearly all the time that a classification takes.
//!
//! # Where the time goes
//!
//! | layer | multiply-accumulates | weights |
//! |---|---|---|
//! | conv1 | 86,400 | 150 |
//! | conv2 | 153,600 | 2,400 |
//! | fc1 | 30,720 | 30,720 |
//! | fc2 | 10,080 | 10,080 |
//! | fc3 | 840 | 840 |
//!
//! A convolution uses each weight 576 or 64 times, a fully-connected layer once. So the convolutions want a weight,
//! once loaded, to serve as many positions as registers hold: the four under one pooling window. The file keeps the
//! weights of two output channels side by side, so that an activation, once loaded, serves two of them. The pool's
//! maximum is taken on accumulators, so one position in four is requantised, and the bias, the same for all four, is
//! added after the maximum. The fully-connected layers want to stream weights in the order they lie.
//!
//! # Contract
//!
//! A back end for a board is three functions, each a whole fused layer or a row of one, equal to `portable` in every
//! bit for every valid model and every input, int8 or int4:
//!
//! - `conv_pool_row`: from six rows of input to one row of output: valid 5x5 convolution, bias, ReLU, 2x2 max pool,
//!   requantisation; HWC in and out. `rows` calls it so that six pooled rows of conv1 are all that is kept.
//! - `dense`: fully connected, bias, ReLU, requantisation.
//! - `logits`: fully connected and bias; the accumulators themselves.
//!
//! The host's back end has RAM for whole layers and gives `features`, both convolutions at once, in place of
//! `conv_pool_row`. No back end allocates or panics, and none reads its output.
//!
//! # Back ends
//!
//! | core | module | how it multiplies |
//! |---|---|---|
//! | Cortex-M4, M7; M33, M35P, M55, M85 by `-Ctarget-cpu` | `armv7em` | two products an instruction |
//! | Cortex-M0, M0+ | `armv6m` | the weights of three or four channels packed in two or three words |
//! | Cortex-M3; other Armv8-M Mainline | `armv7m` | one product an instruction |
//! | RV32IMC | `riscv32` | a multiply and an addition, with a fifth fewer multiplies |
//! | x86-64 with feature `host`, if the processor has it | `avx2` | sixteen products an instruction |
//! | any other, and every one with `--cfg lenet_backend="portable"` | `portable` | as the compiler sees fit |
//!
//! This file is the only place that chooses one. `KERNELS.md`, beside the crate's `Cargo.toml`, tells how they work and why.

use lenet_core::model::{Conv, Dense, Logits};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, IMAGE_CHANNELS,
    IMAGE_SIDE, KERNEL_SIDE, POOL1_SIDE, POOL2_SIDE,
};

#[cfg(lenet_device = "armv6m")]
mod armv6m;
#[cfg(lenet_device = "armv7em")]
mod armv7em;
#[cfg(lenet_device = "armv7m")]
mod armv7m;
#[cfg(lenet_avx2)]
mod avx2;
#[cfg(any(feature = "corpus", test))]
#[cfg_attr(
    not(feature = "corpus"),
    expect(unreachable_pub, reason = "public where a board's firmware calls it")
)]
pub mod corpus;
#[cfg(any(lenet_device = "portable", lenet_device = "armv7em", feature = "corpus", test))]
#[cfg_attr(
    all(lenet_device = "armv7em", not(feature = "corpus")),
    expect(dead_code, reason = "of the portable loops this back end only calls those for 2 or 3 classes")
)]
mod portable;
#[cfg(lenet_device = "riscv32")]
mod riscv32;
mod rows;
#[cfg(any(lenet_device = "armv7m", lenet_device = "riscv32", test))]
mod scalar;
#[cfg(test)]
mod tests;

pub(crate) use rows::place;

/// The back end of a board, or of a host without a better one.
#[cfg(lenet_device = "armv6m")]
use armv6m as device;
#[cfg(lenet_device = "armv7em")]
use armv7em as device;
#[cfg(lenet_device = "armv7m")]
use armv7m as device;
#[cfg(lenet_device = "portable")]
use portable as device;
#[cfg(lenet_device = "riscv32")]
use riscv32 as device;

/// Rows and columns of input that a 2x2 window of 5x5 kernels sees.
pub(crate) const PATCH_SIDE: usize = KERNEL_SIDE + 1;

/// A row of `SIDE` positions: `[column][channel]`.
pub(crate) type Row<const IN: usize, const SIDE: usize> = [[u8; IN]; SIDE];
/// Activations of `IN` channels, `SIDE` rows and columns: `[row][column][channel]`.
pub(crate) type Image<const IN: usize, const SIDE: usize> = [Row<IN, SIDE>; SIDE];
/// The picture.
pub(crate) type Grey = Image<IMAGE_CHANNELS, IMAGE_SIDE>;
/// The pooled rows of conv1 that are kept at a time.
pub(crate) type Ring = [Row<CONV1_CHANNELS, POOL1_SIDE>; PATCH_SIDE];
/// The output of conv2.
pub(crate) type Features = Image<CONV2_CHANNELS, POOL2_SIDE>;

/// Returns from the host's back end if the processor has it.
macro_rules! host {
    ($function:ident($($argument:expr),*)) => {
        #[cfg(lenet_avx2)]
        if let Some(avx2) = avx2::Avx2::detect() {
            return avx2.$function($($argument),*);
        }
    };
}

/// Both convolutions with their pools, from picture to features; `ring` is scratch.
#[inline]
pub(crate) fn features(
    conv1: &Conv<'_, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    conv2: &Conv<'_, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    image: &Grey,
    ring: &mut Ring,
    features: &mut Features,
) {
    host!(features(conv1, conv2, image, features));
    rows::features(conv1, conv2, image, ring, features);
}

/// One pooled row of a convolution, from the six rows that it sees.
#[inline]
pub(crate) fn conv_pool_row<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const PAIRS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    output: &mut Row<OUT, POOLED>,
) {
    device::conv_pool_row(layer, input, output);
}

/// A fully-connected hidden layer.
#[inline]
pub(crate) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    host!(dense(layer, input, output));
    device::dense(layer, input, output);
}

/// The last layer.
#[inline]
pub(crate) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    host!(logits(layer, input, output));
    device::logits(layer, input, output);
}
