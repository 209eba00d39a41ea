//! The convolution of a grey picture, three output channels at a time: the sums of three in two words.

use super::finish::{Outputs, finish_unsaved};
use core::arch::naked_asm;

/// Output channels at a time.
pub(super) const CHANNELS: usize = 3;

/// Packs the weights `r3`, `r4`, `r5` of channels a, b, c for one tap: `[a + b * 2^21, c + b * 2^11]`.
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

/// Loads into `$weight` an int4 weight and brings it to the scale of int8; `$shift` is 28 for the low half, 24 for the
/// high one.
macro_rules! unpack {
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

/// Two taps of a kernel row at one position: 11 instructions for six products.
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

/// Three channels of a row of twelve pooled positions.
///
/// `weights` are those of the three channels' first taps, as the file has them; `shifts` is 0 for int8, and for int4
/// has a byte for each channel: 28 where its weights are low halves, 24 where they are high ones.
///
/// # Safety
///
/// Each of the six `rows` is valid for reads of 28 bytes, each of `weights` for reads to the last of 25 taps. `outputs`
/// is as [`Outputs::new`] makes it, for three outputs of six, twelve times.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn three_channels(
    _rows: *const *const u8,
    _weights: &[*const u8; CHANNELS],
    _outputs: &mut Outputs,
    _shifts: u32,
) {
    // On the stack: a Window at 0, packed weights from 64 to 264, `rows` at 284, `outputs` at 288.
    // While packing: r0-r2 weights, r7 and lr where they go and end.
    // Then: r0 pixels, r1 weights, r2 pixel, r3-r6 products, r7 rows; r8, r9 sums, r10 column, r11 and lr where the
    // weights begin and end, r12 where the sums go.
    naked_asm!(
        "push {{r0, r2, r4-r7, lr}}",
        save!(),
        "sub sp, #268",
        "add r7, sp, #64",
        "mov r11, r7",
        "add r4, sp, #264",
        "mov lr, r4",
        "cmp r3, #0",
        "bne 3f",
        "ldm r1, {{r0-r2}}",
        "movs r6, #0",
        "2:",
        "ldrsb r3, [r0, r6]",
        "ldrsb r4, [r1, r6]",
        "ldrsb r5, [r2, r6]",
        "adds r6, #2",
        pack!(),
        "cmp r7, lr",
        "bne 2b",
        "b 4f",
        "3:",
        "mov r8, r3",
        "lsrs r3, r3, #8",
        "mov r9, r3",
        "lsrs r3, r3, #8",
        "mov r10, r3",
        "ldm r1, {{r0-r2}}",
        "33:",
        unpack!("r3", "r0", "r8"),
        unpack!("r4", "r1", "r9"),
        unpack!("r5", "r2", "r10"),
        pack!(),
        "cmp r7, lr",
        "bne 33b",
        "4:",
        "movs r0, #0",
        "mov r10, r0",
        // A window.
        "5:",
        "mov r12, sp",
        "add r4, sp, #264",
        "mov lr, r4",
        // A position.
        "6:",
        "ldr r7, [sp, #284]",
        "mov r1, r11",
        "movs r2, #0",
        "mov r8, r2",
        "mov r9, r2",
        // A kernel row.
        "7:",
        "ldm r7!, {{r0}}",
        "add r0, r10",
        two_taps!(0, 1),
        two_taps!(2, 3),
        "ldm r1!, {{r3, r4}}",
        "ldrb r2, [r0, #4]",
        "muls r3, r2, r3",
        "muls r4, r2, r4",
        "add r8, r3",
        "add r9, r4",
        "cmp r1, lr",
        "bne 7b",
        // The three sums out of the two words.
        "mov r2, r8",
        "mov r6, r9",
        "lsls r3, r2, #11",
        "asrs r3, r3, #11",
        "subs r2, r2, r3",
        "lsrs r4, r2, #21",
        "lsrs r5, r2, #10",
        "subs r6, r6, r5",
        "lsls r5, r6, #10",
        "asrs r5, r5, #10",
        "subs r6, r6, r5",
        "asrs r6, r6, #11",
        "adds r4, r4, r6",
        "mov r7, r12",
        "stm r7!, {{r3-r5}}",
        "adds r7, #4",
        "mov r12, r7",
        // The next position is to the right, then a row down.
        "mov r2, r10",
        "movs r3, #1",
        "eors r2, r3",
        "mov r10, r2",
        "tst r2, r3",
        "bne 6b",
        "ldr r2, [sp, #284]",
        "adds r2, #4",
        "str r2, [sp, #284]",
        "add r3, sp, #64",
        "cmp r7, r3",
        "bne 6b",
        "subs r2, #8",
        "str r2, [sp, #284]",
        "mov r0, sp",
        "ldr r1, [sp, #288]",
        "bl {finish}",
        "ldr r1, [sp, #288]",
        "ldr r0, [r1, #8]",
        "adds r0, #6",
        "str r0, [r1, #8]",
        "movs r0, #2",
        "add r10, r0",
        "mov r0, r10",
        "cmp r0, #24",
        "bne 5b",
        "add sp, #268",
        restore!(),
        "pop {{r0, r2, r4-r7, pc}}",
        finish = sym finish_unsaved,
    )
}
