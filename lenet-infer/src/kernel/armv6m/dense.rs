//! The fully-connected layers: four outputs at a time, so that an activation, once loaded, serves four products.

use super::requant::{self, Outputs, finish};
use crate::kernel::ternary;
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use core::slice;
use lenet_core::model::{Dense, DenseRows, Fc3, INT4, TERNARY, Weights};
use lenet_core::shape::FC2_OUTPUTS;

/// Computes a hidden layer with bias, ReLU and requantization.
pub(in crate::kernel) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(IN.is_multiple_of(4) && OUT.is_multiple_of(ROWS)) };
    let mut outputs = Outputs::new(layer, output.as_mut_ptr(), ROWS);
    let matrix = Matrix::new(layer.weights().as_rows());
    // SAFETY: there is one input per column of the weights and one output per row; the number of rows is a multiple of
    // four.
    unsafe { all_outputs(matrix, input.as_ptr(), &mut outputs, OUT) };
}

/// Computes the last layer: sums and biases.
pub(in crate::kernel) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    const { assert!(FC2_OUTPUTS.is_multiple_of(4)) };
    let biases = layer.bias_bytes().as_ptr();
    let count = logits.len().min(layer.classes());
    // SAFETY: there is one input per column of the weights; there are at least `count` rows, biases and logits.
    unsafe {
        all_logits(Matrix::new(layer.weights().as_rows()), input.as_ptr(), biases, logits.as_mut_ptr(), count)
    };
}

/// Outputs that are computed at a time.
const ROWS: usize = 4;

/// The weights of a fully-connected layer of any shape, so that the program has one copy of the code.
#[derive(Clone, Copy)]
struct Matrix {
    weights: *const u8,
    /// Bytes in a row.
    bytes: usize,
    /// The number of inputs.
    inputs: usize,
    bits: u8,
}

impl Matrix {
    #[inline(always)]
    const fn new<const IN: usize, const HALF: usize, const FIFTH: usize>(
        weights: DenseRows<'_, IN, HALF, FIFTH>,
    ) -> Self {
        match weights {
            Weights::Int8(rows) => Self { weights: rows.as_ptr().cast(), bytes: IN, inputs: IN, bits: 8 },
            Weights::Int4(rows) => Self { weights: rows.as_ptr().cast(), bytes: HALF, inputs: IN, bits: 4 },
            Weights::Ternary(rows) => {
                Self { weights: rows.as_ptr().cast(), bytes: FIFTH, inputs: IN, bits: 2 }
            }
        }
    }

    /// Computes the sums of four outputs, whose rows of weights lie `stride` bytes apart from row `first` on.
    ///
    /// # Safety
    ///
    /// The matrix must have these rows. `input` must be valid for reads of one byte per weight of a row, and `found`
    /// for writes.
    #[inline(always)]
    unsafe fn sums(self, first: usize, stride: usize, input: *const u8, found: *mut [i32; ROWS]) {
        // SAFETY: the caller guarantees it.
        unsafe {
            // Wrapping, because the compiler does not see that the matrix has the row.
            let row = self.weights.add(first.wrapping_mul(self.bytes));
            if TERNARY && self.bits == 2 {
                let input = slice::from_raw_parts(input, self.inputs);
                ternary::rows(row, self.bytes, stride, input, &mut *found);
            } else {
                sums(row, stride, input, self.bytes, usize::from(INT4 && self.bits == 4), found);
            }
        }
    }
}

/// Computes a hidden layer of `count` outputs.
///
/// # Safety
///
/// `count` must be a multiple of four, and the matrix must have `count` rows. `input` must be valid for reads of one
/// byte per weight of a row. `outputs` must be the first four of the layer, all valid for writes.
#[inline(never)]
unsafe fn all_outputs(matrix: Matrix, input: *const u8, outputs: &mut Outputs, count: usize) {
    let mut found = MaybeUninit::uninit();
    for first in (0..count).step_by(ROWS) {
        // SAFETY: the caller guarantees it; `sums` writes what `finish` reads.
        unsafe {
            matrix.sums(first, matrix.bytes, input, found.as_mut_ptr());
            finish(found.assume_init_ref(), outputs);
        }
        outputs.advance(ROWS);
    }
}

/// Computes the last layer, of `count` logits.
///
/// If `count` is not a multiple of four, the last tile of four overlaps the tile before it. If there are fewer than
/// four logits, they are computed one by one.
///
/// # Safety
///
/// `count` must be above 0, and the matrix must have `count` rows. `input` must be valid for reads of one byte per
/// weight of a row, `biases` for reads and `logits` for writes of `count` elements.
#[inline(never)]
unsafe fn all_logits(
    matrix: Matrix,
    input: *const u8,
    biases: *const [u8; 4],
    logits: *mut i32,
    count: usize,
) {
    let (rows, stride) = if count < ROWS { (1, 0) } else { (ROWS, matrix.bytes) };
    let mut found = MaybeUninit::uninit();
    for first in (0..count).step_by(rows) {
        // Wrapping, because the compiler does not see that there is a first output only if `count` is above 0.
        let first = first.min(count.wrapping_sub(rows));
        // SAFETY: the caller guarantees it; `sums` writes what `logits` reads.
        unsafe {
            matrix.sums(first, stride, input, found.as_mut_ptr());
            requant::logits(found.assume_init_ref(), biases.add(first).cast(), logits.add(first), rows);
        }
    }
}

/// Adds the products of the activation in `r6` and one weight of each of four outputs to the sums in `r8` to `r11`.
///
/// `r2` to `r5` point to the ends of the rows of weights, and `r1` is the (negative) index of the weight. `$unpack`
/// are instructions that turn the byte in `r7` into a weight at the scale of int8. Changes `r7`.
#[rustfmt::skip]
macro_rules! four {
    ($($unpack:literal),*) => {
        concat!(
            "ldrsb r7, [r2, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r8, r7\n",
            "ldrsb r7, [r3, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r9, r7\n",
            "ldrsb r7, [r4, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r10, r7\n",
            "ldrsb r7, [r5, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r11, r7\n",
        )
    };
}

/// Computes the sums of four outputs.
///
/// - `row` (`r0`), `stride` (`r1`): the rows of weights begin at `row`, `row + stride` and so on.
/// - `input` (`r2`), `bytes` (`r3`): the activations, and the number of bytes in a row of weights.
/// - `int4`, `found` (on the stack): not 0 if the weights are int4; where the sums go.
///
/// Weights and activations may lie at any address. Changes `r0` to `r3`, `r12` and the flags. Takes 36 bytes of stack.
///
/// # Safety
///
/// Each of the four rows must be valid for reads of `bytes`, a number above 0, which must be a multiple of four if `int4` is
/// 0. `input` must be valid for reads of `bytes`, or of twice as many if `int4` is not 0, and `found` for writes.
#[unsafe(naked)]
unsafe extern "C" fn sums(
    _row: *const u8,
    _stride: usize,
    _input: *const u8,
    _bytes: usize,
    _int4: usize,
    _found: *mut [i32; ROWS],
) {
    // r0 input, r1 index of the weights, from minus `bytes` up to 0, r2-r5 ends of the rows, r6 activation, r7 weight
    // and product, r8-r11 sums, r12 `bytes`. On the stack: `int4` at 36, `found` at 40.
    naked_asm!(
        "push {{r4-r7, lr}}",
        save!(),
        "mov r12, r3",
        "mov r7, r2",
        "rsbs r6, r3, #0",
        "adds r2, r0, r3",
        "adds r3, r2, r1",
        "adds r4, r3, r1",
        "adds r5, r4, r1",
        "mov r0, r7",
        "mov r1, r6",
        "movs r6, #0",
        "mov r8, r6",
        "mov r9, r6",
        "mov r10, r6",
        "mov r11, r6",
        "ldr r6, [sp, #36]",
        "cmp r6, #0",
        "bne 3f",
        // int8 weights, four inputs at a time.
        "add r0, r12",
        "2:",
        ".rept 4",
        "ldrb r6, [r0, r1]",
        four!(),
        "adds r1, #1",
        ".endr",
        "bne 2b",
        "b 4f",
        // int4 weights, the two inputs of a byte at a time.
        "3:",
        "ldrb r6, [r0]",
        four!("lsls r7, r7, #28", "asrs r7, r7, #24"),
        "ldrb r6, [r0, #1]",
        "adds r0, #2",
        four!("lsrs r7, r7, #4", "lsls r7, r7, #4"),
        "adds r1, #1",
        "bne 3b",
        "4:",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "ldr r0, [sp, #40]",
        "stm r0!, {{r4-r7}}",
        restore!(),
        "pop {{r4-r7, pc}}",
    )
}
