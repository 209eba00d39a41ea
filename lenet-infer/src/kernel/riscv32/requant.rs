//! From sums to activations.

use core::arch::naked_asm;
use core::hint::black_box;
use lenet_core::Requant;
use lenet_core::model::largest_activation;

/// Computes activations with bias, ReLU and requantization, as many as the shortest of the slices has elements.
#[inline(never)]
pub(super) fn finish(
    sums: &[i32],
    biases: &[[u8; 4]],
    requants: &[[u8; Requant::BYTES]],
    activation_bits: u8,
    output: &mut [u8],
) {
    let max = largest_activation(activation_bits);
    // `black_box` hides the length, so that the compiler does not unroll the loop.
    let output = black_box(output);
    for (((activation, sum), bias), requant) in output.iter_mut().zip(sums).zip(biases).zip(requants) {
        let Some(requant) = Requant::from_bytes(*requant) else {
            *activation = 0;
            continue;
        };
        // SAFETY: one sum is read and one activation is written.
        unsafe { activations(sum, activation, 0, 1, i32::from_le_bytes(*bias), requant, max) };
    }
}

/// Computes the activations of one channel at `outputs` positions: bias, ReLU and requantization.
///
/// Activations are `stride` bytes apart.
///
/// # Safety
///
/// `outputs` must be above 0. `sums` must be valid for reads and `activations` for writes of that many elements.
pub(super) unsafe fn activations(
    sums: *const i32,
    activations: *mut u8,
    stride: usize,
    outputs: usize,
    bias: i32,
    requant: Requant,
    max: u8,
) {
    let (shift, multiplier) = (requant.pre_shift().into(), requant.multiplier().into());
    // SAFETY: the caller guarantees it.
    unsafe { requantize(sums, activations, stride, outputs, bias, shift, multiplier, max.into()) };
}

/// Computes activations by [`Requant::activation`] without a branch: the minimum of a and b is a + ((b - a) & ((b - a)
/// >> 31)).
///
/// - `sums` (`a0`), `activations` (`a1`), `stride` (`a2`), `outputs` (`a3`), `bias` (`a4`): as for [`activations`].
/// - `shift` (`a5`), `multiplier` (`a6`): the requant, 0 to 15 and 0 to 65,535.
/// - `max` (`a7`): the largest activation.
///
/// Changes `a0`, `a1`, `a3` and `t0` to `t3`. Needs no stack.
///
/// # Safety
///
/// As for [`activations`].
#[unsafe(naked)]
unsafe extern "C" fn requantize(
    sums: *const i32,
    activations: *mut u8,
    stride: usize,
    outputs: usize,
    bias: i32,
    shift: u32,
    multiplier: u32,
    max: u32,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "lui t3, 16",
        "addi t3, t3, -1",
        "slli a3, a3, 2",
        "add a3, a3, a0",
        "2:",
        "lw t0, 0(a0)",
        "addi a0, a0, 4",
        "add t0, t0, a4",
        "sra t0, t0, a5",
        "srai t1, t0, 31",
        "not t1, t1",
        "and t0, t0, t1",
        "sub t1, t3, t0",
        "srai t2, t1, 31",
        "and t1, t1, t2",
        "add t0, t0, t1",
        "mul t0, t0, a6",
        "srli t0, t0, 23",
        "sub t1, a7, t0",
        "srai t2, t1, 31",
        "and t1, t1, t2",
        "add t0, t0, t1",
        "sb t0, 0(a1)",
        "add a1, a1, a2",
        "bne a0, a3, 2b",
        "ret",
        ".option pop",
    )
}
