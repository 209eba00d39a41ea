//! Cortex-M3, and Armv8-M Mainline without the DSP extension: one product an instruction, so what counts is how seldom
//! anything but a product is issued.
//!
//! # What a step costs
//!
//! A tile of a convolution is the four positions of a pooling window times a pair of output channels: eight sums. A tap
//! loads its two weights and the activations of the two positions that are new to the right, and adds eight products:
//!
//! | | instructions | cycles on a Cortex-M3 |
//! |---|---|---|
//! | 2 `ldrsb`, side by side | 2 | 3 |
//! | 2 `ldrb`, side by side | 2 | 3 |
//! | 8 `mla` | 8 | 16 |
//!
//! That is one and a half instructions for a product. Two things make it so:
//!
//! - Taps are taken along a kernel row, so the right positions of one tap are the left positions of the next: their
//!   activations stay where they are.
//! - Eight sums, two weights, two activations and two pointers are fourteen registers, which are all there are. So the
//!   ends of the loops are on the stack, and the patch is copied there, for then one pointer reaches both its rows
//!   by constant offsets. A copy takes about 50 or 140 instructions and serves all channels.
//!
//! The fully-connected layers go four outputs at a time: an activation and four weights, then four products, nine
//! instructions for four products.
//!
//! # What was left aside
//!
//! - Two activations in one word, multiplied at once: `mul` and two `add` for two products take a cycle less
//!   than two `mla`, so a tap of 22 cycles would take 19, but with 16 instructions in place of 12.
//! - `smull` and its kin take a number of cycles that depends on the numbers.
#![allow(unsafe_code)]

mod conv;
mod sums;

use super::{KERNEL_SIDE, PATCH_SIDE, Row, scalar};
use conv::{copy_patch, maxima_int4, maxima_int8};
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Dense, Logits, Weights};
use lenet_core::shape::POOL_SIDE;
use sums::{dot, dot_int4, finish};

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
    let mut patch = MaybeUninit::<[[[u8; IN]; PATCH_SIDE]; PATCH_SIDE]>::uninit();
    let patch = patch.as_mut_ptr().cast();
    let mut maxima = MaybeUninit::<[i32; OUT]>::uninit();
    // What hides the length keeps the loop from being unrolled.
    for (x, cell) in black_box(output.as_mut_slice()).iter_mut().enumerate() {
        // SAFETY: a row holds a patch at every second column, `POOLED` of them. The patch and the weights have the sizes
        // that `IN` and `PAIRS` say, and each channel's maximum is written.
        let maxima = unsafe {
            copy_patch::<IN>(input.as_ptr().cast(), x * POOL_SIDE * IN, patch);
            match layer.weights {
                Weights::Int8(pairs) => {
                    maxima_int8::<IN>(patch, pairs.as_ptr().cast(), maxima.as_mut_ptr().cast(), PAIRS);
                }
                Weights::Int4(pairs) => {
                    maxima_int4::<IN>(patch, pairs.as_ptr().cast(), maxima.as_mut_ptr().cast(), PAIRS);
                }
            }
            maxima.assume_init_ref()
        };
        finish(maxima, layer.biases.as_bytes(), layer.requants.as_bytes(), layer.activation_bits, cell);
    }
}

#[inline(never)]
pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    scalar::dense(layer, input, output, dot, dot_int4, finish);
}

#[inline(never)]
pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    scalar::logits(layer, input, output, dot, dot_int4);
}
