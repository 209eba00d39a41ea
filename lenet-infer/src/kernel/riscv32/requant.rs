//! From accumulators to activations.

use core::arch::naked_asm;
use core::hint::black_box;
use lenet_core::Requant;
use lenet_core::model::largest_activation;

/// Bias, ReLU and requantisation of as many outputs as there are in all of the slices.
#[inline(never)]
pub(super) fn finish(
    sums: &[i32],
    biases: &[[u8; 4]],
    requants: &[[u8; Requant::BYTES]],
    activation_bits: u8,
    output: &mut [u8],
) {
    let max = largest_activation(activation_bits);
    // What hides the length keeps the loop from being unrolled.
    let output = black_box(output);
    for (((activation, sum), bias), requant) in output.iter_mut().zip(sums).zip(biases).zip(requants) {
        let Some(requant) = Requant::from_bytes(*requant) else {
            *activation = 0;
            continue;
        };
        // SAFETY: one sum makes one activation.
        unsafe { activations(sum, activation, 0, 1, i32::from_le_bytes(*bias), requant, max) };
    }
}

/// Bias, ReLU and requantisation of sums, two words from one to the next, to activations, `stride` bytes from one to the
/// next.
///
/// # Safety
///
/// There are `outputs` of them, one or more.
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
    // SAFETY: as for this function.
    unsafe { requantise(sums, activations, stride, outputs, bias, shift, multiplier, max.into()) };
}

/// [`Requant::activation`] without a branch: a minimum of a and b is a + ((b - a) & ((b - a) >> 31)).
#[unsafe(naked)]
unsafe extern "C" fn requantise(
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
        "slli a3, a3, 3",
        "add a3, a3, a0",
        "2:",
        "lw t0, 0(a0)",
        "addi a0, a0, 8",
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
