//! RV32IMC: no product that adds, so a product costs two instructions, and what counts is to need fewer of them.
//!
//! # What a step costs
//!
//! A convolution of two outputs by two taps needs four products, or three (the fast FIR algorithm of two phases, which
//! is Karatsuba's trick). For the inputs i0, i1, i2, one below the other, and the taps h0, h1:
//!
//! ```text
//! upper = h0 i0 + h1 i1 = h0 (i0 - i1) + (h0 + h1) i1
//! lower = h0 i1 + h1 i2 = h1 (i2 - i1) + (h0 + h1) i1
//! ```
//!
//! The three products are added up apart, over all taps, so the additions on the right are made once a window. The
//! maximum of the two outputs of a column needs no sum but that of the larger outer product and the shared one. All
//! of it is exact: a difference has nine bits and a sign, a sum of two weights nine bits.
//!
//! So a kernel's five rows are two pairs of rows, then the last row in the ordinary way. For the two columns of a window and
//! two output channels, a tap of a pair of rows costs:
//!
//! | | instructions |
//! |---|---|
//! | 4 `lb`, 2 `add`: weights and their sums | 6 |
//! | 3 `lbu`, 2 `sub`: the column that is new to the right | 5 |
//! | 12 `mul`, 12 `add` | 24 |
//!
//! That is 35 instructions for what are 16 products in the ordinary way, 2.2 for one, where the ordinary way with the same
//! tile costs 2.5, and with four output channels, of which conv1 has no multiple, 2.4. It also multiplies a fifth less,
//! which counts more where a multiply takes several cycles.
//!
//! Twelve sums, three inputs, six weights, a product, a pointer to the weights and one to each of three rows of input, the window's
//! offset and the end of a loop are 28 registers: all but the stack pointer and the two that belong to the system.
//! Rows are reached by pointers of their own, so nothing is copied. The maxima of a whole row of windows are kept
//! for one pair of channels at a time, so that a bias and a requant are read once a row.
//!
//! The fully-connected layers go six outputs at a time: 19 instructions for six products.
//!
//! # What was left aside
//!
//! - Two activations in one word: `mul`, `add`, `srl`, `add` for two products is no less than two `mul` and `add`.
//! - Three taps by two outputs with four products in place of six (Winograd): its sums of weights and inputs cost what it saves.
//! - The same in Rust: LLVM keeps some of the sums on the stack, which takes half as much again.
//!
//! int4 weights of a convolution are unpacked, a pair of channels at a time; those of a fully-connected layer are not.
#![allow(unsafe_code)]

mod conv;
mod sums;

use super::{KERNEL_SIDE, PATCH_SIDE, Row, scalar};
use conv::row_maxima;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Dense, Logits, Weights, largest_activation, unpack};
use lenet_core::shape::POOL_SIDE;
use sums::{activations, dot, finish};

#[inline(never)]
pub(super) fn conv_pool_row<
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
    const {
        assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && OUT == 2 * PAIRS);
        assert!(SIDE == POOL_SIDE * POOLED + KERNEL_SIDE - 1);
    }
    let max = largest_activation(layer.activation_bits);
    let mut channels = layer.biases.iter().zip(layer.requants.iter());
    let mut channel = output.as_flattened_mut().as_mut_ptr();
    // What hides the count keeps the loop from being unrolled.
    for pair in 0..black_box(PAIRS) {
        let mut maxima = Maxima::<POOLED>::uninit();
        match &layer.weights {
            Weights::Int8(pairs) => pairs.get(pair).map(|weights| maxima_int8(weights, input, &mut maxima)),
            Weights::Int4(pairs) => pairs.get(pair).map(|weights| maxima_int4(weights, input, &mut maxima)),
        };
        let mut maximum = maxima.as_ptr().cast::<i32>();
        for (bias, requant) in channels.by_ref().take(2) {
            // SAFETY: either channel of a pair has a maximum a window, all just written, and an activation a window.
            unsafe {
                activations(maximum, channel, OUT, POOLED, bias, requant, max);
                (maximum, channel) = (maximum.add(1), channel.add(1));
            }
        }
    }
}

/// The maxima of a row of windows in the two channels of a pair.
type Maxima<const POOLED: usize> = MaybeUninit<[[i32; 2]; POOLED]>;

fn maxima_int8<const IN: usize, const SIDE: usize, const POOLED: usize, const TAPS: usize>(
    weights: &[[u8; 2]; TAPS],
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    maxima: &mut Maxima<POOLED>,
) {
    let rows = input.map(|row| row.as_ptr().cast());
    // SAFETY: the six rows hold `POOLED` windows' patches, two columns apart; of the weights there are 25 times `IN`, and
    // of the maxima `POOLED`.
    unsafe { row_maxima::<IN>(&rows, weights.as_ptr(), maxima.as_mut_ptr().cast(), POOLED * POOL_SIDE * IN) };
}

/// Apart from the rest, so that only int4 weights take stack for being unpacked.
#[inline(never)]
fn maxima_int4<const IN: usize, const SIDE: usize, const POOLED: usize, const TAPS: usize>(
    weights: &[u8; TAPS],
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    maxima: &mut Maxima<POOLED>,
) {
    let mut unpacked = [[0; 2]; TAPS];
    unpack_taps(weights, &mut unpacked);
    maxima_int8(&unpacked, input, maxima);
}

#[inline(never)]
fn unpack_taps(weights: &[u8], unpacked: &mut [[u8; 2]]) {
    for (pair, byte) in unpacked.iter_mut().zip(weights) {
        *pair = unpack(*byte).map(|weight| weight as u8);
    }
}

#[inline(never)]
pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    scalar::dense(layer, input, output, dot, scalar::dot_int4, finish);
}

#[inline(never)]
pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    scalar::logits(layer, input, output, dot, scalar::dot_int4);
}
