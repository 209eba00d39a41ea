//! From sums to activations.

use core::arch::naked_asm;
use lenet_core::Requant;
use lenet_core::model::largest_activation;

/// Computes activations with bias, ReLU and requantization, as many as the shortest of the slices has elements.
pub(super) fn finish(
    sums: &[i32],
    biases: &[[u8; 4]],
    requants: &[[u8; Requant::BYTES]],
    activation_bits: u8,
    output: &mut [u8],
) {
    let outputs = sums.len().min(biases.len()).min(requants.len()).min(output.len());
    let max = largest_activation(activation_bits).into();
    // SAFETY: each slice has at least `outputs` elements.
    unsafe {
        activations(sums.as_ptr(), biases.as_ptr(), requants.as_ptr(), output.as_mut_ptr(), outputs, max)
    };
}

/// Computes activations by [`Requant::activation`] without a branch on a value.
///
/// - `sums` (`r0`), `biases` (`r1`), `requants` (`r2`), `output` (`r3`): one element per output. Biases and requants
///   are loaded by the word and the halfword and may lie at any address. A shift is 0 to 15.
/// - `outputs`, `max` (on the stack): the number of outputs, which may be 0, and the largest activation.
///
/// Changes `r0` to `r3`, `r12` and the flags. Takes 16 bytes of stack.
///
/// # Safety
///
/// `sums`, `biases` and `requants` must be valid for reads, and `output` for writes, of `outputs` elements.
#[unsafe(naked)]
unsafe extern "C" fn activations(
    sums: *const i32,
    biases: *const [u8; 4],
    requants: *const [u8; Requant::BYTES],
    output: *mut u8,
    outputs: usize,
    max: u32,
) {
    naked_asm!(
        "push {{r4-r7}}",
        "ldrd r6, r7, [sp, #16]",
        "cbz r6, 3f",
        "add r6, r3",
        "2:",
        "ldr r4, [r0], #4",
        "ldr r5, [r1], #4",
        "ldrb r12, [r2, #2]",
        "add r4, r5",
        "ldrh r5, [r2], #3",
        "asr r4, r12",
        "usat r4, #16, r4",
        "muls r4, r5, r4",
        "lsrs r4, #23",
        "cmp r4, r7",
        "it hi",
        "movhi r4, r7",
        "strb r4, [r3], #1",
        "cmp r3, r6",
        "bne 2b",
        "3:",
        "pop {{r4-r7}}",
        "bx lr",
    )
}
