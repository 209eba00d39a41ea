//! Cortex-M0.

#![allow(unsafe_code)]

use super::{PATCH_SIDE, Row};
use lenet_core::model::{Conv, Dense, DenseWeights, Logits, Weights};
use lenet_core::shape::KERNEL_SIDE;

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

mod deep;
mod dense;
mod finish;
mod grey;

use core::mem::MaybeUninit;
use deep::Sums;
use finish::{Outputs, Window, finish};

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
    const { assert!(2 * POOLED + KERNEL_SIDE - 1 == SIDE && OUT == 2 * PAIRS) };
    let rows = input.map(|row| row.as_ptr().cast::<u8>());
    if IN == 1 {
        grey_row(layer, &rows, output);
    } else {
        deep_row(layer, &rows, output);
    }
}

#[inline(always)]
fn grey_row<const POOLED: usize, const TAPS: usize, const PAIRS: usize, const OUT: usize>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    rows: &[*const u8; PATCH_SIDE],
    output: &mut Row<OUT, POOLED>,
) {
    for first in (0..OUT).step_by(grey::CHANNELS) {
        let channels = [first, first + 1, first + 2];
        let (weights, shifts) = match layer.weights {
            Weights::Int8(w) => (channels.map(|c| &raw const w[c / 2][0][c % 2]), 0),
            Weights::Int4(w) => (channels.map(|c| w[c / 2].as_ptr()), [0x1C_18_1C, 0x18_1C_18][first % 2]),
        };
        // SAFETY: a
        unsafe {
            let mut outputs = Outputs::new(
                layer.biases,
                layer.requants,
                layer.activation_bits,
                first,
                3,
                output.as_mut_ptr().cast::<u8>().add(first),
            );
            grey::three_channels(rows, &weights, &mut outputs, shifts);
        }
    }
}

#[inline(never)]
fn deep_row<const POOLED: usize, const TAPS: usize, const PAIRS: usize, const OUT: usize>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    rows: &[*const u8; PATCH_SIDE],
    output: &mut Row<OUT, POOLED>,
) {
    for first in (0..OUT).step_by(4) {
        let mut sums = MaybeUninit::<Sums>::uninit();
        let (even, odd, int4) = match layer.weights {
            Weights::Int8(w) => (w[first / 2].as_ptr().cast(), w[first / 2 + 1].as_ptr().cast(), false),
            Weights::Int4(w) => (w[first / 2].as_ptr(), w[first / 2 + 1].as_ptr(), true),
        };
        // SAFETY: a
        unsafe {
            deep::accumulate(even, odd, rows, &mut *sums.as_mut_ptr(), int4);
            let mut outputs = Outputs::new(
                layer.biases,
                layer.requants,
                layer.activation_bits,
                first,
                4,
                output.as_mut_ptr().cast::<u8>().add(first),
            );
            deep::finish_row(&*sums.as_ptr(), &mut outputs);
        }
    }
}

#[inline(always)]
fn four_sums<const IN: usize, const HALF: usize, const OUT: usize>(
    weights: &DenseWeights<'_, IN, HALF, OUT>,
    first: usize,
    input: &[u8; IN],
) -> Window {
    let mut window = [[0; 4]; 4];
    let row = |row: usize| (first + row).min(OUT - 1);
    // SAFETY: a
    unsafe {
        match weights {
            Weights::Int8(w) => {
                dense::int8(&[0, 1, 2, 3].map(|r| w[row(r)].as_ptr()), input.as_ptr(), IN, &mut window);
            }
            Weights::Int4(w) => {
                dense::int4(&[0, 1, 2, 3].map(|r| w[row(r)].as_ptr()), input.as_ptr(), HALF, &mut window);
            }
        }
    }
    window
}

pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    for first in (0..OUT).step_by(4) {
        let window = four_sums(&layer.weights, first, input);
        // SAFETY: a
        unsafe {
            let outputs = Outputs::new(
                layer.biases,
                layer.requants,
                layer.activation_bits,
                first,
                4,
                output.as_mut_ptr().add(first),
            );
            finish(&window, &outputs);
        }
    }
}

pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    let mut biases = layer.biases.iter();
    for (group, logits) in output.chunks_mut(4).enumerate() {
        let [sums, ..] = four_sums(&layer.weights, 4 * group, input);
        for ((logit, sum), bias) in logits.iter_mut().zip(sums).zip(&mut biases) {
            *logit = sum + bias;
        }
    }
}
