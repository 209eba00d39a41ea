//! The fully-connected layers: six outputs at a time.

use super::requant::finish;
use super::ternary;
use crate::kernel::scalar;
use core::arch::naked_asm;
use lenet_core::model::{Dense, Fc3, TERNARY, Weights};
use lenet_core::shape::FC2_OUTPUTS;

/// Outputs that share one load of an activation: as many as there are registers for sums that need not be saved.
const TILE: usize = 6;

/// Computes a hidden layer with bias, ReLU and requantization.
#[inline(never)]
pub(in crate::kernel) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    match layer.weights() {
        Weights::Ternary(rows) if TERNARY => {
            let mut then = scalar::each_tile::<_, OUT, TILE>(layer, output, finish);
            ternary::for_each_tile(rows, input, |sums| then(sums));
        }
        _ => scalar::hidden(layer, input, output, dot, scalar::dot_int4, finish),
    }
}

/// Computes the last layer: sums and biases.
#[inline(never)]
pub(in crate::kernel) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    scalar::logits(layer, input, logits, dot, scalar::dot_int4);
}

/// The sums of a tile of outputs with int8 weights.
fn dot<const IN: usize>(rows: &[[u8; IN]; TILE], input: &[u8; IN]) -> [i32; TILE] {
    const { assert!(IN.is_multiple_of(4)) };
    let mut sums = [0; TILE];
    // SAFETY: each of the six rows has one weight per input; the number of inputs is a multiple of four and above 0.
    unsafe { dot_int8::<IN>(rows.as_ptr().cast(), input, &mut sums) };
    sums
}

/// The sums of six outputs with int8 weights, whose rows of weights lie one after the other.
///
/// - `weights` (`a0`): six rows of `IN` weights.
/// - `input` (`a1`): the activations.
/// - `sums` (`a2`): where the sums go.
///
/// Weights and activations are read by the byte and may lie at any address. Changes `a0`, `a1`, `a3` to `a7` and `t0`
/// to `t5`. Needs no stack.
///
/// # Safety
///
/// `IN` must be a multiple of 4 above 0, and `weights` must be valid for reads of `6 * IN` bytes.
#[unsafe(naked)]
unsafe extern "C" fn dot_int8<const IN: usize>(weights: *const u8, input: &[u8; IN], sums: &mut [i32; TILE]) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        ".irp sum, t0, t1, t2, t3, t4, t5",
        "li \\sum, 0",
        ".endr",
        "addi a3, a1, {inputs}",
        "2:",
        ".irp i, 0, 1, 2, 3",
        "lbu a4, \\i(a1)",
        "lb a5, \\i(a0)",
        "lb a6, \\i + {inputs}(a0)",
        "mul a5, a5, a4",
        "lb a7, \\i + 2 * {inputs}(a0)",
        "mul a6, a6, a4",
        "add t0, t0, a5",
        "mul a7, a7, a4",
        "add t1, t1, a6",
        "lb a5, \\i + 3 * {inputs}(a0)",
        "add t2, t2, a7",
        "lb a6, \\i + 4 * {inputs}(a0)",
        "mul a5, a5, a4",
        "lb a7, \\i + 5 * {inputs}(a0)",
        "mul a6, a6, a4",
        "add t3, t3, a5",
        "mul a7, a7, a4",
        "add t4, t4, a6",
        "add t5, t5, a7",
        ".endr",
        "addi a0, a0, 4",
        "addi a1, a1, 4",
        "bne a1, a3, 2b",
        "sw t0, 0(a2)",
        "sw t1, 4(a2)",
        "sw t2, 8(a2)",
        "sw t3, 12(a2)",
        "sw t4, 16(a2)",
        "sw t5, 20(a2)",
        "ret",
        ".option pop",
        inputs = const IN,
    )
}
