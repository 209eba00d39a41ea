//! Fully-connected layers, four outputs at a time.

use super::finish::{Finish, finish_four};
use crate::kernel::portable;
use core::arch::naked_asm;
use lenet_core::model::{Dense, DenseWeights, Logits, Weights};

/// Four inputs of one output, whose weights are at `$at`: four products. The inputs are in `r8`, the first and third, and
/// `r9`.
#[rustfmt::skip]
macro_rules! int8_row {
    ($sum:literal, $at:literal) => {
        concat!(
            "ldr r11, ", $at, "\n",
            "sxtb16 r10, r11\n",
            "sxtb16 r11, r11, ror #8\n",
            "smlad ", $sum, ", r10, r8, ", $sum, "\n",
            "smlad ", $sum, ", r11, r9, ", $sum, "\n",
        )
    };
}

/// Four inputs of four outputs: sixteen products.
macro_rules! int8_step {
    () => {
        concat!(
            "ldr r9, [r0], #4\n",
            "uxtb16 r8, r9\n",
            "uxtb16 r9, r9, ror #8\n",
            int8_row!("r5", "[r1, r2]"),
            int8_row!("r6", "[r1, r2, lsl #1]"),
            int8_row!("r7", "[r1, r3]"),
            int8_row!("r4", "[r1], #4"),
        )
    };
}

/// Sums four outputs of int8 weights, rows of `inputs` bytes.
///
/// # Safety
///
/// As [`four_rows`]'s.
#[unsafe(naked)]
unsafe extern "C" fn int8_rows(_input: *const u8, _weights: *const u8, _inputs: usize, _sums: *mut [i32; 4]) {
    naked_asm!(
        dsp!(),
        "push {{r3-r11, lr}}",
        "add r12, r0, r2",
        "add r3, r2, r2, lsl #1",
        "mov r4, #0",
        "mov r5, #0",
        "mov r6, #0",
        "mov r7, #0",
        "tst r2, #4",
        "bne 3f",
        "2:",
        int8_step!(),
        "3:",
        int8_step!(),
        "cmp r0, r12",
        "bne 2b",
        "ldr r3, [sp]",
        "stmia r3, {{r4-r7}}",
        "pop {{r3-r11, pc}}",
    )
}

/// Eight inputs of one output, whose weights are at `$at`: eight products, each times 256. The inputs are in `r3`, the
/// first and fifth, `r8`, the second and sixth, `r10` and `r11`. The mask in `r12` leaves, of the shifted word, the
/// weights of such a pair at the tops of the halves, where their signs are.
#[rustfmt::skip]
macro_rules! int4_row {
    ($sum:literal, $at:literal) => {
        concat!(
            "ldr lr, ", $at, "\n",
            "and r9, r12, lr, lsl #12\n",
            "smlad ", $sum, ", r9, r3, ", $sum, "\n",
            "and r9, r12, lr, lsl #8\n",
            "smlad ", $sum, ", r9, r8, ", $sum, "\n",
            "and r9, r12, lr, lsl #4\n",
            "smlad ", $sum, ", r9, r10, ", $sum, "\n",
            "and lr, r12, lr\n",
            "smlad ", $sum, ", lr, r11, ", $sum, "\n",
        )
    };
}

/// Sums four outputs of int4 weights, rows of `row_bytes`, half as many as the inputs. Where the inputs are not a multiple
/// of eight, a last turn takes the last eight again, the first four of them as zeros.
///
/// 256 inputs of 255 times -128, times 256, stay within 32 bits.
///
/// # Safety
///
/// As [`four_rows`]'s.
#[unsafe(naked)]
unsafe extern "C" fn int4_rows(
    _input: *const u8,
    _weights: *const u8,
    _row_bytes: usize,
    _sums: *mut [i32; 4],
) {
    naked_asm!(
        dsp!(),
        "push {{r3-r11, lr}}",
        "add r4, r0, r2, lsl #1",
        "lsr r3, r2, #2",
        "add r3, r0, r3, lsl #3",
        "push {{r3, r4}}",
        "mov r4, #0",
        "mov r5, #0",
        "mov r6, #0",
        "mov r7, #0",
        "mov r12, #0xF000F000",
        "2:",
        "ldr r8, [r0], #4",
        "3:",
        "ldr r10, [r0], #4",
        "uxtb16 r9, r8, ror #8",
        "uxtb16 r8, r8",
        "uxtb16 r11, r10, ror #8",
        "uxtb16 r10, r10",
        "pkhbt r3, r8, r10, lsl #16",
        "pkhtb r10, r10, r8, asr #16",
        "pkhbt r8, r9, r11, lsl #16",
        "pkhtb r11, r11, r9, asr #16",
        int4_row!("r5", "[r1, r2]"),
        int4_row!("r6", "[r1, r2, lsl #1]"),
        "add r9, r1, r2",
        int4_row!("r7", "[r9, r2, lsl #1]"),
        int4_row!("r4", "[r1], #4"),
        "ldr r9, [sp]",
        "cmp r0, r9",
        "bne 2b",
        "ldr r9, [sp, #4]",
        "cmp r0, r9",
        "beq 4f",
        "str r9, [sp]",
        // Back by four weights.
        "sub r1, #2",
        "mov r8, #0",
        "b 3b",
        "4:",
        "ldr r3, [sp, #8]",
        "asr r4, #8",
        "asr r5, #8",
        "asr r6, #8",
        "asr r7, #8",
        "stmia r3, {{r4-r7}}",
        "add sp, #8",
        "pop {{r3-r11, pc}}",
    )
}

/// The sums of products of four outputs: rows of `row_bytes` weights, which are int4 if these are fewer than the inputs.
///
/// # Safety
///
/// `inputs` activations, a multiple of 4, 8 to 256; four rows of weights.
#[inline(always)]
unsafe fn four_rows(weights: *const u8, row_bytes: usize, input: *const u8, inputs: usize) -> [i32; 4] {
    let mut sums = [0; 4];
    // SAFETY: as the caller promises.
    unsafe {
        if row_bytes == inputs {
            int8_rows(input, weights, row_bytes, &mut sums);
        } else {
            int4_rows(input, weights, row_bytes, &mut sums);
        }
    }
    sums
}

/// The address of a layer's weights, and the bytes of a row.
#[inline(always)]
fn rows<const IN: usize, const HALF: usize, const OUT: usize>(
    weights: &DenseWeights<'_, IN, HALF, OUT>,
) -> (*const u8, usize) {
    const { assert!(IN == 2 * HALF && IN.is_multiple_of(4) && IN >= 8 && IN <= 256) };
    match weights {
        Weights::Int8(rows) => (rows.as_ptr().cast(), IN),
        Weights::Int4(rows) => (rows.as_ptr().cast(), HALF),
    }
}

#[inline(never)]
pub(in crate::kernel) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(OUT.is_multiple_of(4)) };
    let (weights, row_bytes) = rows(&layer.weights);
    let finish = Finish::new(layer.biases, layer.requants, layer.activation_bits, output);
    // SAFETY: the types say how many weights, inputs and outputs there are, the assertions what they are multiples of.
    unsafe { hidden(weights, row_bytes, input.as_ptr(), IN, OUT, finish) }
}

/// A hidden layer.
///
/// # Safety
///
/// As [`four_rows`]'s; `outputs` rows of weights, and so many outputs, a multiple of 4, to finish.
#[inline(never)]
unsafe fn hidden(
    mut weights: *const u8,
    row_bytes: usize,
    input: *const u8,
    inputs: usize,
    outputs: usize,
    mut finish: Finish,
) {
    for _ in 0..outputs / 4 {
        // SAFETY: as the caller promises.
        unsafe {
            finish_four(&four_rows(weights, row_bytes, input, inputs), &mut finish);
            weights = weights.add(4 * row_bytes);
        }
    }
}

#[inline(never)]
pub(in crate::kernel) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    if OUT < 4 {
        return portable::logits(layer, input, output);
    }
    let (weights, row_bytes) = rows(&layer.weights);
    // The last four may overlap the four before them.
    for first in (0..OUT).step_by(4).map(|first| first.min(OUT - 4)) {
        // SAFETY: the types say how many weights and inputs there are; `first` and three more are outputs.
        let sums = unsafe { four_rows(weights.add(first * row_bytes), row_bytes, input.as_ptr(), IN) };
        for (logit, sum) in output.iter_mut().skip(first).zip(sums) {
            *logit = sum;
        }
    }
    for (logit, bias) in output.iter_mut().zip(layer.biases.iter()) {
        *logit += bias;
    }
}
