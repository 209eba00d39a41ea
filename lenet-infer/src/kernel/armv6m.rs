//! Cortex-M0 and M0+: no multiply-accumulate, no wide product, eight registers that all instructions reach.
//!
//! # Where the time goes
//!
//! The plain loop loads an activation, multiplies it by a weight and adds: 3 instructions a product, and 0.5 for the
//! weight, 0.84 million for the convolutions. A product is 32 bits of which a sum of products needs 24, so a multiply
//! can do more than one. The usual way puts two activations in the halves of a word, but a sum of more than one or two
//! such products leaves 16 bits: to carry the halves apart costs a shift and an addition each time, 2.5 instructions a
//! product in all, and the words of a window take 720 bytes of stack.
//!
//! Here the weights of several output channels share words, and no bit is lost, since the channels that do not fit are
//! cut up among the words of the others. A sum of 25 products fits in 21 bits with its sign: for three channels a, b
//! and c two words suffice,
//!
//! ```text
//! a + b * 2^21        has all of a and, above it, the low 11 bits of b
//! c + b * 2^11        less those 11 bits it has all of c and, above it, the rest of b
//! ```
//!
//! and a sum of 150 products fits in 24 bits: four channels take three words, `a + d * 2^24`, `b + d * 2^16` and
//! `c + d * 2^8`, each of which gives up 8 bits of d. All is modulo 2^32, exact for any weights and activations. The
//! weights are packed so; multiply and add the words, as they are, and unpack once a sum is complete:
//!
//! - `conv1`, three channels in two words: two taps' weights in one `LDM`, two pixels, four `MULS`, four `ADD`, 11
//!   instructions for six products. The weights of three channels are packed once a row: 200 bytes.
//! - `conv2`, four channels in three words: 8 instructions for four products. The weights of all taps would take 1,800
//!   bytes, so ten taps are packed at a time and meet all sixteen positions of a row before the next ten: 120 bytes,
//!   and 192 for the sums. Fifteen taps at a time would take 60 bytes more and save some
//!   14,000 instructions, those that load and store the sums.
//! - A fully-connected layer uses a weight once, so packing does not pay. Four outputs share an activation, and
//!   `MULS` overwrites the weight, not the activation: 29 instructions for eight products, 45 of int4.
//!
//! `ADD` alone reaches the high registers, which is all that sums need. int4 weights are brought to the scale of int8
//! where they are packed, so a convolution of int4 costs little more. A model's bytes are read as bytes, so it may lie
//! at any address. What a core would do with a branch on a value (maximum, ReLU, clamp) is done with masks: the
//! instructions of a layer are the same for every picture.
//!
//! Activations are not packed in the same way because their words would serve one window, and those of the weights
//! serve a row of windows. Karatsuba's trick (three products for four) and Winograd's (nine for sixteen) save
//! multiplies, but a multiply costs what an addition costs, and they add more than they save.
//!
//! # Where the stack goes
//!
//! `conv2` is the deepest: 312 bytes of weights and sums and 48 of registers and addresses. `finish` takes none: its
//! callers in assembly have saved what it needs. The fully-connected layers share their code whatever their shape.

#![allow(unsafe_code)]

use super::{PATCH_SIDE, Row};
use core::mem::MaybeUninit;
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

use finish::{Outputs, Window, finish};

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
    const { assert!(matches!((IN, SIDE, POOLED, OUT), (1, 28, 12, 6) | (6, 12, 4, 16))) };
    const { assert!(TAPS == 25 * IN && PAIRS == OUT / 2) };
    let rows = input.as_ptr().cast::<*const u8>();
    let activations = output.as_mut_ptr().cast();
    let outputs =
        |count| Outputs::new(layer.biases, layer.requants, layer.activation_bits, activations, count);
    if IN == 1 {
        let mut outputs = outputs(grey::CHANNELS);
        for first in [0, 3] {
            let channels = [first, first + 1, first + 2];
            let (weights, shifts) = match layer.weights {
                Weights::Int8(pairs) => (channels.map(|c| &raw const pairs[c / 2][0][c % 2]), 0),
                Weights::Int4(pairs) => (channels.map(|c| pairs[c / 2].as_ptr()), grey::SHIFTS[first % 2]),
            };
            // SAFETY: six rows of 28 bytes; all weights of channels that the layer has; the outputs are those of a row.
            unsafe { grey::three_channels(rows, &weights, &outputs, shifts) };
            outputs.advance(grey::CHANNELS);
        }
    } else {
        let (weights, pair) = match layer.weights {
            Weights::Int8(pairs) => (pairs.as_ptr().cast(), 2 * TAPS),
            Weights::Int4(pairs) => (pairs.as_ptr().cast(), TAPS),
        };
        let mut row = deep::Row { rows, weights, pair, outputs: outputs(4), channels: OUT };
        // SAFETY: six rows of 72 bytes, all weights, the outputs of a row.
        unsafe { deep::row(&mut row) };
    }
}

pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(IN.is_multiple_of(2) && OUT.is_multiple_of(ROWS)) };
    let mut outputs =
        Outputs::new(layer.biases, layer.requants, layer.activation_bits, output.as_mut_ptr(), ROWS);
    // SAFETY: as many inputs as the weights have columns, as many outputs as they have rows, a multiple of four.
    unsafe { hidden(Matrix::new(&layer.weights), input.as_ptr(), &mut outputs, OUT) };
}

pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    const { assert!(IN.is_multiple_of(2) && OUT > 0) };
    let biases = layer.biases.as_bytes().as_ptr().cast();
    // SAFETY: as many inputs as the weights have columns, as many biases and logits as they have rows.
    unsafe { last(Matrix::new(&layer.weights), input.as_ptr(), biases, output.as_mut_ptr(), OUT) };
}

/// Outputs of a fully-connected layer at a time.
const ROWS: usize = 4;

/// The weights of a fully-connected layer, whatever its shape: the code exists once for all.
#[derive(Clone, Copy)]
struct Matrix {
    weights: *const u8,
    /// Of a row.
    bytes: usize,
    int4: bool,
}

impl Matrix {
    #[inline(always)]
    const fn new<const IN: usize, const HALF: usize, const OUT: usize>(
        weights: &DenseWeights<'_, IN, HALF, OUT>,
    ) -> Self {
        match weights {
            Weights::Int8(rows) => Self { weights: rows.as_ptr().cast(), bytes: IN, int4: false },
            Weights::Int4(rows) => Self { weights: rows.as_ptr().cast(), bytes: HALF, int4: true },
        }
    }

    /// The sums of four rows, `stride` bytes apart, from `first` on.
    ///
    /// # Safety
    ///
    /// There are such rows, `input` is valid for reads of an input for each weight of one, and `window` for writes.
    #[inline(always)]
    unsafe fn sums(self, first: usize, stride: usize, input: *const u8, window: *mut Window) {
        // SAFETY: the caller's promise.
        unsafe {
            let row = self.weights.add(first * self.bytes);
            dense::sums(row, stride, input, self.bytes, usize::from(self.int4), window);
        }
    }
}

/// A hidden layer of `count` outputs.
///
/// # Safety
///
/// `count` is a multiple of four and the matrix has so many rows; `input` is valid for reads of an input for each weight
/// of one; `outputs` are the first four of the layer's.
#[inline(never)]
unsafe fn hidden(matrix: Matrix, input: *const u8, outputs: &mut Outputs, count: usize) {
    let mut window = MaybeUninit::uninit();
    for first in (0..count).step_by(ROWS) {
        // SAFETY: the caller's promise; `sums` writes what `finish` reads.
        unsafe {
            matrix.sums(first, matrix.bytes, input, window.as_mut_ptr());
            finish(window.as_ptr(), outputs);
        }
        outputs.advance(ROWS);
    }
}

/// The last layer, of `count` logits. The last four overlap those before them where `count` is no multiple of four;
/// fewer than four are made one by one.
///
/// # Safety
///
/// `count` is above 0 and the matrix has so many rows; `input` is valid for reads of an input for each weight of one,
/// `biases` and `logits` for reads and writes of `count`.
#[inline(never)]
unsafe fn last(matrix: Matrix, input: *const u8, biases: *const u8, logits: *mut i32, count: usize) {
    let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, matrix.bytes) };
    let mut window = MaybeUninit::uninit();
    for first in (0..count).step_by(rows) {
        let first = first.min(count - rows);
        // SAFETY: the caller's promise; `sums` writes what `logits` reads.
        unsafe {
            matrix.sums(first, stride, input, window.as_mut_ptr());
            finish::logits(window.as_ptr(), biases.add(4 * first), logits.add(first), rows);
        }
    }
}
