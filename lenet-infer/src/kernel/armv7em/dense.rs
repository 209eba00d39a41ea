//! Fully-connected layers.

use super::finish::{Finish, finish_four};
use crate::kernel::portable;
use core::arch::naked_asm;
use lenet_core::model::{Dense, DenseWeights, Logits, Weights};

/// Eight products: four inputs of one output, whose weights are at `$at`.
macro_rules! int8_row {
    ($sum:literal, $at:literal) => {
        concat!(
            "ldr r11, ",
            $at,
            "\n",
            "sxtb16 r10, r11\n",
            "sxtb16 r11, r11, ror #8\n",
            "smlad ",
            $sum,
            ", r10, r8, ",
            $sum,
            "\n",
            "smlad ",
            $sum,
            ", r11, r9, ",
            $sum,
            "\n",
        )
    };
}

/// 32 products: four inputs of four outputs.
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

#[unsafe(naked)]
unsafe extern "C" fn int8_rows(_input: *const u8, _weights: *const u8, _stride: usize, _sums: *mut [i32; 4]) {
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

/// Eight products: eight inputs of one output, whose weights are at `$at`.
macro_rules! int4_row {
    ($sum:literal, $at:literal) => {
        concat!(
            "ldr lr, ",
            $at,
            "\n",
            "and r9, r12, lr, lsl #12\n",
            "smlad ",
            $sum,
            ", r9, r3, ",
            $sum,
            "\n",
            "and r9, r12, lr, lsl #8\n",
            "smlad ",
            $sum,
            ", r9, r8, ",
            $sum,
            "\n",
            "and r9, r12, lr, lsl #4\n",
            "smlad ",
            $sum,
            ", r9, r10, ",
            $sum,
            "\n",
            "and lr, r12, lr\n",
            "smlad ",
            $sum,
            ", lr, r11, ",
            $sum,
            "\n",
        )
    };
}

#[unsafe(naked)]
unsafe extern "C" fn int4_rows(_input: *const u8, _weights: *const u8, _stride: usize, _sums: *mut [i32; 4]) {
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

/// The sums of products of four outputs, from `first` on.
#[inline(always)]
fn four_rows<const IN: usize, const HALF: usize, const OUT: usize>(
    weights: &DenseWeights<'_, IN, HALF, OUT>,
    first: usize,
    input: &[u8; IN],
) -> [i32; 4] {
    let mut sums = [0; 4];
    // SAFETY: x
    unsafe {
        match weights {
            Weights::Int8(rows) => int8_rows(input.as_ptr(), rows.as_ptr().add(first).cast(), IN, &mut sums),
            Weights::Int4(rows) => {
                int4_rows(input.as_ptr(), rows.as_ptr().add(first).cast(), HALF, &mut sums)
            }
        }
    }
    sums
}

#[inline(never)]
pub(in crate::kernel) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    const { assert!(OUT % 4 == 0) };
    let mut finish = Finish::new(layer.biases, layer.requants, layer.activation_bits, output);
    for first in (0..OUT).step_by(4) {
        let sums = four_rows(&layer.weights, first, input);
        // SAFETY: x
        unsafe { finish_four(&sums, &mut finish) };
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
    for first in (0..OUT).step_by(4) {
        let first = first.min(OUT - 4);
        let sums = four_rows(&layer.weights, first, input);
        for (logit, sum) in output.iter_mut().skip(first).zip(sums) {
            *logit = sum;
        }
    }
    for (logit, bias) in output.iter_mut().zip(layer.biases.iter()) {
        *logit += bias;
    }
}
