//! Cortex-M0.

#![allow(unsafe_code)]

use super::{PATCH_SIDE, Row};
use lenet_core::model::{Conv, Dense, DenseWeights, Logits, Weights};

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
use finish::{Outputs, Window, finish};

/// Outputs of a fully-connected layer at a time.
const ROWS: usize = 4;

#[inline(always)]
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
    let rows = input.as_ptr().cast();
    let activations = output.as_mut_ptr().cast();
    let outputs = Outputs::new(layer.biases, layer.requants, layer.activation_bits, activations, 4);
    if IN == 1 {
        for first in (0..OUT).step_by(grey::CHANNELS) {
            let channels = [first, first + 1, first + 2];
            let (weights, shifts) = match layer.weights {
                Weights::Int8(w) => (channels.map(|c| &raw const w[c / 2][0][c % 2]), 0),
                Weights::Int4(w) => {
                    (channels.map(|c| w[c / 2].as_ptr()), [0x1C_18_1C, 0x18_1C_18][first % 2])
                }
            };
            let mut outputs = Outputs::new(layer.biases, layer.requants, layer.activation_bits, activations, 3);
            outputs.advance(first);
            // SAFETY: a
            unsafe { grey::three_channels(rows, &weights, &mut outputs, shifts) };
        }
    } else {
        let weights = match layer.weights {
            Weights::Int8(w) => w.as_ptr().cast(),
            Weights::Int4(w) => w.as_ptr().cast(),
        };
        let pair = usize::from(layer.weights.bits()) / 4 * TAPS;
        let mut row = deep::Row { rows, weights, pair, outputs, channels: OUT };
        // SAFETY: a
        unsafe { deep::row(&mut row) };
    }
}

/// The weights of a fully-connected layer, whatever its shape.
#[derive(Clone, Copy)]
struct Matrix {
    weights: *const u8,
    bytes: usize,
    int4: bool,
}

impl Matrix {
    #[inline(always)]
    const fn new<const IN: usize, const HALF: usize, const OUT: usize>(
        weights: &DenseWeights<'_, IN, HALF, OUT>,
    ) -> Self {
        match weights {
            Weights::Int8(w) => Self { weights: w.as_ptr().cast(), bytes: IN, int4: false },
            Weights::Int4(w) => Self { weights: w.as_ptr().cast(), bytes: HALF, int4: true },
        }
    }

    /// The sums of four rows from `first` on, `stride` bytes apart.
    #[inline(always)]
    unsafe fn sums(self, first: usize, stride: usize, input: *const u8, window: *mut Window) {
        unsafe {
            let row = self.weights.add(first * self.bytes);
            dense::sums(row, stride, input, self.bytes, usize::from(self.int4), window);
        }
    }
}

#[inline(always)]
pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    let matrix = Matrix::new(&layer.weights);
    let mut outputs =
        Outputs::new(layer.biases, layer.requants, layer.activation_bits, output.as_mut_ptr(), ROWS);
    unsafe { hidden(matrix, input.as_ptr(), &mut outputs, OUT) };
}

#[inline(never)]
unsafe fn hidden(matrix: Matrix, input: *const u8, outputs: &mut Outputs, count: usize) {
    let mut window = MaybeUninit::uninit();
    for first in (0..count).step_by(ROWS) {
        // SAFETY: a
        unsafe {
            matrix.sums(first, matrix.bytes, input, window.as_mut_ptr());
            finish(window.as_ptr(), outputs);
            outputs.advance(ROWS);
        }
    }
}

#[inline(always)]
pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    let matrix = Matrix::new(&layer.weights);
    unsafe { scores(matrix, input.as_ptr(), layer.biases.as_bytes().as_ptr().cast(), output.as_mut_ptr(), OUT) };
}

#[inline(never)]
unsafe fn scores(matrix: Matrix, input: *const u8, biases: *const u8, logits: *mut i32, count: usize) {
    let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, matrix.bytes) };
    let mut window = MaybeUninit::<Window>::uninit();
    for first in (0..count).step_by(rows) {
        let first = first.min(count - rows);
        // SAFETY: a
        unsafe {
            matrix.sums(first, stride, input, window.as_mut_ptr());
            finish::logits(window.as_ptr(), biases.add(4 * first), logits.add(first), rows);
        }
    }
}
