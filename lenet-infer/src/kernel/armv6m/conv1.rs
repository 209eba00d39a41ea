//! The first convolution: one input channel, six output channels, three at a time, with their sums in two words.

use super::requant::{Outputs, finish_windows, to_words};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow, SMALL};
use core::arch::naked_asm;
use lenet_core::model::{Conv1, INT4};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, IMAGE_SIDE, POOL1_SIDE};

/// Output channels that are computed at a time.
const CHANNELS: usize = 3;

/// The argument `shifts` of [`three_channels`] for int4 weights: for three channels that begin with an even one, and
/// for three that begin with an odd one.
const SHIFTS: [u32; 2] = [u32::from_le_bytes([28, 24, 28, 0]), u32::from_le_bytes([24, 28, 24, 0])];

/// Where the packed weights end in the frame: 64 bytes of a window, then two words per tap, twice, or once in a small build.
const PACKED_END: usize = 64 + CONV1_TAPS * if SMALL { 8 } else { 16 };

// A sum fits in 21 bits with its sign.
const _: () = assert!(CONV1_TAPS * 255 * 128 < 1 << 20);
// The assembly has these sizes as constants.
const _: () = assert!(IMAGE_SIDE == 28 && POOL1_SIDE == 12 && CONV1_CHANNELS == 2 * CHANNELS);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(always)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let rows = input.as_ptr().cast::<*const u8>();
    let mut outputs = Outputs::new(layer, output.as_mut_ptr().cast(), CHANNELS);
    for first in [0, CHANNELS] {
        let channels = [first, first + 1, first + 2];
        let all = layer.weights().as_bytes().as_ptr();
        let (weights, shifts) = if layer.weights().is_int4() {
            (channels.map(|c| all.wrapping_add(CONV1_TAPS * (c / 2))), SHIFTS[first % 2])
        } else {
            (channels.map(|c| all.wrapping_add(2 * CONV1_TAPS * (c / 2) + c % 2)), 0)
        };
        // SAFETY: `rows` are six rows of 28 bytes; the weights have 25 taps for each of the channels; `outputs` belong
        // to a row of 12 positions.
        unsafe { three_channels(rows, &weights, &outputs, shifts) };
        outputs.advance(CHANNELS);
    }
}

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
#[rustfmt::skip]
macro_rules! load_int4 {
    ($weight:literal, $at:literal, $shift:literal) => {
        concat!(
            "ldrb ", $weight, ", [", $at, "]\n",
            "adds ", $at, ", #1\n",
            "mov r6, ", $shift, "\n",
            "lsls ", $weight, ", r6\n",
            "asrs ", $weight, ", ", $weight, ", #28\n",
            "lsls ", $weight, ", ", $weight, ", #4\n",
        )
    };
}

/// Packs all taps of three channels from `r7` up to `lr`. `r1` points to the addresses of the channels' weights, and
/// `r3` is `shifts`. Changes `r0` to `r10`.
macro_rules! pack_weights {
    () => {
        concat!(
            ".if {int4}\n",
            "cmp r3, #0\n",
            "bne 22f\n",
            ".endif\n",
            "ldm r1, {{r0-r2}}\n",
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
            "b 24f\n",
            "22:\n",
            "mov r8, r3\n",
            "lsrs r3, r3, #8\n",
            "mov r9, r3\n",
            "lsrs r3, r3, #8\n",
            "mov r10, r3\n",
            "ldm r1, {{r0-r2}}\n",
            "23:\n",
            load_int4!("r3", "r0", "r8"),
            load_int4!("r4", "r1", "r9"),
            load_int4!("r5", "r2", "r10"),
            pack!(),
            "cmp r7, lr\n",
            "bne 23b\n",
            "24:\n",
            ".endif\n",
        )
    };
}

/// Adds the products of a kernel row at two neighboring positions: 53 instructions for thirty products.
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

/// Adds the products of a kernel row as [`kernel_row`] does, from one copy of the packed weights, for a small build: 62
/// instructions. A tap's words are multiplied for the left position, as a copy in `r3` and `r4`, then for the right one. All
/// sums are complete. Changes `r0` to `r7`.
macro_rules! short_kernel_row {
    () => {
        concat!(
            "ldm r7!, {{r0}}\n",
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
#[rustfmt::skip]
macro_rules! inner_pixel {
    ($pixel:literal, $right:literal) => {
        concat!(
            "ldm r1!, {{r3-r6}}\n",
            "ldrb r2, [r0, #", $pixel, "]\n",
            "muls r3, r2, r3\n",
            "muls r4, r2, r4\n",
            "muls r5, r2, r5\n",
            "muls r6, r2, r6\n",
            $right, " r10, r3\n",
            $right, " r11, r4\n",
            "add r8, r5\n",
            "add r9, r6\n",
        )
    };
}

/// Unpacks the three sums in the words `r2` and `r6`, and writes them to `r7`, which it advances by a position of a window.
/// Changes `r2` to `r6`.
///
/// The rest of the word of a is the low 11 bits of b. Without them the other word gives c, and then the rest of b.
macro_rules! unpack_sums {
    () => {
        concat!(
            "lsls r3, r2, #11\n",
            "asrs r3, r3, #11\n",
            "subs r2, r2, r3\n",
            "lsrs r4, r2, #21\n",
            "lsrs r5, r2, #10\n",
            "subs r6, r6, r5\n",
            "lsls r5, r6, #10\n",
            "asrs r5, r5, #10\n",
            "subs r6, r6, r5\n",
            "asrs r6, r6, #11\n",
            "adds r4, r4, r6\n",
            "stm r7!, {{r3-r5}}\n",
            "adds r7, #4\n",
        )
    };
}

/// Computes three channels of a row of twelve pooled positions.
///
/// - `rows` (`r0`): the addresses of six image rows of 28 bytes each.
/// - `weights` (`r1`): for each of the three channels, the address of its weight at the first tap, as the file stores
///   it.
/// - `outputs` (`r2`): the three channels at the first position.
/// - `shifts` (`r3`): 0 for int8 weights. For int4 weights one byte per channel, from the lowest: 28 if its weights
///   are in the low halves of bytes, 24 if they are in the high halves.
///
/// Pixels, weights and outputs may lie at any address. Changes `r1`, `r3`, `r12`, `lr` and the flags. Takes 580 bytes
/// of stack, 380 in a small build.
///
/// # Safety
///
/// Each of the six `rows` must be valid for reads of 28 bytes. Each of `weights` must be valid for reads up to the
/// last of 25 taps, 2 bytes apart for int8 and 1 byte apart for int4. `outputs` must be three outputs of a layer at
/// the first of twelve positions, 6 bytes apart, all valid for writes.
#[unsafe(naked)]
unsafe extern "C" fn three_channels(
    _rows: *const *const u8,
    _weights: &[*const u8; CHANNELS],
    _outputs: &Outputs,
    _shifts: u32,
) {
    // On the stack: a Window at 0, the packed weights from 64 to PACKED_END, there the activations' address, 4 bytes on the
    // Words of the outputs, 48 bytes on the addresses of the window's pixels in six rows, 88 bytes on `rows`, 92 bytes on
    // `outputs`. While packing: r0-r2 weights, r7 and lr the packed weights and their end. Then: r0 pixels, r1 weights, r2
    // pixel, r3-r6 products, r7 addresses of rows, r8 to r11 sums, r12 where the sums of the window go, lr the address of
    // the first of five rows.
    naked_asm!(
        "push {{r0, r2, r4-r7, lr}}",
        save!(),
        "sub sp, #{half}",
        "sub sp, #{half}",
        "ldr r4, [r2, #{activations}]",
        "str r4, [sp, #{end}]",
        "add r7, sp, #64",
        "add r4, sp, #{end}",
        "mov lr, r4",
        pack_weights!(),
        "ldr r0, [sp, #2*{half}+20]",
        "add r1, sp, #{end}+4",
        "bl {to_words}",
        "ldr r0, [sp, #2*{half}+16]",
        "add r1, sp, #{end}+48",
        "ldm r0!, {{r2-r7}}",
        "stm r1!, {{r2-r7}}",
        // One turn per window.
        "5:",
        "mov r12, sp",
        "add r7, sp, #{end}+48",
        // One turn per row of the window.
        "6:",
        "mov lr, r7",
        "add r1, sp, #64",
        ".if {small}",
        "movs r2, #0",
        ".irp sum, r8, r9, r10, r11",
        "mov \\sum, r2",
        ".endr",
        "61:",
        short_kernel_row!(),
        "add r2, sp, #{end}",
        "cmp r1, r2",
        "bne 61b",
        "mov r2, r10",
        "mov r6, r11",
        ".else",
        kernel_row!("mov", "mov", "add r10, r2\nadd r11, r6\n"),
        ".rept 3",
        kernel_row!("add", "add", "add r10, r2\nadd r11, r6\n"),
        ".endr",
        kernel_row!("add", "add", "add r2, r10\nadd r6, r11\n"),
        ".endif",
        "mov r7, r12",
        unpack_sums!(),
        "mov r2, r8",
        "mov r6, r9",
        unpack_sums!(),
        "mov r12, r7",
        "add r3, sp, #64",
        "cmp r7, r3",
        "beq 7f",
        "mov r7, lr",
        "adds r7, #4",
        "b 6b",
        "7:",
        "mov r0, sp",
        "add r1, sp, #{end}+4",
        "ldr r3, [sp, #{end}]",
        "bl {finish}",
        "ldr r3, [sp, #{end}]",
        "adds r3, #6",
        "str r3, [sp, #{end}]",
        // The next window is two pixels further in all rows.
        "add r0, sp, #{end}+48",
        "ldm r0!, {{r1-r6}}",
        ".irp i, 1, 2, 3, 4, 5, 6",
        "adds r\\i, #2",
        ".endr",
        "subs r0, #24",
        "stm r0!, {{r1-r6}}",
        "ldr r0, [sp, #2*{half}+16]",
        "ldr r0, [r0]",
        "subs r1, r1, r0",
        "cmp r1, #24",
        "beq 8f",
        "b 5b",
        "8:",
        "add sp, #{half}",
        "add sp, #{half}",
        restore!(),
        "pop {{r0, r2, r4-r7, pc}}",
        activations = const Outputs::ACTIVATIONS,
        end = const PACKED_END,
        half = const (PACKED_END + 72) / 2,
        int4 = const INT4 as u8,
        small = const SMALL as u8,
        to_words = sym to_words,
        finish = sym finish_windows,
    )
}
