//! The fully-connected layers: four outputs at a time.

use super::requant::finish;
use crate::kernel::scalar;
use core::arch::naked_asm;
use lenet_core::model::{Dense, Fc3};
use lenet_core::shape::FC2_OUTPUTS;

/// Outputs that share one load of an activation.
const TILE: usize = 4;

/// Computes a hidden layer with bias, ReLU and requantization.
#[inline(never)]
pub(in crate::kernel) fn hidden<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    scalar::hidden(layer, input, output, dot, dot_int4, finish);
}

/// Computes the last layer: sums and biases.
#[inline(never)]
pub(in crate::kernel) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    scalar::logits(layer, input, logits, dot, dot_int4);
}

/// The sums of a tile of outputs with int8 weights.
fn dot<const IN: usize>(rows: &[[u8; IN]; TILE], input: &[u8; IN]) -> [i32; TILE] {
    const { assert!(IN.is_multiple_of(INPUTS_AT_A_TIME)) };
    let mut sums = [0; TILE];
    let inputs = input.as_ptr_range();
    // SAFETY: each of the four rows has one weight per input; the number of inputs is a multiple of the step and above
    // 0.
    unsafe { dot_int8(rows.as_ptr().cast(), inputs.start, inputs.end, &mut sums) };
    sums
}

/// Inputs that one turn of the loop of [`dot_int8`] takes.
const INPUTS_AT_A_TIME: usize = 4;

/// The sums of four outputs with int8 weights, whose rows of weights lie one after the other.
///
/// - `weights` (`r0`): four rows of `end - input` weights.
/// - `input` (`r1`), `end` (`r2`): the start and the end of the activations.
/// - `sums` (`r3`): where the sums go.
///
/// Weights and activations may lie at any address. Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 40 bytes of
/// stack.
///
/// # Safety
///
/// `end - input` must be a multiple of [`INPUTS_AT_A_TIME`] above 0. The range from `input` to `end` must be valid for
/// reads, and so must four times as many bytes at `weights`.
#[unsafe(naked)]
unsafe extern "C" fn dot_int8(weights: *const u8, input: *const u8, end: *const u8, sums: &mut [i32; TILE]) {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "subs r6, r2, r1",
        "adds r4, r0, r6",
        "adds r5, r4, r6",
        "add r6, r5",
        ".irp sum, r7, r8, r9, r10",
        "mov \\sum, #0",
        ".endr",
        "2:",
        ".rept {inputs}",
        "ldrb r11, [r1], #1",
        "ldrsb r12, [r0], #1",
        "ldrsb lr, [r4], #1",
        "ldrsb r3, [r5], #1",
        "mla r7, r11, r12, r7",
        "ldrsb r12, [r6], #1",
        "mla r8, r11, lr, r8",
        "mla r9, r11, r3, r9",
        "mla r10, r11, r12, r10",
        ".endr",
        "cmp r1, r2",
        "bne 2b",
        "pop {{r3}}",
        "stmia r3!, {{r7-r10}}",
        "pop {{r4-r11, pc}}",
        inputs = const INPUTS_AT_A_TIME,
    )
}

/// The sums of two outputs with int4 weights, as `scalar::dot_int4` computes them.
fn dot_int4<const IN: usize, const HALF: usize>(
    [first, second]: [&[u8; HALF]; 2],
    input: &[u8; IN],
    excess: i32,
) -> [i32; 2] {
    const { assert!(IN == 2 * HALF && IN.is_multiple_of(4)) };
    let mut sums = [0; 2];
    let inputs = input.as_ptr_range();
    // SAFETY: each row has one byte per two inputs; the number of inputs is a multiple of four and above 0.
    unsafe { sum_int4(first.as_ptr(), second.as_ptr(), inputs.start, inputs.end, &mut sums) };
    sums.map(|sum| sum.wrapping_sub(excess) << 4)
}

/// The sums of two outputs with int4 weights that are raised by 8 each, in units of int4 weights: 20 instructions for
/// eight products.
///
/// The loop adds whole words of products for the first output and their upper halves for the second. At the end, the
/// first sum is what remains of the words without the second sum in their upper halves.
///
/// - `first` (`r0`), `second` (`r1`): the rows of weights, one byte per two inputs.
/// - `input` (`r2`), `end` (`r3`): the start and the end of the activations.
/// - `sums` (on the stack): where the sums go.
///
/// Weights, read by the halfword, and activations may lie at any address. Changes `r0` to `r2`, `r12` and the flags.
/// Takes 24 bytes of stack.
///
/// # Safety
///
/// `end - input` must be a multiple of 4 above 0. The range from `input` to `end` must be valid for reads, and so must
/// half as many bytes at `first` and at `second`.
#[unsafe(naked)]
unsafe extern "C" fn sum_int4(
    first: *const u8,
    second: *const u8,
    input: *const u8,
    end: *const u8,
    sums: &mut [i32; 2],
) {
    naked_asm!(
        "push {{r4-r9}}",
        "mov r8, #0",
        "mov r9, #0",
        "mov r12, #0x000F000F",
        "2:",
        "ldrh r4, [r0], #2",
        "ldrh r5, [r1], #2",
        "ldrb r6, [r2], #4",
        "orr r4, r4, r5, lsl #16",
        "eor r4, r4, #0x88888888",
        "and r5, r4, r12",
        "mul r7, r5, r6",
        ".irp i, 1, 2, 3",
        "ldrb r6, [r2, #\\i - 4]",
        "and r5, r12, r4, lsr #4 * \\i",
        "mla r7, r5, r6, r7",
        ".endr",
        "add r8, r7",
        "add r9, r9, r7, lsr #16",
        "cmp r2, r3",
        "bne 2b",
        "sub r8, r8, r9, lsl #16",
        "ldr r0, [sp, #24]",
        "strd r8, r9, [r0]",
        "pop {{r4-r9}}",
        "bx lr",
    )
}
