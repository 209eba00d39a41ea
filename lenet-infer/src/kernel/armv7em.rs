//! Cortex-M4, M7 and M33 with the DSP extension: two products an instruction.

#![allow(unsafe_code)]

use super::{PATCH_SIDE, Row, portable};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Dense, DenseWeights, Logits, Weights, largest_activation, unpack};

/// Words of a widened patch of a grey picture.
const GREY_PATCH: usize = 6 * 7;
/// Words of two widened rows of six channels.
const TWO_ROWS: usize = 2 * 18;
/// Pairs of channels whose sums are held at a time.
const PAIRS_AT_A_TIME: usize = 4;

pub(super) fn conv_pool_row<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const PAIRS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    output: &mut Row<OUT, POOLED>,
) {
    const { assert!(2 * POOLED + 4 == SIDE && (IN == 1 || IN == 6 && PAIRS % PAIRS_AT_A_TIME == 0)) };
    let max = largest_activation(layer.activation_bits);
    let rows = input.map(|row| row.as_ptr().cast::<u8>());
    let weights = match layer.weights {
        Weights::Int8(w) => w.as_ptr().cast::<u8>(),
        Weights::Int4(_) => return portable::conv_pool_row(layer, input, output),
    };
    for (x, cell) in output.iter_mut().enumerate() {
        let mut outputs = cell.iter_mut().zip(layer.biases.iter()).zip(layer.requants.iter());
        let mut finish = |maximum: i32| {
            if let Some(((activation, bias), requant)) = outputs.next() {
                *activation = requant.activation(maximum + bias, max);
            }
        };
        if IN == 1 {
            let mut patch = MaybeUninit::<[u32; GREY_PATCH]>::uninit();
            // SAFETY: x
            unsafe { widen_grey(&rows, 2 * x, patch.as_mut_ptr().cast()) };
            for pair in 0..PAIRS {
                // SAFETY: x
                let maxima = unsafe { grey_maxima(weights.add(2 * TAPS * pair), patch.as_ptr().cast()) };
                finish(maxima as i32);
                finish((maxima >> 32) as i32);
            }
        } else {
            let mut patch = MaybeUninit::<[u32; TWO_ROWS]>::uninit();
            let patch = patch.as_mut_ptr().cast::<u32>();
            for first in (0..PAIRS).step_by(PAIRS_AT_A_TIME) {
                let mut sums = [[0; 8]; PAIRS_AT_A_TIME];
                // SAFETY: x
                unsafe {
                    widen_row(rows[0].add(2 * x * IN), patch);
                    for ky in 0..5 {
                        widen_row(rows[ky + 1].add(2 * x * IN), patch.add((ky + 1) % 2 * 18));
                        let range = sums.as_mut_ptr_range();
                        kernel_row(weights.add(2 * TAPS * first + 60 * ky), patch, range.start, range.end);
                    }
                }
                for [a, b, c, d, e, f, g, h] in sums {
                    finish(a.max(c).max(e.max(g)));
                    finish(b.max(d).max(f.max(h)));
                }
            }
        }
    }
}

/// Sixteen products: a pair of taps for two channels at four positions.
macro_rules! step {
    ($multiply:literal, $at:literal, $row:literal) => {
        concat!(
            "ldr lr, [r0], #4\n",
            "ldrd r2, r3, [r1, #",
            $at,
            "]\n",
            "sxtb16 r12, lr\n",
            "sxtb16 lr, lr, ror #8\n",
            $multiply,
            " r4, r12, r2, r4\n",
            $multiply,
            " r5, lr, r2, r5\n",
            $multiply,
            " r6, r12, r3, r6\n",
            $multiply,
            " r7, lr, r3, r7\n",
            "ldrd r2, r3, [r1, #",
            $at,
            "+",
            $row,
            "]\n",
            $multiply,
            " r8, r12, r2, r8\n",
            $multiply,
            " r9, lr, r2, r9\n",
            $multiply,
            " r10, r12, r3, r10\n",
            $multiply,
            " r11, lr, r3, r11\n",
        )
    };
}

#[unsafe(naked)]
unsafe extern "C" fn kernel_row(
    _weights: *const u8,
    _rows: *const u32,
    _sums: *mut [i32; 8],
    _end: *mut [i32; 8],
) {
    naked_asm!(
        "push {{r2-r11, lr}}",
        "2:",
        "ldr r2, [sp]",
        "ldmia r2!, {{r8-r11}}",
        "ldmia r2, {{r4-r7}}",
        ".irp at, 0, 24, 48, 4, 28, 52, 8, 32, 56, 12, 36, 60, 16, 40, 64",
        step!("smlad", "\\at", 72),
        ".endr",
        "ldr r2, [sp]",
        "stmia r2!, {{r4-r11}}",
        "str r2, [sp]",
        "ldr r3, [sp, #4]",
        "add r0, r0, #240",
        "cmp r2, r3",
        "bne 2b",
        "pop {{r2-r11, pc}}",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn widen_row(_input: *const u8, _words: *mut u32) {
    naked_asm!(
        ".irp at, 0, 8, 16",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #\\at]",
        "str r2, [r1, #\\at + 24]",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #\\at + 48]",
        "str r2, [r1, #\\at + 4]",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #\\at + 28]",
        "str r2, [r1, #\\at + 52]",
        ".endr",
        "bx lr",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn widen_grey(_rows: &[*const u8; PATCH_SIDE], _x: usize, _patch: *mut u32) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        ".rept 6",
        "ldr r3, [r0], #4",
        "add r3, r3, r1",
        "ldr r12, [r3]",
        "ldr r10, [r3, #2]",
        "uxtb16 r3, r12",
        "uxtb16 r12, r12, ror #8",
        "pkhbt r4, r3, r11",
        "pkhbt r5, r12, lr",
        "uxtb16 r11, r10",
        "uxtb16 lr, r10, ror #8",
        "pkhbt r6, r3, r12, lsl #16",
        "pkhbt r7, r12, r3",
        "pkhbt r8, r11, lr, lsl #16",
        "pkhbt r9, lr, r11",
        "pkhtb r10, lr, r11, asr #16",
        "stmia r2!, {{r4-r10}}",
        ".endr",
        "pop {{r4-r11, pc}}",
    )
}

/// The largest of four: `a` of `a`, `b`, `c` and `d`.
macro_rules! largest {
    ($a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "cmp ", $a, ", ", $b, "\n", "it lt\n", "movlt ", $a, ", ", $b, "\n", "cmp ", $c, ", ", $d, "\n",
            "it lt\n", "movlt ", $c, ", ", $d, "\n", "cmp ", $a, ", ", $c, "\n", "it lt\n", "movlt ", $a,
            ", ", $c, "\n",
        )
    };
}

#[unsafe(naked)]
unsafe extern "C" fn grey_maxima(_weights: *const u8, _patch: *const u32) -> u64 {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "ldr lr, [r0], #4",
        "ldrd r2, r3, [r1, #8]",
        "sxtb16 r12, lr",
        "sxtb16 lr, lr, ror #8",
        "smuad r4, r12, r2",
        "smuad r5, lr, r2",
        "smuad r6, r12, r3",
        "smuad r7, lr, r3",
        "ldrd r2, r3, [r1, #36]",
        "smuad r8, r12, r2",
        "smuad r9, lr, r2",
        "smuad r10, r12, r3",
        "smuad r11, lr, r3",
        step!("smlad", 16, 28),
        step!("smladx", 28, 28),
        step!("smlad", 40, 28),
        step!("smlad", 48, 28),
        step!("smlad", 64, 28),
        step!("smlad", 72, 28),
        step!("smladx", 84, 28),
        step!("smlad", 96, 28),
        step!("smlad", 104, 28),
        step!("smlad", 120, 28),
        step!("smlad", 128, 28),
        "ldrsb r12, [r0]",
        "ldrsb lr, [r0, #1]",
        "ldr r2, [r1, #136]",
        "ldr r3, [r1, #164]",
        "smlabb r4, r12, r2, r4",
        "smlabb r5, lr, r2, r5",
        "smlabt r6, r12, r2, r6",
        "smlabt r7, lr, r2, r7",
        "smlabb r8, r12, r3, r8",
        "smlabb r9, lr, r3, r9",
        "smlabt r10, r12, r3, r10",
        "smlabt r11, lr, r3, r11",
        largest!("r4", "r6", "r8", "r10"),
        largest!("r5", "r7", "r9", "r11"),
        "mov r0, r4",
        "mov r1, r5",
        "pop {{r4-r11, pc}}",
    )
}

pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    portable::dense(layer, input, output)
}

pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    portable::logits(layer, input, output)
}
