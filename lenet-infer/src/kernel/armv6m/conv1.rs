//! The first convolution: one input channel, six output channels, three at a time, with their sums in two words.

use super::requant::{Outputs, finish_from_assembly, to_words};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use lenet_core::model::{Conv1, Weights};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, IMAGE_SIDE, POOL1_SIDE};

/// Output channels that are computed at a time.
const CHANNELS: usize = 3;

/// The argument `shifts` of [`three_channels`] for int4 weights: for three channels that begin with an even one, and
/// for three that begin with an odd one.
const SHIFTS: [u32; 2] = [u32::from_le_bytes([28, 24, 28, 0]), u32::from_le_bytes([24, 28, 24, 0])];

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
        let (weights, shifts) = match layer.weights() {
            Weights::Int8(pairs) => (channels.map(|c| &raw const pairs[c / 2][0][c % 2]), 0),
            Weights::Int4(pairs) => (channels.map(|c| pairs[c / 2].as_ptr()), SHIFTS[first % 2]),
        };
        // SAFETY: `rows` are six rows of 28 bytes; the weights have 25 taps for each of the channels; `outputs` belong
        // to a row of 12 positions.
        unsafe { three_channels(rows, &weights, &outputs, shifts) };
        outputs.advance(CHANNELS);
    }
}

/// Packs the weights of channels a, b and c at one tap, in `r3`, `r4` and `r5`, to the two words
/// `[a + b * 2^21, c + b * 2^11]` at `r7`, and advances `r7`. Changes `r3` to `r5`.
macro_rules! pack {
    () => {
        concat!(
            "lsls r4, r4, #11\n",
            "adds r5, r5, r4\n",
            "lsls r4, r4, #10\n",
            "adds r3, r3, r4\n",
            "stm r7!, {{r3, r5}}\n",
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
            "cmp r3, #0\n",
            "bne 22f\n",
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
        )
    };
}

/// Adds the products of two taps of a kernel row at one position: 11 instructions for six products. `r0` points to the
/// pixels, `r1` to the packed weights, and the sums are in `r8` and `r9`. Changes `r1` to `r6`.
#[rustfmt::skip]
macro_rules! two_taps {
    ($first:literal, $second:literal) => {
        concat!(
            "ldm r1!, {{r3-r6}}\n",
            "ldrb r2, [r0, #", $first, "]\n",
            "muls r3, r2, r3\n",
            "muls r4, r2, r4\n",
            "add r8, r3\n",
            "add r9, r4\n",
            "ldrb r2, [r0, #", $second, "]\n",
            "muls r5, r2, r5\n",
            "muls r6, r2, r6\n",
            "add r8, r5\n",
            "add r9, r6\n",
        )
    };
}

/// Computes the sums of three channels at one position, and leaves them in `r3` to `r5`. `r10` is the column, `r7`
/// points to the first of five row addresses, and the packed weights are at `r11`. Changes `r0` to `r9`.
macro_rules! position {
    () => {
        concat!(
            "mov r1, r11\n",
            "movs r2, #0\n",
            "mov r8, r2\n",
            "mov r9, r2\n",
            // The five kernel rows.
            ".rept 5\n",
            "ldm r7!, {{r0}}\n",
            "add r0, r10\n",
            two_taps!(0, 1),
            two_taps!(2, 3),
            "ldm r1!, {{r3, r4}}\n",
            "ldrb r2, [r0, #4]\n",
            "muls r3, r2, r3\n",
            "muls r4, r2, r4\n",
            "add r8, r3\n",
            "add r9, r4\n",
            ".endr\n",
            // Unpacks a. The rest of its word is the low 11 bits of b. Without them the other word gives c, and then
            // the rest of b.
            "mov r2, r8\n",
            "mov r6, r9\n",
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

/// Computes three channels of a row of twelve pooled positions.
///
/// - `rows` (`r0`): the addresses of six image rows of 28 bytes each.
/// - `weights` (`r1`): for each of the three channels, the address of its weight at the first tap, as the file stores
///   it.
/// - `outputs` (`r2`): the three channels at the first position.
/// - `shifts` (`r3`): 0 for int8 weights. For int4 weights one byte per channel, from the lowest: 28 if its weights
///   are in the low halves of bytes, 24 if they are in the high halves.
///
/// Pixels, weights and outputs may lie at any address. Changes `r1`, `r3`, `r12`, `lr` and the flags. Takes 356 bytes
/// of stack.
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
    // On the stack: a Window at 0, the packed weights from 64 to 264, the activations' address at 264, the Words of the
    // outputs from 268 to 312, `rows` at 328, `outputs` at 332. While packing: r0-r2 weights, r7 and lr the packed weights
    // and their end. Then: r0 pixels, r1 weights, r2 pixel, r3-r6 products, r7 rows, r8 and r9 sums, r10 column, r11 the
    // start of the weights, r12 where the sums of the window go.
    naked_asm!(
        "push {{r0, r2, r4-r7, lr}}",
        save!(),
        "sub sp, #312",
        "ldr r4, [r2, #{activations}]",
        "str r4, [sp, #264]",
        "add r7, sp, #64",
        "mov r11, r7",
        "add r4, sp, #264",
        "mov lr, r4",
        pack_weights!(),
        "ldr r0, [sp, #332]",
        "add r1, sp, #268",
        "bl {to_words}",
        "movs r0, #0",
        "mov r10, r0",
        // One turn per window.
        "5:",
        "mov r12, sp",
        "6:",
        "ldr r7, [sp, #328]",
        position!(),
        "mov r7, r12",
        "stm r7!, {{r3-r5}}",
        "adds r7, #4",
        "mov r12, r7",
        // The position to the right, then the row below.
        "mov r2, r10",
        "movs r3, #1",
        "eors r2, r3",
        "mov r10, r2",
        "tst r2, r3",
        "beq 7f",
        "b 6b",
        "7:",
        "ldr r2, [sp, #328]",
        "adds r2, #4",
        "str r2, [sp, #328]",
        "add r3, sp, #64",
        "cmp r7, r3",
        "beq 8f",
        "b 6b",
        "8:",
        "subs r2, #8",
        "str r2, [sp, #328]",
        "mov r0, sp",
        "add r1, sp, #268",
        "ldr r3, [sp, #264]",
        "bl {finish}",
        "ldr r3, [sp, #264]",
        "adds r3, #6",
        "str r3, [sp, #264]",
        "movs r0, #2",
        "add r10, r0",
        "mov r0, r10",
        "cmp r0, #24",
        "beq 9f",
        "b 5b",
        "9:",
        "add sp, #312",
        restore!(),
        "pop {{r0, r2, r4-r7, pc}}",
        activations = const Outputs::ACTIVATIONS,
        to_words = sym to_words,
        finish = sym finish_from_assembly,
    )
}
