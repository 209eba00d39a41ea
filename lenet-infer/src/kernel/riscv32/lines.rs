//! What the packed weights of one input channel are multiplied by.

use crate::kernel::PATCH_SIDE;
use core::arch::naked_asm;
use core::mem::MaybeUninit;

/// Lines that six rows of input make.
pub(super) const LINES: usize = 8;

// The assembly has these sizes as constants.
const _: () = assert!(PATCH_SIDE == 6);

/// The lines of one input channel. For the rows i0 to i5, from top to bottom:
///
/// | lines | rows | kernel rows |
/// |---|---|---|
/// | shared | i1, i3 | h0 + h1, h2 + h3 |
/// | upper | i0 - i1, i2 - i3, i4 | h0, h2, h4 |
/// | lower | i2 - i1, i4 - i3, i5 | h1, h3, h4 |
pub(super) type Lines<const WIDTH: usize> = MaybeUninit<[[i16; WIDTH]; LINES]>;

/// Makes the lines of one input channel from six rows of it, two columns at a time.
///
/// - `rows` (`a0`): the addresses of the rows, from top to bottom.
/// - `input` (`a1`): the input channel.
/// - `lines` (`a2`): where the lines go.
///
/// Changes `a0` to `a7` and `t0` to `t6`. Needs no stack.
///
/// # Safety
///
/// `WIDTH` must be a multiple of two above 0. Each of the rows must be valid for reads of `WIDTH` columns of `IN` channels,
/// and `lines` for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn make_lines<const IN: usize, const WIDTH: usize>(
    rows: &[*const u8; PATCH_SIDE],
    input: usize,
    lines: &mut Lines<WIDTH>,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m, +c",
        // The inputs i0 to i5 of a column are at a0 and a3 to a7.
        ".irp i, 3, 4, 5, 6, 7",
        "lw a\\i, 4 * \\i - 8(a0)",
        "add a\\i, a\\i, a1",
        ".endr",
        "lw a0, 0(a0)",
        "add a0, a0, a1",
        "addi a1, a2, 2 * {width}",
        "2:",
        ".irp x, 0, 1",
        "lbu t0, \\x * {channels}(a0)",
        "lbu t1, \\x * {channels}(a3)",
        "lbu t2, \\x * {channels}(a4)",
        "lbu t3, \\x * {channels}(a5)",
        "lbu t4, \\x * {channels}(a6)",
        "lbu t5, \\x * {channels}(a7)",
        "sub t0, t0, t1",
        "sh t1, 2 * \\x(a2)",
        "sub t1, t2, t1",
        "sh t3, 2 * \\x + 2 * {width}(a2)",
        "sub t2, t2, t3",
        "sh t0, 2 * \\x + 4 * {width}(a2)",
        "sub t3, t4, t3",
        "sh t2, 2 * \\x + 6 * {width}(a2)",
        "sh t4, 2 * \\x + 8 * {width}(a2)",
        "sh t1, 2 * \\x + 10 * {width}(a2)",
        "sh t3, 2 * \\x + 12 * {width}(a2)",
        "sh t5, 2 * \\x + 14 * {width}(a2)",
        ".endr",
        "addi a0, a0, 2 * {channels}",
        ".irp i, 3, 4, 5, 6, 7",
        "addi a\\i, a\\i, 2 * {channels}",
        ".endr",
        "addi a2, a2, 4",
        "bne a2, a1, 2b",
        "ret",
        ".option pop",
        channels = const IN,
        width = const WIDTH,
    )
}
