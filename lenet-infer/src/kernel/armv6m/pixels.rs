//! The packed weights of conv1, and their products with the pixels of an image row.

/// Packs the weights of channels a, b and c at one tap, in `r3`, `r4` and `r5`, to the two words
/// `[a + b * 2^21, c + b * 2^11]`, twice, or once in a small build, at `r7`, and advances `r7`. Changes `r3` to `r5`.
macro_rules! pack {
    () => {
        concat!(
            "lsls r4, r4, #11\n",
            "adds r5, r5, r4\n",
            "lsls r4, r4, #10\n",
            "adds r3, r3, r4\n",
            "stm r7!, {{r3, r5}}\n",
            ".ifeq {small}\n",
            "stm r7!, {{r3, r5}}\n",
            ".endif\n",
        )
    };
}

/// Loads an int4 weight into `$weight` at the scale of int8, and advances `$at` by one byte. `$shift` is a register
/// that holds 28 for the low half of a byte and 24 for the high half. Changes `r6`.
macro_rules! load_int4 {
    ($weight:literal, $at:literal, $shift:literal) => {
        concat!(
            concat!("ldrb ", $weight, ", [", $at, "]\n"),
            concat!("adds ", $at, ", #1\n"),
            concat!("mov r6, ", $shift, "\n"),
            concat!("lsls ", $weight, ", r6\n"),
            concat!("asrs ", $weight, ", ", $weight, ", #28\n"),
            concat!("lsls ", $weight, ", ", $weight, ", #4\n"),
        )
    };
}

/// Packs all taps of three channels, whose weights are at `r0`, `r1` and `r2`, from `r7` up to `lr`. `r3` and `r4` are the
/// `steps` of conv1's row. Changes `r0` to `r10`.
macro_rules! pack_weights {
    () => {
        concat!(
            ".if {int4}\n",
            "adds r5, r3, r4\n",
            "cmp r5, #{taps}\n",
            "beq 22f\n",
            ".endif\n",
            "movs r6, #0\n",
            "21:\n",
            "ldrsb r3, [r0, r6]\n",
            "ldrsb r4, [r1, r6]\n",
            "ldrsb r5, [r2, r6]\n",
            "adds r6, #2\n",
            pack!(),
            "cmp r7, lr\n",
            "bne 21b\n",
            ".if {int4}\n",
            "b 25f\n",
            // How far to shift a byte with the weight of an even channel, and of an odd one.
            "22:\n",
            "movs r5, #28\n",
            "movs r6, #24\n",
            "cmp r3, #0\n",
            "beq 23f\n",
            "movs r5, #24\n",
            "movs r6, #28\n",
            "23:\n",
            "mov r8, r5\n",
            "mov r9, r6\n",
            "24:\n",
            load_int4!("r3", "r0", "r8"),
            load_int4!("r4", "r1", "r9"),
            load_int4!("r5", "r2", "r8"),
            pack!(),
            "cmp r7, lr\n",
            "bne 24b\n",
            "25:\n",
            ".endif\n",
        )
    };
}

/// Adds the products of a kernel row at two neighboring positions: 54 instructions for thirty products.
///
/// The first of six pixels is multiplied by the first tap, for the left position; the next ones by the tap before, for
/// the right position, and by their own, for the left one; the last one by the last tap. So each tap's words, of which
/// there are two copies, are read in order. `r7` points to the address of the row, `r1` to the packed weights, and the
/// sums are in `r8` and `r9`, and in `r10` and `r11`. `$left` and `$right` are `mov` where they are not set yet, else
/// `add`. Leaves the last products in `r2` and `r6`: `$last` adds them to the sums of the right position. Changes `r0` to
/// `r7`.
#[rustfmt::skip]
macro_rules! kernel_row {
    ($left:literal, $right:literal, $last:literal) => {
        concat!(
            "ldm r7!, {{r0}}\n",
            "add r0, r12\n",
            "ldm r1!, {{r5, r6}}\n",
            "ldrb r2, [r0]\n",
            "muls r5, r2, r5\n",
            "muls r6, r2, r6\n",
            $left, " r8, r5\n",
            $left, " r9, r6\n",
            inner_pixel!(1, $right),
            inner_pixel!(2, "add"),
            inner_pixel!(3, "add"),
            inner_pixel!(4, "add"),
            "ldm r1!, {{r2, r6}}\n",
            "ldrb r4, [r0, #5]\n",
            "muls r2, r4, r2\n",
            "muls r6, r4, r6\n",
            $last,
        )
    };
}

/// Adds the products of a kernel row as [`kernel_row`] does, from one copy of the packed weights, for a small build: 63
/// instructions. A tap's words are multiplied for the left position, as a copy in `r3` and `r4`, then for the right one. All
/// sums are complete. Changes `r0` to `r7`.
macro_rules! short_kernel_row {
    () => {
        concat!(
            "ldm r7!, {{r0}}\n",
            "add r0, r12\n",
            "ldrb r2, [r0]\n",
            ".irp pixel, 1, 2, 3, 4, 5\n",
            "ldm r1!, {{r5, r6}}\n",
            "mov r3, r5\n",
            "mov r4, r6\n",
            "muls r3, r2, r3\n",
            "muls r4, r2, r4\n",
            "add r8, r3\n",
            "add r9, r4\n",
            "ldrb r2, [r0, #\\pixel]\n",
            "muls r5, r2, r5\n",
            "muls r6, r2, r6\n",
            "add r10, r5\n",
            "add r11, r6\n",
            ".endr\n",
        )
    };
}

/// Adds the products of a pixel that both positions have: see [`kernel_row`].
macro_rules! inner_pixel {
    ($pixel:literal, $right:literal) => {
        concat!(
            "ldm r1!, {{r3-r6}}\n",
            concat!("ldrb r2, [r0, #", $pixel, "]\n"),
            "muls r3, r2, r3\n",
            "muls r4, r2, r4\n",
            "muls r5, r2, r5\n",
            "muls r6, r2, r6\n",
            concat!($right, " r10, r3\n"),
            concat!($right, " r11, r4\n"),
            "add r8, r5\n",
            "add r9, r6\n",
        )
    };
}
pub(super) use {inner_pixel, kernel_row, load_int4, pack, pack_weights, short_kernel_row};
