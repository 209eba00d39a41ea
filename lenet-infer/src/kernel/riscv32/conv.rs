//! The sums of a convolution, and their maximum over a window.

use super::{KERNEL_SIDE, PATCH_SIDE};
use core::arch::naked_asm;

/// `sum += input * weight` for each triple.
macro_rules! add_products {
    ($($sum:literal $input:literal $weight:literal),*) => {
        concat!($("mul ra, ", $input, ", ", $weight, "\nadd ", $sum, ", ", $sum, ", ra\n"),*)
    };
}

/// `r = max(r, other)` for each pair, without a branch: r - other is taken off where it is negative.
macro_rules! max {
    ($($r:literal $other:literal),*) => {
        concat!($(
            "sub ra, ", $r, ", ", $other, "\nsrai t0, ra, 31\nand ra, ra, t0\nsub ", $r, ", ", $r, ", ra\n"
        ),*)
    };
}

/// The maxima of sums of products over windows two columns apart, up to the one that would start at byte `end` of the rows, in
/// a pair of output channels whose weights lie `[tap][channel]`.
///
/// | registers | |
/// |---|---|
/// | s0-s2, s3-s5 | even channel: sums of upper, shared and lower products, of the left and of the right column |
/// | s6-s8, s9-s11 | odd channel: the same |
/// | t0-t2 | inputs of a column: upper less middle, middle, lower less middle |
/// | t3, t4 | weights of the upper row, even and odd channel; of the only row in the last |
/// | t5, t6 | weights of the lower row |
/// | a6, a7 | the two rows' weights added |
/// | a0-a2, a3 | where in the rows of input, and in the weights |
/// | a4, a5 | bytes from the start of a row to the window; the end of a loop over input channels |
/// | ra | all else |
///
/// The frame: the six rows at 0, weights at 24, maxima at 28, `end` at 32, the next pair of rows at 36, and the
/// registers of the caller from 40 on.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn row_maxima<const IN: usize>(
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
        // A window.
        "2:",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "li s\\i, 0",
        ".endr",
        "lw a3, 24(sp)",
        "mv ra, sp",
        // A pair of rows of the kernel, over three rows of input.
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
        // An input channel.
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
        // The last row of the kernel, over two rows of input.
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
        // The maximum of each column's two outputs, then of the two columns.
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
