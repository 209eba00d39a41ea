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
//! once loaded, to serve as many positions as registers hold: the four under one pooling window. The pool's
//! maximum is taken on accumulators, so one position in four is requantised, and the bias, the same for all
//! four, is added after the maximum. The fully-connected layers want to stream weights in the order they lie.
//!
//! # Contract
//!
//! A back end is three functions, each a whole fused layer, equal to [`portable`] in every bit for every valid
//! model and every input:
//!
//! - `conv_pool`: valid 5x5 convolution, bias, ReLU, 2x2 max pool, requantisation; HWC in and out.
//! - `dense`: fully connected, bias, ReLU, requantisation.
//! - `logits`: fully connected and bias; the accumulators themselves.
//!
//! No back end allocates or panics, and none reads its output. This file is the only place that chooses one:
//! `--cfg lenet_backend="portable"` forces the portable loops, otherwise a host build (feature `host`) on
//! x86-64 asks the processor for AVX2 at run time.

use lenet_core::model::{Conv, Dense, Logits};
use lenet_core::shape::KERNEL_SIDE;

#[cfg(lenet_avx2)]
mod avx2;
mod portable;
#[cfg(test)]
mod tests;

/// Activations of `IN` channels, `SIDE` rows and columns: `[row][column][channel]`.
pub(crate) type Image<const IN: usize, const SIDE: usize> = [[[u8; IN]; SIDE]; SIDE];

/// Calls the chosen back end's function of this name.
macro_rules! dispatch {
    ($function:ident($($argument:expr),*)) => {{
        #[cfg(lenet_avx2)]
        if let Some(avx2) = avx2::Avx2::detect() {
            return avx2.$function($($argument),*);
        }
        portable::$function($($argument),*)
    }};
}

#[inline]
pub(crate) fn conv_pool<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, OUT>,
    input: &Image<IN, SIDE>,
    output: &mut Image<OUT, POOLED>,
) {
    dispatch!(conv_pool(layer, input, output))
}

#[inline]
pub(crate) fn dense<const IN: usize, const OUT: usize>(
    layer: &Dense<'_, IN, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    dispatch!(dense(layer, input, output))
}

#[inline]
pub(crate) fn logits<const IN: usize, const OUT: usize>(
    layer: &Logits<'_, IN, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    dispatch!(logits(layer, input, output))
}
