//! The fully-connected layers with ternary weights: two outputs at a time.
//!
//! A word holds a byte of weights for each of four neighboring inputs, and five such groups of inputs, one per digit. Its
//! bytes are spread over two registers, one halfword each. Three times a byte has the next digit in bits 8 and 9 of its
//! halfword and the fraction that is left below. `SMLAD` multiplies the digits, in place and so times 256, by the inputs.
//! A digit is one more than a weight, so a sum starts at minus the sum of all inputs.

use core::arch::naked_asm;
use lenet_core::model::TERNARY_STEP;
use lenet_core::shape::POOL2_LEN;

// A sum counts in 1/256 of a weight's digit; its last shift leaves it in units of int8 weights.
const _: () = assert!(TERNARY_STEP == 1 << 6 && POOL2_LEN * 255 * 2 * 256 <= i32::MAX as usize);

/// Multiplies the four inputs in `$inputs` by a digit of each of two outputs, and takes that digit from their weights.
///
/// The weights of the first output are in `r6` and `r7` and its sum is in `r4`; those of the second are in `r8`, `r9` and
/// `r5`. `r12` is the mask of the digits. Changes `r10`, `r11` and `lr`.
#[rustfmt::skip]
macro_rules! digit {
    ($inputs:literal) => {
        concat!(
            "ldr r11, ", $inputs, "\n",
            digit!("r6", "r7", "r4", "uxtb16 r10, r11\n", "uxtb16 r11, r11, ror #8\n"),
            digit!("r8", "r9", "r5", "", ""),
        )
    };
    ($even:literal, $odd:literal, $sum:literal, $even_inputs:literal, $odd_inputs:literal) => {
        concat!(
            $even_inputs,
            "add ", $even, ", ", $even, ", ", $even, ", lsl #1\n",
            "and lr, r12, ", $even, "\n",
            "smlad ", $sum, ", lr, r10, ", $sum, "\n",
            "uxtb16 ", $even, ", ", $even, "\n",
            $odd_inputs,
            "add ", $odd, ", ", $odd, ", ", $odd, ", lsl #1\n",
            "and lr, r12, ", $odd, "\n",
            "smlad ", $sum, ", lr, r11, ", $sum, "\n",
            "uxtb16 ", $odd, ", ", $odd, "\n",
        )
    };
}

/// What a sum starts with: [`rows`] adds digits, which are one more than the weights.
#[inline(never)]
pub(super) fn start(input: &[u8]) -> i32 {
    let total = input.iter().map(|activation| i32::from(*activation)).fold(0, i32::wrapping_add);
    total.wrapping_neg() << 8
}

/// Computes the sums of neighboring outputs with ternary weights, in units of int8 weights. `start` is [`start`] of the
/// inputs, and `row_bytes` the bytes in a row of weights.
///
/// # Safety
///
/// The inputs from `input` to `end` must be valid for reads, and `weights` for a row of `row_bytes` for each of `sums`. The
/// number of inputs is five times `row_bytes`, or 4 less; both are multiples of four.
#[inline(always)]
pub(super) unsafe fn rows(
    input: *const u8,
    mut weights: *const u8,
    row_bytes: usize,
    end: *const u8,
    start: i32,
    sums: &mut [i32; 4],
) {
    for pair in sums.as_chunks_mut().0 {
        *pair = [start; 2];
        // SAFETY: the caller guarantees it.
        unsafe {
            two_rows(input, weights, row_bytes, end, pair);
            weights = weights.add(row_bytes).add(row_bytes);
        }
    }
}

/// Adds the products of two outputs to the two sums that `sums` points to, then brings both to units of int8 weights.
///
/// - `input` (`r0`), `end` (`r3`): the start and the end of the activations.
/// - `weights` (`r1`), `row_bytes` (`r2`): the two rows of weights.
/// - `sums` (on the stack).
///
/// Weights and activations are read by the word and may lie at any address. Changes `r0` to `r3`, `r12`, `lr` and the
/// flags. Takes 40 bytes of stack.
///
/// # Safety
///
/// As for [`rows`].
#[unsafe(naked)]
unsafe extern "C" fn two_rows(
    _input: *const u8,
    _weights: *const u8,
    _row_bytes: usize,
    _end: *const u8,
    _sums: &mut [i32; 2],
) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "add lr, r0, r2",
        "push {{lr}}",
        "ldr lr, [sp, #40]",
        "ldmia lr, {{r4, r5}}",
        "mov r12, #0x03000300",
        "2:",
        "ldr r9, [r1, r2]",
        "ldr r7, [r1], #4",
        "uxtb16 r8, r9",
        "uxtb16 r9, r9, ror #8",
        "uxtb16 r6, r7",
        "uxtb16 r7, r7, ror #8",
        digit!("[r0]"),
        digit!("[r0, r2]"),
        digit!("[r0, r2, lsl #1]"),
        "add r11, r0, r2",
        digit!("[r11, r2, lsl #1]"),
        // The last bytes of a row may have no fifth input.
        "add r11, r0, r2, lsl #2",
        "cmp r11, r3",
        "bhs 3f",
        digit!("[r11]"),
        "3:",
        "adds r0, #4",
        "ldr lr, [sp]",
        "cmp r0, lr",
        "bne 2b",
        "asrs r4, r4, #2",
        "asrs r5, r5, #2",
        "ldr lr, [sp, #40]",
        "stmia lr, {{r4, r5}}",
        "add sp, #4",
        "pop {{r4-r11, pc}}",
    )
}
