//! The sums of products of one input channel, for both convolutions.

use super::pack::{ADDRESSES, ODD_ROWS, Packed, RECORD, WORDS};
use crate::kernel::PATCH_SIDE;
use core::arch::naked_asm;
use core::mem::MaybeUninit;

/// Columns of the output that are computed at a time.
pub(super) const COLUMNS: usize = 8;

// The assembly has these sizes as constants.
const _: () = assert!(COLUMNS == 8 && WORDS == 2 && PATCH_SIDE == 6);
const _: () = assert!(RECORD == 48 && ADDRESSES == 40 && ODD_ROWS == 144);

/// The shared, the upper and the lower sums of eight columns, `[kind][column][word]`.
pub(super) type Sums = MaybeUninit<[[[u32; WORDS]; COLUMNS]; 3]>;

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

/// Loads the weights of tap `$x` of a kernel row.
#[rustfmt::skip]
macro_rules! weights {
    ($x:literal) => {
        concat!("lw a2, 8 * ", $x, "(a1)\n", "lw a3, 4 + 8 * ", $x, "(a1)\n")
    };
}

/// Loads the weights of tap `$x` of a kernel row plus those of the kernel row below it.
#[rustfmt::skip]
macro_rules! weights_of_two {
    ($x:literal) => {
        concat!(
            "lw a2, 8 * ", $x, "(a1)\n",
            "lw ra, 144 + 8 * ", $x, "(a1)\n",
            "lw a3, 4 + 8 * ", $x, "(a1)\n",
            "add a2, a2, ra\n",
            "lw ra, 148 + 8 * ", $x, "(a1)\n",
            "add a3, a3, ra\n",
        )
    };
}

/// Loads the input of column `$x` of a row.
#[rustfmt::skip]
macro_rules! input {
    ($input:literal, $x:literal) => {
        concat!("lbu ", $input, ", ", $x, "(a0)\n")
    };
}

/// Loads the input of column `$x` of a row less that of another row.
#[rustfmt::skip]
macro_rules! difference {
    ($input:literal, $x:literal) => {
        concat!(
            "lw ra, 44(a1)\n",
            "lbu ", $input, ", ", $x, "(a0)\n",
            "lbu ra, ", $x, "(ra)\n",
            "sub ", $input, ", ", $input, ", ra\n",
        )
    };
}

/// Adds the products of a tap of a line, whose weights `$weights` loads. The inputs of seven columns are in the
/// registers; the eighth, which `$next` loads, takes the place of the first one, which the next tap does not need.
#[rustfmt::skip]
macro_rules! tap {
    ($weights:expr, $next:expr, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal) => {
        concat!(
            $weights,
            add_products!($a, "s0", "s1"),
            $next,
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

/// Adds the products of a line, 80 multiplies. The inputs of seven columns are in the registers.
#[rustfmt::skip]
macro_rules! whole_line {
    ($weights:ident, $input:ident) => {
        concat!(
            tap!($weights!("0"), $input!("t0", "7"), "t0" "t1" "t2" "a4" "a5" "a6" "a7"),
            tap!($weights!("1"), $input!("t1", "8"), "t1" "t2" "a4" "a5" "a6" "a7" "t0"),
            tap!($weights!("2"), $input!("t2", "9"), "t2" "a4" "a5" "a6" "a7" "t0" "t1"),
            tap!($weights!("3"), $input!("a4", "10"), "a4" "a5" "a6" "a7" "t0" "t1" "t2"),
            tap!($weights!("4"), $input!("a5", "11"), "a5" "a6" "a7" "t0" "t1" "t2" "a4"),
        )
    };
}

/// Loads the inputs of the first seven columns of a row.
macro_rules! seven_inputs {
    () => {
        concat!(
            input!("t0", "0"),
            input!("t1", "1"),
            input!("t2", "2"),
            input!("a4", "3"),
            input!("a5", "4"),
            input!("a6", "5"),
            input!("a7", "6"),
        )
    };
}

/// Subtracts the input of column `$x` of the row at `a2` from `$input`. Changes `a3`.
#[rustfmt::skip]
macro_rules! less {
    ($input:literal, $x:literal) => {
        concat!("lbu a3, ", $x, "(a2)\n", "sub ", $input, ", ", $input, ", a3\n")
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
/// - `rows` (`a0`), `at` (`a1`): the addresses of six rows of inputs, and the place of the first of twelve columns in each.
/// - `packed` (`a2`): the weights. Writes the addresses in it.
/// - `sums` (`a3`): the sums.
/// - `seed0` (`a4`), `seed1` (`a5`), `start` (`a6`): 1 to begin with sums of no products, whose words are the seeds; 0 to go
///   on with those in `sums`.
///
/// Changes `a0` to `a7` and `t0` to `t6`. Takes 64 bytes of stack.
///
/// | registers | use |
/// |---|---|
/// | s0-s11, t3-t6 | sums of eight columns, two words each |
/// | t0-t2, a4-a7 | inputs of seven columns |
/// | a0 | address of the row of inputs |
/// | a1 | address of the kernel row's weights |
/// | a2, a3 | weights |
/// | ra | everything else |
///
/// The stack frame holds the place of the sums at 0, with `start` in its lowest bit, the end of the weights of a loop at 4,
/// that of all weights at 8, and the registers of the caller from 12 on.
///
/// # Safety
///
/// Each of the rows must be valid for reads of 12 inputs from `at` on. The weights of `packed` must be written, and `sums` must
/// be valid for writes, and for reads unless `start` is 1.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn accumulate(
    rows: &[*const u8; PATCH_SIDE],
    at: usize,
    packed: &mut Packed,
    sums: &mut Sums,
    seed0: u32,
    seed1: u32,
    start: usize,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        "addi sp, sp, -64",
        "sw ra, 12(sp)",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "sw s\\i, 16 + 4 * \\i(sp)",
        ".endr",
        // The rows of the lines beside the kernel rows that they are multiplied by.
        ".irp i, 0, 1, 2, 3, 4, 5",
        "lw t\\i, 4 * \\i(a0)",
        "add t\\i, t\\i, a1",
        ".endr",
        "sw t0, 40(a2)",
        "sw t1, 44(a2)",
        "sw t2, 88(a2)",
        "sw t3, 92(a2)",
        "sw t4, 136(a2)",
        "sw t5, 140(a2)",
        "sw t2, 184(a2)",
        "sw t1, 188(a2)",
        "sw t4, 232(a2)",
        "sw t3, 236(a2)",
        "mv a1, a2",
        "addi ra, a1, 96",
        "sw ra, 4(sp)",
        "addi ra, a1, 240",
        "sw ra, 8(sp)",
        "add ra, a3, a6",
        "sw ra, 0(sp)",
        "bnez a6, 2f",
        all_sums!("lw"),
        "j 3f",
        "2:",
        ".irp i, s0, s2, s4, s6, s8, s10, t3, t5",
        "mv \\i, a4",
        ".endr",
        ".irp i, s1, s3, s5, s7, s9, s11, t4, t6",
        "mv \\i, a5",
        ".endr",
        // The shared sums: two lines.
        "3:",
        "lw a0, 44(a1)",
        seven_inputs!(),
        whole_line!(weights_of_two, input),
        "addi a1, a1, 48",
        "lw ra, 4(sp)",
        "bne a1, ra, 3b",
        "addi a1, a1, -96",
        // From one kind to the next.
        "4:",
        "lw ra, 0(sp)",
        "addi a2, ra, 64",
        "sw a2, 0(sp)",
        "andi a3, ra, 1",
        "sub ra, ra, a3",
        all_sums!("sw"),
        "bnez a3, 41f",
        "mv ra, a2",
        all_sums!("lw"),
        "j 42f",
        "41:",
        ".irp i, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6",
        "li \\i, 0",
        ".endr",
        "42:",
        "lw ra, 4(sp)",
        "beq a1, ra, 6f",
        // Two lines of differences: the first of the upper sums, and the last of the lower ones.
        "5:",
        "lw a0, 40(a1)",
        "lw a2, 44(a1)",
        seven_inputs!(),
        less!("t0", "0"),
        less!("t1", "1"),
        less!("t2", "2"),
        less!("a4", "3"),
        less!("a5", "4"),
        less!("a6", "5"),
        less!("a7", "6"),
        whole_line!(weights, difference),
        "addi a1, a1, 48",
        "lw ra, 4(sp)",
        "bne a1, ra, 5b",
        "lw ra, 8(sp)",
        "beq a1, ra, 8f",
        // A line of inputs: the last of the upper sums, and the first of the lower ones.
        "lw a0, 40(a1)",
        "j 7f",
        "6:",
        "lw ra, 8(sp)",
        "sw ra, 4(sp)",
        "lw a0, 44(a1)",
        "7:",
        seven_inputs!(),
        whole_line!(weights, input),
        "addi a1, a1, 48",
        "lw ra, 4(sp)",
        "bltu a1, ra, 5b",
        "addi a1, a1, -48",
        "j 4b",
        "8:",
        "lw ra, 0(sp)",
        "andi ra, ra, -2",
        all_sums!("sw"),
        "lw ra, 12(sp)",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "lw s\\i, 16 + 4 * \\i(sp)",
        ".endr",
        "addi sp, sp, 64",
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
