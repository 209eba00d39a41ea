//! The fully-connected layers: four outputs at a time, so that an activation, once loaded, serves four products.

use super::matrix::{Matrix, ROWS, Width};
use super::requant::Outputs;
use super::ternary::Ternary;
use crate::kernel::SMALL;
use core::arch::naked_asm;
use lenet_core::model::{Dense, Fc3, INT4, TERNARY, Weights};
use lenet_core::shape::FC2_OUTPUTS;

/// Computes a hidden layer with bias, ReLU and requantization.
pub(in crate::kernel) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(IN.is_multiple_of(4) && OUT.is_multiple_of(ROWS)) };
    let mut outputs = Outputs::new(layer, output.as_mut_ptr(), ROWS);
    // SAFETY: there is one input per column of the weights and one output per row; the number of rows is a multiple of
    // four.
    unsafe {
        match layer.weights().as_rows() {
            Weights::Int8(rows) => Matrix::<Int8>::new(rows, input).outputs(&mut outputs, OUT),
            Weights::Int4(rows) if INT4 => Matrix::<Int4>::new(rows, input).outputs(&mut outputs, OUT),
            Weights::Ternary(rows) if TERNARY => {
                Matrix::<Ternary>::new(rows, input).outputs(&mut outputs, OUT);
            }
            // This build refuses models with such weights.
            Weights::Int4(_) | Weights::Ternary(_) => {}
        }
    }
}

/// Computes the last layer: sums and biases.
pub(in crate::kernel) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    const { assert!(FC2_OUTPUTS.is_multiple_of(4)) };
    let biases = layer.bias_bytes().as_ptr();
    let count = logits.len().min(layer.classes());
    let logits = logits.as_mut_ptr();
    // SAFETY: there is one input per column of the weights; there are at least `count` rows, biases and logits.
    unsafe {
        match layer.weights() {
            Weights::Int8(rows) => Matrix::<Int8>::new(rows, input).logits(biases, logits, count),
            Weights::Int4(rows) if INT4 => Matrix::<Int4>::new(rows, input).logits(biases, logits, count),
            // This build refuses models with such weights.
            Weights::Int4(_) => {}
        }
    }
}

/// int8 weights, one to a byte.
struct Int8;

/// int4 weights, two to a byte.
struct Int4;

impl Width for Int8 {
    #[inline(always)]
    unsafe fn sums(row: *const u8, stride: usize, input: &[u8], sums: &mut [i32; ROWS]) {
        // SAFETY: the caller guarantees it.
        unsafe { sums_int8(row, stride, input.as_ptr(), input.len(), sums) }
    }
}

impl Width for Int4 {
    #[inline(always)]
    unsafe fn sums(row: *const u8, stride: usize, input: &[u8], sums: &mut [i32; ROWS]) {
        // SAFETY: the caller guarantees it.
        unsafe { sums_int4(row, stride, input.as_ptr(), input.len() / 2, sums) }
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

/// Begins [`sums_int8`] and [`sums_int4`]: saves registers, sets the sums to 0, `r2` to `r5` to the ends of the rows and `r1`
/// to minus their length.
macro_rules! begin {
    () => {
        concat!(
            "push {{r4-r7, lr}}\n",
            save!(),
            "mov r12, r2\n",
            "rsbs r6, r3, #0\n",
            "adds r2, r0, r3\n",
            "adds r3, r2, r1\n",
            "adds r4, r3, r1\n",
            "adds r5, r4, r1\n",
            "mov r0, r12\n",
            "mov r1, r6\n",
            "movs r6, #0\n",
            ".irp sum, r8, r9, r10, r11\n",
            "mov \\sum, r6\n",
            ".endr\n",
        )
    };
}

/// Ends them: stores the sums and restores registers.
macro_rules! end {
    () => {
        concat!(
            "mov r4, r8\n",
            "mov r5, r9\n",
            "mov r6, r10\n",
            "mov r7, r11\n",
            "ldr r0, [sp, #36]\n",
            "stm r0!, {{r4-r7}}\n",
            restore!(),
            "pop {{r4-r7, pc}}\n",
        )
    };
}

/// Computes the sums of four outputs with int8 weights.
///
/// - `row` (`r0`), `stride` (`r1`): the rows of weights begin at `row`, `row + stride` and so on.
/// - `input` (`r2`), `bytes` (`r3`): the activations, and the number of bytes in a row of weights.
/// - `sums` (on the stack): where the sums go.
///
/// Weights and activations may lie at any address. Changes `r0` to `r3`, `r12` and the flags. Takes 36 bytes of stack.
///
/// # Safety
///
/// Each of the four rows must be valid for reads of `bytes`, a multiple of four above 0. `input` must be valid for reads of
/// `bytes`, and `sums` for writes.
#[unsafe(naked)]
unsafe extern "C" fn sums_int8(
    _row: *const u8,
    _stride: usize,
    _input: *const u8,
    _bytes: usize,
    _sums: *mut [i32; ROWS],
) {
    // r0 end of the input, r1 index of weights and input, from minus `bytes` up to 0, r2-r5 ends of the rows, r6
    // activation, r7 weight and product, r8-r11 sums.
    naked_asm!(
        begin!(),
        "subs r0, r0, r1",
        "2:",
        ".rept 4 - 3 * {small}",
        "ldrb r6, [r0, r1]",
        four!(),
        "adds r1, #1",
        ".endr",
        "bne 2b",
        end!(),
        small = const SMALL as u8,
    )
}

/// Computes the sums of four outputs with int4 weights, otherwise like [`sums_int8`], but `bytes` may be any number above 0 and
/// there are twice as many activations.
///
/// # Safety
///
/// Each of the four rows must be valid for reads of `bytes`, a number above 0, and `input` of twice as many. `sums` must be
/// valid for writes.
#[unsafe(naked)]
unsafe extern "C" fn sums_int4(
    _row: *const u8,
    _stride: usize,
    _input: *const u8,
    _bytes: usize,
    _sums: *mut [i32; ROWS],
) {
    // As for `sums_int8`, but r0 input.
    naked_asm!(
        begin!(),
        // The two inputs of a byte at a time.
        "2:",
        "ldrb r6, [r0]",
        four!("lsls r7, r7, #28", "asrs r7, r7, #24"),
        "ldrb r6, [r0, #1]",
        "adds r0, #2",
        four!("lsrs r7, r7, #4", "lsls r7, r7, #4"),
        "adds r1, #1",
        "bne 2b",
        end!(),
    )
}
