//! The sums of a convolution and their maximum over a window, for both convolutions.

use super::requant::activations;
use crate::kernel::{KERNEL_SIDE, PATCH_SIDE};
use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Weights, unpack};
use lenet_core::shape::{CONV1_TAPS, CONV2_TAPS, POOL_SIDE};

// What is compared is less than 2^31 apart, as `max` needs it: sums of a channel, and before that the outer sums of two
// outputs. A product of an outer sum has the magnitude of an ordinary one, one of the shared sum twice that.
const _: () = assert!(2 * CONV2_TAPS * 2 * 255 * 128 < 1 << 31 && CONV1_TAPS <= CONV2_TAPS);

/// Computes a row of `POOLED` pooled positions of a convolution with `IN` input channels.
///
/// # Safety
///
/// `rows` must be the addresses of six rows of `IN` channels. Each row must be valid for reads of a patch at every
/// second column, `POOLED` patches in all.
#[inline(always)]
pub(super) unsafe fn row<
    const IN: usize,
    const POOLED: usize,
    const TAPS: usize,
    const PAIRS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    rows: [*const u8; PATCH_SIDE],
    output: &mut [[u8; OUT]; POOLED],
) {
    const { assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && OUT == 2 * PAIRS) };
    let max = layer.largest_activation();
    let mut channels = layer.biases().iter().zip(layer.requants().iter());
    let mut channel = output.as_flattened_mut().as_mut_ptr();
    // `black_box` hides the count, so that the compiler does not unroll the loop.
    for pair in 0..black_box(PAIRS) {
        let mut maxima = Maxima::<POOLED>::uninit();
        // SAFETY: the caller guarantees it for the rows.
        unsafe {
            match layer.weights() {
                Weights::Int8(pairs) => {
                    pairs.get(pair).map(|weights| maxima_int8::<IN, _, _>(weights, &rows, &mut maxima))
                }
                Weights::Int4(pairs) => {
                    pairs.get(pair).map(|weights| maxima_int4::<IN, _, _>(weights, &rows, &mut maxima))
                }
            }
        };
        let mut maximum = maxima.as_ptr().cast::<i32>();
        for (bias, requant) in channels.by_ref().take(2) {
            // SAFETY: each channel of a pair has one maximum per window, which was just written, and one activation
            // per window.
            unsafe {
                activations(maximum, channel, OUT, POOLED, bias, requant, max);
                (maximum, channel) = (maximum.add(1), channel.add(1));
            }
        }
    }
}

/// The maxima of a row of windows, `[window][channel of the pair]`.
type Maxima<const POOLED: usize> = MaybeUninit<[[i32; 2]; POOLED]>;

/// Computes the maxima of a row of windows with int8 weights.
///
/// # Safety
///
/// As for [`row`].
unsafe fn maxima_int8<const IN: usize, const POOLED: usize, const TAPS: usize>(
    weights: &[[u8; 2]; TAPS],
    rows: &[*const u8; PATCH_SIDE],
    maxima: &mut Maxima<POOLED>,
) {
    // SAFETY: the caller guarantees it for the rows. There are `25 * IN` taps and `POOLED` maxima.
    unsafe { row_maxima::<IN>(rows, weights.as_ptr(), maxima.as_mut_ptr().cast(), POOLED * POOL_SIDE * IN) };
}

/// Computes the maxima of a row of windows with int4 weights.
///
/// Not inlined, so that only int4 weights take stack to be unpacked.
///
/// # Safety
///
/// As for [`row`].
#[inline(never)]
unsafe fn maxima_int4<const IN: usize, const POOLED: usize, const TAPS: usize>(
    weights: &[u8; TAPS],
    rows: &[*const u8; PATCH_SIDE],
    maxima: &mut Maxima<POOLED>,
) {
    let mut unpacked = [[0; 2]; TAPS];
    unpack_taps(weights, &mut unpacked);
    // SAFETY: the caller guarantees it.
    unsafe { maxima_int8::<IN, _, _>(&unpacked, rows, maxima) };
}

/// Unpacks the int4 weights of a pair of channels. Not generic, so that the program has one copy.
#[inline(never)]
fn unpack_taps(weights: &[u8], unpacked: &mut [[u8; 2]]) {
    for (pair, byte) in unpacked.iter_mut().zip(weights) {
        *pair = unpack(*byte).map(|weight| weight as u8);
    }
}

/// `sum += input * weight` for each triple. Changes `ra`.
macro_rules! add_products {
    ($($sum:literal $input:literal $weight:literal),*) => {
        concat!($("mul ra, ", $input, ", ", $weight, "\nadd ", $sum, ", ", $sum, ", ra\n"),*)
    };
}

/// `r = max(r, other)` for each pair, without a branch: subtracts `r - other` where it is negative. Changes `ra` and
/// `t0`.
macro_rules! max {
    ($($r:literal $other:literal),*) => {
        concat!($(
            "sub ra, ", $r, ", ", $other, "\nsrai t0, ra, 31\nand ra, ra, t0\nsub ", $r, ", ", $r, ", ra\n"
        ),*)
    };
}

/// Computes the maxima of sums over a row of windows, in one pair of output channels.
///
/// - `rows` (`a0`): the addresses of six rows of input.
/// - `weights` (`a1`): the int8 weights, `[tap][channel of the pair]`.
/// - `maxima` (`a2`): where the maxima go, `[window][channel of the pair]`.
/// - `end` (`a3`): the offset in the rows, in bytes, of the first window that is not computed. Windows are two columns
///   apart.
///
/// Input and weights are read by the byte and may lie at any address. Changes `a0` to `a7` and `t0` to `t6`. Takes 96
/// bytes of stack.
///
/// | registers | use |
/// |---|---|
/// | s0-s2, s3-s5 | even channel: sums of upper, shared and lower products, of the left and of the right column |
/// | s6-s8, s9-s11 | odd channel: the same |
/// | t0-t2 | inputs of a column: upper minus middle, middle, lower minus middle |
/// | t3, t4 | weights of the upper row, even and odd channel; in the last kernel row, of that row |
/// | t5, t6 | weights of the lower row |
/// | a6, a7 | sums of the weights of both rows |
/// | a0-a2, a3 | addresses in the rows of input, and in the weights |
/// | a4, a5 | offset of the window in a row, in bytes; end of a loop over input channels |
/// | ra | everything else |
///
/// The stack frame holds the six rows at 0, the weights at 24, the maxima at 28, `end` at 32, the next pair of rows at
/// 36, and the registers of the caller from 40 on.
///
/// # Safety
///
/// `end` must be a multiple of `2 * IN` above 0. Each of `rows` must be valid for reads of a patch at each window,
/// `weights` for reads of `25 * IN` taps, and `maxima` for writes of one element per window.
#[unsafe(naked)]
unsafe extern "C" fn row_maxima<const IN: usize>(
    rows: &[*const u8; PATCH_SIDE],
    weights: *const [u8; 2],
    maxima: *mut [i32; 2],
    end: usize,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -96",
        "sw ra, 40(sp)",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "sw s\\i, 44 + 4 * \\i(sp)",
        ".endr",
        ".irp i, 0, 1, 2, 3, 4, 5",
        "lw t0, 4 * \\i(a0)",
        "sw t0, 4 * \\i(sp)",
        ".endr",
        "sw a1, 24(sp)",
        "sw a2, 28(sp)",
        "sw a3, 32(sp)",
        "li a4, 0",
        // One turn per window.
        "2:",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "li s\\i, 0",
        ".endr",
        "lw a3, 24(sp)",
        "mv ra, sp",
        // One turn per pair of kernel rows, over three rows of input.
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
        // One turn per input channel.
        "4:",
        "lbu t0, 0(a0)",
        "lbu t1, 0(a1)",
        "lbu t2, 0(a2)",
        "sub t0, t0, t1",
        "sub t2, t2, t1",
        ".irp x, 0, 1, 2, 3, 4",
        "lb t3, 2 * \\x * {channels}(a3)",
        "lb t4, 2 * \\x * {channels} + 1(a3)",
        "lb t5, 2 * (\\x + {side}) * {channels}(a3)",
        "lb t6, 2 * (\\x + {side}) * {channels} + 1(a3)",
        "add a6, t3, t5",
        "add a7, t4, t6",
        add_products!("s0" "t0" "t3", "s1" "t1" "a6", "s2" "t2" "t5"),
        add_products!("s6" "t0" "t4", "s7" "t1" "a7", "s8" "t2" "t6"),
        "lbu t0, (\\x + 1) * {channels}(a0)",
        "lbu t1, (\\x + 1) * {channels}(a1)",
        "lbu t2, (\\x + 1) * {channels}(a2)",
        "sub t0, t0, t1",
        "sub t2, t2, t1",
        add_products!("s3" "t0" "t3", "s4" "t1" "a6", "s5" "t2" "t5"),
        add_products!("s9" "t0" "t4", "s10" "t1" "a7", "s11" "t2" "t6"),
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
        // The last kernel row, over two rows of input.
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
        add_products!("s0" "t0" "t3", "s2" "t1" "t3", "s6" "t0" "t4", "s8" "t1" "t4"),
        "lbu t0, (\\x + 1) * {channels}(a0)",
        "lbu t1, (\\x + 1) * {channels}(a1)",
        add_products!("s3" "t0" "t3", "s5" "t1" "t3", "s9" "t0" "t4", "s11" "t1" "t4"),
        ".endr",
        ".if {channels} > 1",
        "addi a0, a0, 1",
        "addi a1, a1, 1",
        "addi a3, a3, 2",
        "bne a0, a5, 5b",
        ".endif",
        // The maximum of the two outputs of each column, then of the two columns.
        max!("s0" "s2", "s3" "s5", "s6" "s8", "s9" "s11"),
        "add s0, s0, s1",
        "add s3, s3, s4",
        "add s6, s6, s7",
        "add s9, s9, s10",
        max!("s0" "s3", "s6" "s9"),
        "lw ra, 28(sp)",
        "sw s0, 0(ra)",
        "sw s6, 4(ra)",
        "addi ra, ra, 8",
        "sw ra, 28(sp)",
        "lw ra, 32(sp)",
        "addi a4, a4, 2 * {channels}",
        "bne a4, ra, 2b",
        "lw ra, 40(sp)",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "lw s\\i, 44 + 4 * \\i(sp)",
        ".endr",
        "addi sp, sp, 96",
        "ret",
        ".option pop",
        channels = const IN,
        side = const KERNEL_SIDE,
        two_rows = const 2 * 2 * KERNEL_SIDE * IN - if IN == 1 { 0 } else { 2 * IN },
    )
}
