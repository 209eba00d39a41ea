//! Cortex-M3
#![allow(unsafe_code)]

use super::scalar;
use super::{KERNEL_SIDE, PATCH_SIDE, Row};
use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::Requant;
use lenet_core::model::{Conv, Dense, Logits, Weights, largest_activation};
use lenet_core::shape::POOL_SIDE;

/// The left positions of the window: r4 the upper activation, r5 the lower, r2 and r3 the weights.
macro_rules! tap {
    () => {
        "mla r6, r4, r2, r6
         mla r7, r4, r3, r7
         mla r8, r5, r2, r8
         mla r9, r5, r3, r9"
    };
}

/// The right positions.
macro_rules! right {
    () => {
        "mla r10, r4, r2, r10
         mla r11, r4, r3, r11
         mla r12, r5, r2, r12
         mla lr, r5, r3, lr"
    };
}

/// A naked function that takes a patch of `IN` channels and gives the maxima of a window in every output channel.
macro_rules! maxima {
    ($(#[$doc:meta])* $name:ident, $tap_bytes:literal, $load_first:literal, $load_tap:literal, $scale:literal) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name<const IN: usize>(
            patch: *const u8,
            weights: *const u8,
            maxima: *mut i32,
            pairs: usize,
        ) {
            naked_asm!(
                "push {{r4-r11, lr}}",
                "push {{r0, r2, r3, r4}}",
                // A pair of output channels.
                "2:",
                "ldr r0, [sp]",
                "movs r6, #0",
                "movs r7, #0",
                "mov r8, #0",
                "mov r9, #0",
                "mov r10, #0",
                "mov r11, #0",
                "mov r12, #0",
                "mov lr, #0",
                // A row of the kernel, or all of them where there is one input channel.
                "3:",
                "add r2, r0, #{marches} * {step}",
                "str r2, [sp, #12]",
                // A march along five columns.
                "4:",
                "ldrb r4, [r0], #{step}",
                "ldrb r5, [r0, #{row} - {step}]",
                $load_first,
                tap!(),
                "ldrb r4, [r0, #1 * {column} - {step}]",
                "ldrb r5, [r0, #{row} + 1 * {column} - {step}]",
                right!(),
                ".irp x, 1, 2, 3, 4",
                $load_tap,
                tap!(),
                "ldrb r4, [r0, #(\\x + 1) * {column} - {step}]",
                "ldrb r5, [r0, #{row} + (\\x + 1) * {column} - {step}]",
                right!(),
                ".endr",
                "ldr r2, [sp, #12]",
                "cmp r0, r2",
                "bne 4b",
                "adds r0, #{row_skip}",
                "adds r1, #{row_skip_taps} * {tap_bytes}",
                "ldr r2, [sp]",
                "add r2, #{patch}",
                "cmp r0, r2",
                "bne 3b",
                // The maximum over the window.
                "cmp r6, r8",
                "it lt",
                "movlt r6, r8",
                "cmp r7, r9",
                "it lt",
                "movlt r7, r9",
                "cmp r10, r12",
                "it lt",
                "movlt r10, r12",
                "cmp r11, lr",
                "it lt",
                "movlt r11, lr",
                "cmp r6, r10",
                "it lt",
                "movlt r6, r10",
                "cmp r7, r11",
                "it lt",
                "movlt r7, r11",
                $scale,
                "ldr r2, [sp, #4]",
                "stmia r2!, {{r6, r7}}",
                "ldr r3, [sp, #8]",
                "str r2, [sp, #4]",
                "subs r3, #1",
                "str r3, [sp, #8]",
                "bne 2b",
                "add sp, #16",
                "pop {{r4-r11, pc}}",
                tap_bytes = const $tap_bytes,
                column = const IN,
                row = const PATCH_SIDE * IN,
                patch = const KERNEL_SIDE * PATCH_SIDE * IN,
                marches = const if IN == 1 { KERNEL_SIDE } else { IN },
                step = const if IN == 1 { PATCH_SIDE } else { 1 },
                row_skip = const if IN == 1 { 0 } else { (PATCH_SIDE - 1) * IN },
                row_skip_taps = const if IN == 1 { 0 } else { (KERNEL_SIDE - 1) * IN },
                march_taps = const if IN == 1 { KERNEL_SIDE } else { 1 },
            )
        }
    };
}

maxima!(
    maxima_int8,
    2,
    "ldrsb r2, [r1], #2 * {march_taps}
     ldrsb r3, [r1, #1 - 2 * {march_taps}]",
    "ldrsb r2, [r1, #2 * (\\x * {column} - {march_taps})]
     ldrsb r3, [r1, #2 * (\\x * {column} - {march_taps}) + 1]",
    ""
);

maxima!(
    maxima_int4,
    1,
    "ldrsb r3, [r1], #{march_taps}
     sbfx r2, r3, #0, #4
     asrs r3, r3, #4",
    "ldrsb r3, [r1, #\\x * {column} - {march_taps}]
     sbfx r2, r3, #0, #4
     asrs r3, r3, #4",
    "lsls r6, r6, #4
     lsls r7, r7, #4"
);

#[inline(never)]
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
    const {
        assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && OUT == 2 * PAIRS);
        assert!(SIDE == POOL_SIDE * POOLED + KERNEL_SIDE - 1);
    }
    let mut rows = input.map(|row| row.as_ptr().cast::<u8>());
    let mut patch = MaybeUninit::<[[[u8; IN]; PATCH_SIDE]; PATCH_SIDE]>::uninit();
    let patch = patch.as_mut_ptr().cast::<u8>();
    let mut maxima = [0; OUT];
    for cell in black_box(output.as_mut_slice()) {
        // SAFETY: `rows` points to rows that hold `POOLED` patches, two columns apart, and is moved by two columns each
        // time. The patch and the weights have the sizes that `IN` and `PAIRS` say, and there is room for a maximum
        // a channel.
        unsafe {
            copy_patch::<IN>(&mut rows, patch);
            match layer.weights {
                Weights::Int8(weights) => {
                    maxima_int8::<IN>(patch, weights.as_ptr().cast(), maxima.as_mut_ptr(), PAIRS);
                }
                Weights::Int4(weights) => {
                    maxima_int4::<IN>(patch, weights.as_ptr().cast(), maxima.as_mut_ptr(), PAIRS);
                }
            }
        }
        finish(&maxima, layer.biases.as_bytes(), layer.requants.as_bytes(), layer.activation_bits, cell);
    }
}

/// Copies the patch that starts at the six `rows`, and moves them to the next one.
#[unsafe(naked)]
unsafe extern "C" fn copy_patch<const IN: usize>(rows: &mut [*const u8; PATCH_SIDE], patch: *mut u8) {
    naked_asm!(
        "add r12, r0, #24",
        "2:",
        "ldr r2, [r0]",
        "add r3, r2, #2 * {channels}",
        "str r3, [r0], #4",
        ".rept {words}",
        "ldr r3, [r2], #4",
        "str r3, [r1], #4",
        ".endr",
        ".if {bytes} % 4",
        "ldrh r3, [r2]",
        "strh r3, [r1], #2",
        ".endif",
        "cmp r0, r12",
        "bne 2b",
        "bx lr",
        channels = const IN,
        words = const PATCH_SIDE * IN / 4,
        bytes = const PATCH_SIDE * IN,
    )
}

/// Bias, ReLU and requantisation of as many outputs as there are in `output`.
fn finish(
    sums: &[i32],
    biases: &[[u8; 4]],
    requants: &[[u8; Requant::BYTES]],
    activation_bits: u8,
    output: &mut [u8],
) {
    let outputs = sums.len().min(biases.len()).min(requants.len()).min(output.len());
    let max = u32::from(largest_activation(activation_bits));
    // SAFETY: each of the four has `outputs` elements.
    unsafe {
        activations(sums.as_ptr(), biases.as_ptr(), requants.as_ptr(), output.as_mut_ptr(), outputs, max)
    };
}

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

#[inline(never)]
pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    scalar::dense(layer, input, output, dot, finish);
}

#[inline(never)]
pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
) {
    scalar::logits(layer, input, output, dot);
}

/// Outputs that share a loaded activation.
const TILE: usize = 4;

fn dot<const IN: usize>(rows: &[[u8; IN]; TILE], input: &[u8; IN]) -> [i32; TILE] {
    const { assert!(IN.is_multiple_of(4)) };
    let mut sums = [0; TILE];
    // SAFETY: `TILE` rows of as many weights as there are inputs, a multiple of four, and room for their sums.
    unsafe { dot_int8(rows.as_ptr().cast(), input.as_ptr(), input.as_ptr_range().end, sums.as_mut_ptr()) };
    sums
}

/// Four outputs
#[unsafe(naked)]
unsafe extern "C" fn dot_int8(rows: *const u8, input: *const u8, end: *const u8, sums: *mut i32) {
    naked_asm!(
        "push {{r3-r11, lr}}",
        "subs r6, r2, r1",
        "adds r4, r0, r6",
        "adds r5, r4, r6",
        "add r6, r5",
        "movs r7, #0",
        "mov r8, #0",
        "mov r9, #0",
        "mov r10, #0",
        "2:",
        ".rept 4",
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
    )
}
