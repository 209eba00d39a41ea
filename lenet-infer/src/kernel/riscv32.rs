//! RV32IM
#![allow(unsafe_code)]

use super::scalar;
use super::{KERNEL_SIDE, PATCH_SIDE, Row};
use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::Requant;
use lenet_core::model::{Conv, Dense, Logits, Weights, largest_activation, unpack};
use lenet_core::shape::POOL_SIDE;

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

const TILE: usize = 6;

fn dot<const IN: usize>(rows: &[[u8; IN]; TILE], input: &[u8; IN]) -> [i32; TILE] {
    const { assert!(IN.is_multiple_of(4)) };
    let mut sums = [0; TILE];
    // SAFETY: `TILE` rows of as many weights as there are inputs, a multiple of four, and room for their sums.
    unsafe { dot_int8::<IN>(rows.as_ptr().cast(), input.as_ptr(), sums.as_mut_ptr()) };
    sums
}

#[unsafe(naked)]
unsafe extern "C" fn dot_int8<const IN: usize>(rows: *const u8, input: *const u8, sums: *mut i32) {
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
    let max = largest_activation(layer.activation_bits);
    let mut channels = layer.biases.iter().zip(layer.requants.iter());
    let mut channel = output.as_flattened_mut().as_mut_ptr();
    for pair in 0..black_box(PAIRS) {
        let mut maxima = MaybeUninit::<[[i32; 2]; POOLED]>::uninit();
        let mut maximum = maxima.as_mut_ptr().cast::<i32>();
        match &layer.weights {
            Weights::Int8(pairs) => pairs.get(pair).map(|weights| maxima_int8(weights, input, &mut maxima)),
            Weights::Int4(pairs) => pairs.get(pair).map(|weights| maxima_int4(weights, input, &mut maxima)),
        };
        for (bias, requant) in channels.by_ref().take(black_box(2)) {
            // SAFETY: a channel has a maximum in each pair and an activation in each cell, of which there are `POOLED`.
            unsafe {
                activations(maximum, channel, OUT, POOLED, bias, requant, max);
                (maximum, channel) = (maximum.add(1), channel.add(1));
            }
        }
    }
}

fn maxima_int8<const IN: usize, const SIDE: usize, const POOLED: usize, const TAPS: usize>(
    weights: &[[u8; 2]; TAPS],
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    maxima: &mut MaybeUninit<[[i32; 2]; POOLED]>,
) {
    let rows = input.map(|row| row.as_ptr().cast());
    // SAFETY: six rows hold `POOLED` patches, two columns apart; of the weights there are 25 times `IN`, and there is
    // room for the maxima.
    unsafe { row_maxima::<IN>(&rows, weights.as_ptr(), maxima.as_mut_ptr().cast(), POOLED) };
}

/// Apart from the rest, so that only int4 weights take stack for being unpacked.
#[inline(never)]
fn maxima_int4<const IN: usize, const SIDE: usize, const POOLED: usize, const TAPS: usize>(
    weights: &[u8; TAPS],
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    maxima: &mut MaybeUninit<[[i32; 2]; POOLED]>,
) {
    maxima_int8(&weights.map(|byte| unpack(byte).map(|weight| weight as u8)), input, maxima);
}

/// Bias, ReLU and requantisation of `outputs` sums, two words apart, to activations `stride` bytes apart.
unsafe fn activations(
    sums: *const i32,
    activations: *mut u8,
    stride: usize,
    outputs: usize,
    bias: i32,
    requant: Requant,
    max: u8,
) {
    let (multiplier, shift) = (u32::from(requant.multiplier()), u32::from(requant.pre_shift()));
    // SAFETY: as for this function.
    unsafe { requantise(sums, activations, stride, outputs, bias, shift, multiplier, u32::from(max)) };
}

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

/// Bias, ReLU and requantisation of as many outputs as there are in `output`.
#[inline(never)]
fn finish(
    sums: &[i32],
    biases: &[[u8; 4]],
    requants: &[[u8; Requant::BYTES]],
    activation_bits: u8,
    output: &mut [u8],
) {
    let max = largest_activation(activation_bits);
    for (((activation, sum), bias), requant) in output.iter_mut().zip(sums).zip(biases).zip(requants) {
        let Some(requant) = Requant::from_bytes(*requant) else { continue };
        // SAFETY: one output.
        unsafe { activations(sum, activation, 0, 1, i32::from_le_bytes(*bias), requant, max) };
    }
}

/// `sum += value * factor`
macro_rules! mac {
    ($($sum:literal $value:literal $factor:literal),*) => {
        concat!($("mul ra, ", $value, ", ", $factor, "\nadd ", $sum, ", ", $sum, ", ra\n"),*)
    };
}

macro_rules! max {
    ($sum:literal, $other:literal) => {
        concat!(
            "sub ra, ",
            $sum,
            ", ",
            $other,
            "\nsrai t0, ra, 31\nand ra, ra, t0\nsub ",
            $sum,
            ", ",
            $sum,
            ", ra"
        )
    };
}

/// Naked
#[unsafe(naked)]
unsafe extern "C" fn row_maxima<const IN: usize>(
    rows: &[*const u8; PATCH_SIDE],
    weights: *const [u8; 2],
    maxima: *mut [i32; 2],
    windows: usize,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -96",
        "sw ra, 40(sp)",
        "sw s0, 44(sp)",
        "sw s1, 48(sp)",
        "sw s2, 52(sp)",
        "sw s3, 56(sp)",
        "sw s4, 60(sp)",
        "sw s5, 64(sp)",
        "sw s6, 68(sp)",
        "sw s7, 72(sp)",
        "sw s8, 76(sp)",
        "sw s9, 80(sp)",
        "sw s10, 84(sp)",
        "sw s11, 88(sp)",
        "sw a1, 24(sp)",
        "sw a2, 28(sp)",
        "sw a3, 32(sp)",
        ".irp offset, 0, 4, 8, 12, 16, 20",
        "lw t0, \\offset(a0)",
        "sw t0, \\offset(sp)",
        ".endr",
        "li a4, 0",
        "2:",
        ".irp sum, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11",
        "li \\sum, 0",
        ".endr",
        "lw a3, 24(sp)",
        "mv ra, sp",
        "3:",
        "lw a0, 0(ra)",
        "lw a1, 4(ra)",
        "lw a2, 8(ra)",
        "addi ra, ra, 8",
        "sw ra, 36(sp)",
        "add a0, a0, a4",
        "add a1, a1, a4",
        "add a2, a2, a4",
        ".if {channels} > 1",
        "addi a5, a0, {channels}",
        ".endif",
        "4:",
        "lbu t0, 0(a0)",
        "lbu t1, 0(a1)",
        "lbu t2, 0(a2)",
        "sub t0, t0, t1",
        "sub t2, t2, t1",
        ".irp x, 0, 1, 2, 3, 4",
        "lb t3, 2 * \\x * {channels}(a3)",
        "lb t4, 2 * \\x * {channels} + 1(a3)",
        "lb t5, 2 * (\\x + 5) * {channels}(a3)",
        "lb t6, 2 * (\\x + 5) * {channels} + 1(a3)",
        "add a6, t3, t5",
        "add a7, t4, t6",
        mac!("s0" "t0" "t3", "s1" "t1" "a6", "s2" "t2" "t5", "s6" "t0" "t4", "s7" "t1" "a7", "s8" "t2" "t6"),
        "lbu t0, (\\x + 1) * {channels}(a0)",
        "lbu t1, (\\x + 1) * {channels}(a1)",
        "lbu t2, (\\x + 1) * {channels}(a2)",
        "sub t0, t0, t1",
        "sub t2, t2, t1",
        mac!("s3" "t0" "t3", "s4" "t1" "a6", "s5" "t2" "t5", "s9" "t0" "t4", "s10" "t1" "a7", "s11" "t2" "t6"),
        ".endr",
        ".if {channels} > 1",
        "addi a0, a0, 1",
        "addi a1, a1, 1",
        "addi a2, a2, 1",
        "addi a3, a3, 2",
        "bne a0, a5, 4b",
        ".endif",
        "addi a3, a3, {two_rows}",
        "lw ra, 36(sp)",
        "addi t0, sp, 16",
        "bne ra, t0, 3b",
        "lw a0, 0(ra)",
        "lw a1, 4(ra)",
        "add a0, a0, a4",
        "add a1, a1, a4",
        ".if {channels} > 1",
        "addi a5, a0, {channels}",
        ".endif",
        "5:",
        "lbu t0, 0(a0)",
        "lbu t1, 0(a1)",
        ".irp x, 0, 1, 2, 3, 4",
        "lb t3, 2 * \\x * {channels}(a3)",
        "lb t4, 2 * \\x * {channels} + 1(a3)",
        mac!("s0" "t0" "t3", "s2" "t1" "t3", "s6" "t0" "t4", "s8" "t1" "t4"),
        "lbu t0, (\\x + 1) * {channels}(a0)",
        "lbu t1, (\\x + 1) * {channels}(a1)",
        mac!("s3" "t0" "t3", "s5" "t1" "t3", "s9" "t0" "t4", "s11" "t1" "t4"),
        ".endr",
        ".if {channels} > 1",
        "addi a0, a0, 1",
        "addi a1, a1, 1",
        "addi a3, a3, 2",
        "bne a0, a5, 5b",
        ".endif",
        max!("s0", "s2"),
        max!("s3", "s5"),
        max!("s6", "s8"),
        max!("s9", "s11"),
        "add s0, s0, s1",
        "add s3, s3, s4",
        "add s6, s6, s7",
        "add s9, s9, s10",
        max!("s0", "s3"),
        max!("s6", "s9"),
        "lw ra, 28(sp)",
        "sw s0, 0(ra)",
        "sw s6, 4(ra)",
        "addi ra, ra, 8",
        "sw ra, 28(sp)",
        "lw ra, 32(sp)",
        "addi a4, a4, 2 * {channels}",
        "addi ra, ra, -1",
        "sw ra, 32(sp)",
        "bnez ra, 2b",
        "lw ra, 40(sp)",
        "lw s0, 44(sp)",
        "lw s1, 48(sp)",
        "lw s2, 52(sp)",
        "lw s3, 56(sp)",
        "lw s4, 60(sp)",
        "lw s5, 64(sp)",
        "lw s6, 68(sp)",
        "lw s7, 72(sp)",
        "lw s8, 76(sp)",
        "lw s9, 80(sp)",
        "lw s10, 84(sp)",
        "lw s11, 88(sp)",
        "addi sp, sp, 96",
        "ret",
        ".option pop",
        channels = const IN,
        two_rows = const 4 * KERNEL_SIDE * IN - if IN == 1 { 0 } else { 2 * IN },
    )
}
