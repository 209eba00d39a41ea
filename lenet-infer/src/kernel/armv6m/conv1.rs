//! The first convolution: one input channel, six output channels, three at a time, with their sums in two words.

use super::requant::{Outputs, max, requantize, to_words};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow, SMALL};
use core::arch::naked_asm;
use core::mem::offset_of;
use lenet_core::model::{Conv1, INT4};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, IMAGE_SIDE, POOL1_SIDE};

/// Output channels that are computed at a time.
const CHANNELS: usize = 3;

/// Where the packed weights end in the frame: two words per tap, twice, or once in a small build.
const PACKED_END: usize = CONV1_TAPS * if SMALL { 8 } else { 16 };
/// Bytes of the frame without registers: the packed weights, three maxima, and the [`Words`](super::requant::Words) of three
/// outputs.
const FRAME: usize = PACKED_END + 4 * CHANNELS + 4 * (2 + 2 * CHANNELS);

// A sum fits in 21 bits with its sign.
const _: () = assert!(CONV1_TAPS * 255 * 128 < 1 << 20);
// The assembly has these sizes as constants.
const _: () = assert!(IMAGE_SIDE == 28 && POOL1_SIDE == 12 && CONV1_CHANNELS == 2 * CHANNELS);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(always)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let weights = layer.weights().as_bytes().as_ptr();
    let steps = if layer.weights().is_int4() { [0, CONV1_TAPS] } else { [1, 2 * CONV1_TAPS - 1] };
    let rows = input.as_ptr().cast();
    let outputs = Outputs::new(layer, output.as_mut_ptr().cast(), CHANNELS);
    // SAFETY: `rows` are six rows of 28 bytes; the weights, the steps and the outputs are those of the whole layer.
    unsafe { all_channels(&mut Row { rows, weights, steps, outputs }) };
}

/// The arguments of [`all_channels`], which reads and advances them.
#[repr(C)]
struct Row {
    /// The addresses of six image rows of 28 bytes each.
    rows: *const *const u8,
    /// The weights of the first of three channels, as the file stores them, at any address.
    weights: *const u8,
    /// The bytes from there to the weights of the second channel, and from those to the weights of the third one: 1 and 49
    /// with int8 weights, 0 and 25 with int4 ones. The other way round for the last three channels.
    steps: [usize; 2],
    /// The three channels at the first position.
    outputs: Outputs,
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

/// Packs all taps of three channels, whose weights are at `r0`, `r1` and `r2`, from `r7` up to `lr`. `r3` and `r4` are the
/// [`Row::steps`]. Changes `r0` to `r10`.
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

/// Adds the products of a kernel row as [`kernel_row`] does, from one copy of the packed weights, for a small build: 62
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

/// Unpacks the three sums in the words `r2` and `r6` to `r3`, `r4` and `r5`. Changes `r2` and `r6`.
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
        )
    };
}

/// Computes all channels of a row of twelve pooled positions. `row` is in `r0`.
///
/// Pixels, weights and outputs may lie at any address. Changes `r1` to `r3`, `r12`, `lr` and the flags. Takes 484 bytes of
/// stack, 284 in a small build.
///
/// # Safety
///
/// Each of the six rows must be valid for reads of 28 bytes, and the weights for reads of 25 taps of each channel. The outputs
/// must be what [`Outputs::new`] returned for three outputs of a layer of 6 channels, with activations valid for writes of
/// twelve positions.
#[unsafe(naked)]
unsafe extern "C" fn all_channels(_row: &mut Row) {
    // On the stack: the packed weights up to PACKED_END, there the maxima of the first row of a window, 12 bytes on the Words
    // of the outputs; `row` above the registers that are saved. While packing: r0-r2 weights, r7 and lr the packed weights
    // and their end. Then: r0 pixels, r1 weights, r2 pixel, r3-r6 products, r7 addresses of rows, r8 to r11 sums, r12 column
    // of the window, lr the address of the first of five rows.
    naked_asm!(
        "push {{r0, r4-r7, lr}}",
        save!(),
        "sub sp, #{frame}",
        // One turn per three channels.
        "1:",
        "ldr r5, [sp, #{frame}+16]",
        "ldr r0, [r5, #{weights}]",
        "ldr r3, [r5, #{steps}]",
        "ldr r4, [r5, #{steps}+4]",
        "adds r1, r0, r3",
        "adds r2, r1, r4",
        "adds r6, r2, r3",
        "str r6, [r5, #{weights}]",
        "str r4, [r5, #{steps}]",
        "str r3, [r5, #{steps}+4]",
        "mov r7, sp",
        "add r6, sp, #{end}",
        "mov lr, r6",
        pack_weights!(),
        "ldr r0, [sp, #{frame}+16]",
        "adds r0, #{outputs}",
        "add r1, sp, #{end}+12",
        "bl {to_words}",
        "movs r0, #0",
        "mov r12, r0",
        // One turn per window.
        "5:",
        "ldr r7, [sp, #{frame}+16]",
        "ldr r7, [r7]",
        // One turn per row of the window.
        "6:",
        "mov lr, r7",
        "mov r1, sp",
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
        // The larger of the two positions.
        unpack_sums!(),
        "mov r0, r3",
        "mov r1, r4",
        "mov r10, r5",
        "mov r2, r8",
        "mov r6, r9",
        unpack_sums!(),
        max!("r3", "r0", "r2"),
        max!("r4", "r1", "r2"),
        "mov r0, r10",
        max!("r5", "r0", "r2"),
        "add r0, sp, #{end}",
        "ldr r2, [sp, #{frame}+16]",
        "ldr r2, [r2]",
        "cmp r2, lr",
        "bne 7f",
        "stm r0!, {{r3-r5}}",
        "adds r7, r2, #4",
        "b 6b",
        // The larger of the two rows.
        "7:",
        "ldm r0!, {{r1, r2, r6}}",
        max!("r3", "r1", "r7"),
        max!("r4", "r2", "r7"),
        max!("r5", "r6", "r7"),
        "add r0, sp, #{end}",
        "stm r0!, {{r3-r5}}",
        "subs r0, #12",
        "add r1, sp, #{end}+12",
        "ldr r3, [sp, #{frame}+16]",
        "ldr r3, [r3, #{activations}]",
        "mov r9, r12",
        "bl {requantize}",
        // The next window is two pixels further in all rows, and six activations.
        "adds r3, #3",
        "ldr r0, [sp, #{frame}+16]",
        "str r3, [r0, #{activations}]",
        "mov r2, r9",
        "adds r2, #2",
        "mov r12, r2",
        "cmp r2, #24",
        "beq 8f",
        "b 5b",
        // The next three channels.
        "8:",
        "subs r3, #69",
        "str r3, [r0, #{activations}]",
        "ldr r1, [r0, #{biases}]",
        "adds r1, #12",
        "str r1, [r0, #{biases}]",
        "ldr r1, [r0, #{requants}]",
        "adds r1, #9",
        "str r1, [r0, #{requants}]",
        "ldr r1, [r0, #{steps}]",
        "ldr r2, [r0, #{steps}+4]",
        "cmp r1, r2",
        "blo 9f",
        "b 1b",
        "9:",
        "add sp, #{frame}",
        restore!(),
        "pop {{r0, r4-r7, pc}}",
        weights = const offset_of!(Row, weights),
        steps = const offset_of!(Row, steps),
        outputs = const offset_of!(Row, outputs),
        biases = const offset_of!(Row, outputs) + Outputs::BIASES,
        requants = const offset_of!(Row, outputs) + Outputs::REQUANTS,
        activations = const offset_of!(Row, outputs) + Outputs::ACTIVATIONS,
        end = const PACKED_END,
        frame = const FRAME,
        taps = const CONV1_TAPS,
        int4 = const INT4 as u8,
        small = const SMALL as u8,
        to_words = sym to_words,
        requantize = sym requantize,
    )
}
