//! The sums of products of one input channel, for both convolutions.

use super::lines::LINES;
use super::pack::{Packed, WORDS};
use core::arch::naked_asm;
use core::mem::MaybeUninit;

/// Columns of the output that are computed at a time.
pub(super) const COLUMNS: usize = 8;

// The assembly has these sizes as constants.
const _: () = assert!(COLUMNS == 8 && WORDS == 2 && LINES == 8);

/// The shared, the upper and the lower sums of eight columns, `[kind][column][word]`.
pub(super) type Sums = MaybeUninit<[[[u32; WORDS]; COLUMNS]; 3]>;

/// Sets sums to those of no products.
///
/// - `sums` (`a0`): where they go.
/// - `seed0` (`a1`), `seed1` (`a2`): what the two words start from.
///
/// Changes nothing else. Needs no stack.
#[unsafe(naked)]
pub(super) extern "C" fn clear(sums: &mut Sums, seed0: u32, seed1: u32) {
    naked_asm!(
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7",
        "sw a1, 8 * \\i(a0)",
        "sw a2, 4 + 8 * \\i(a0)",
        "sw zero, 64 + 8 * \\i(a0)",
        "sw zero, 68 + 8 * \\i(a0)",
        "sw zero, 128 + 8 * \\i(a0)",
        "sw zero, 132 + 8 * \\i(a0)",
        ".endr",
        "ret",
    )
}

/// Adds the products of one column of inputs, in `$input`, to the sums of one column of outputs.
#[rustfmt::skip]
macro_rules! add_products {
    ($input:literal, $first:literal, $second:literal) => {
        concat!(
            "mul ra, ", $input, ", a2\nadd ", $first, ", ", $first, ", ra\n",
            "mul ra, ", $input, ", a3\nadd ", $second, ", ", $second, ", ra\n",
        )
    };
}

/// Adds the products of tap `$x` of a line: 35 instructions for 16 multiplies. The inputs of seven columns are in the
/// registers; the eighth takes the place of the first one, which the next tap does not need.
#[rustfmt::skip]
macro_rules! tap {
    ($x:literal, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal) => {
        concat!(
            "lw a2, 8 * ", $x, "(a1)\n",
            "lw a3, 4 + 8 * ", $x, "(a1)\n",
            add_products!($a, "s0", "s1"),
            "lh ", $a, ", 14 + 2 * ", $x, "(a0)\n",
            add_products!($b, "s2", "s3"),
            add_products!($c, "s4", "s5"),
            add_products!($d, "s6", "s7"),
            add_products!($e, "s8", "s9"),
            add_products!($f, "s10", "s11"),
            add_products!($g, "t3", "t4"),
            add_products!($a, "t5", "t6"),
        )
    };
}

/// Loads (`lw`) or stores (`sw`) the sums of one kind at `ra`.
#[rustfmt::skip]
macro_rules! all_sums {
    ($load_or_store:literal) => {
        concat!(
            ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n",
            $load_or_store, " s\\i, 4 * \\i(ra)\n",
            ".endr\n",
            ".irp i, 3, 4, 5, 6\n",
            $load_or_store, " t\\i, 36 + 4 * \\i(ra)\n",
            ".endr\n",
        )
    };
}

/// Adds the products of one input channel to the sums of eight columns.
///
/// - `lines` (`a0`): the first of twelve columns of the first line.
/// - `packed` (`a1`): the weights.
/// - `sums` (`a2`): the sums.
/// - `stride` (`a3`): bytes from one line to the next.
///
/// Changes `a0` to `a7` and `t0` to `t6`. Takes 80 bytes of stack.
///
/// | registers | use |
/// |---|---|
/// | s0-s11, t3-t6 | sums of eight columns, two words each |
/// | t0-t2, a4-a7 | inputs of seven columns |
/// | a0, a1 | addresses in the lines and in the weights |
/// | a2, a3 | weights |
/// | ra | everything else |
///
/// The stack frame holds the place of the sums at 0, `stride` at 4, the end of the kind's weights at 8, that of all
/// weights at 12, and the registers of the caller from 16 on.
///
/// # Safety
///
/// `lines` must be valid for reads of 12 inputs of each of eight lines, `packed` for reads, and `sums` for reads and
/// writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn accumulate(
    lines: *const i16,
    packed: &Packed,
    sums: &mut Sums,
    stride: usize,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -80",
        "sw ra, 16(sp)",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "sw s\\i, 20 + 4 * \\i(sp)",
        ".endr",
        "sw a2, 0(sp)",
        "sw a3, 4(sp)",
        "addi ra, a1, 80",
        "sw ra, 8(sp)",
        "addi ra, a1, 320",
        "sw ra, 12(sp)",
        // One turn per kind: two lines, then three, then three.
        "2:",
        "lw ra, 0(sp)",
        all_sums!("lw"),
        // One turn per line.
        "3:",
        "lh t0, 0(a0)",
        "lh t1, 2(a0)",
        "lh t2, 4(a0)",
        "lh a4, 6(a0)",
        "lh a5, 8(a0)",
        "lh a6, 10(a0)",
        "lh a7, 12(a0)",
        tap!("0", "t0" "t1" "t2" "a4" "a5" "a6" "a7"),
        tap!("1", "t1" "t2" "a4" "a5" "a6" "a7" "t0"),
        tap!("2", "t2" "a4" "a5" "a6" "a7" "t0" "t1"),
        tap!("3", "a4" "a5" "a6" "a7" "t0" "t1" "t2"),
        tap!("4", "a5" "a6" "a7" "t0" "t1" "t2" "a4"),
        "lw ra, 4(sp)",
        "addi a1, a1, 40",
        "add a0, a0, ra",
        "lw ra, 8(sp)",
        "bne a1, ra, 3b",
        "lw ra, 0(sp)",
        all_sums!("sw"),
        "addi ra, ra, 64",
        "sw ra, 0(sp)",
        "addi ra, a1, 120",
        "sw ra, 8(sp)",
        "lw ra, 12(sp)",
        "bne a1, ra, 2b",
        "lw ra, 16(sp)",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "lw s\\i, 20 + 4 * \\i(sp)",
        ".endr",
        "addi sp, sp, 80",
        "ret",
        ".option pop",
    )
}

/// `larger = max(larger, other)` for each pair, without a branch: subtracts `larger - other` where it is negative. Both
/// are words without a sign, less than 2^31 apart. Changes `s0` and `t6`.
#[rustfmt::skip]
macro_rules! max {
    ($($larger:literal $other:literal),*) => {
        concat!($(
            "sub s0, ", $larger, ", ", $other, "\n",
            "srai t6, s0, 31\n",
            "and s0, s0, t6\n",
            "sub ", $larger, ", ", $larger, ", s0\n",
        )*)
    };
}
pub(super) use max;
