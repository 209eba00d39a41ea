//! The products of a kernel row of conv2: 30 taps of four channels.
//!
//! The weights of 30 taps are packed, then multiplied at all sixteen positions of a row of windows.

/// Packs the weights of channels a, b, c and d at one tap, in `r3`, `r5`, `r4` and `r6`, to the three words
/// `[a + d * 2^24, c + d * 2^8, b + d * 2^16]` at `r7`, and advances `r7`. Changes `r3` to `r6`.
macro_rules! pack {
    () => {
        concat!(
            "lsls r6, r6, #8\n",
            "adds r4, r4, r6\n",
            "lsls r6, r6, #8\n",
            "adds r5, r5, r6\n",
            "lsls r6, r6, #8\n",
            "adds r3, r3, r6\n",
            "stm r7!, {{r3-r5}}\n",
        )
    };
}

/// Packs a kernel row of four channels, 30 taps, from `r7` up to `r10`, three taps at a time.
///
/// `r0` and `r1` point to the weights of the two pairs, and `r4` is the number of bytes of a pair. Leaves in `r2` how many
/// bytes of each pair it read. Changes `r3` to `r7`.
macro_rules! pack_row {
    () => {
        concat!(
            "movs r2, #0\n",
            ".if {int4}\n",
            "cmp r4, #{taps}\n",
            "beq 22f\n",
            ".endif\n",
            "21:\n",
            ".rept 3 - 2 * {small}\n",
            "ldrsb r3, [r0, r2]\n",
            "ldrsb r4, [r1, r2]\n",
            "adds r2, #1\n",
            "ldrsb r5, [r0, r2]\n",
            "ldrsb r6, [r1, r2]\n",
            "adds r2, #1\n",
            pack!(),
            ".endr\n",
            "cmp r7, r10\n",
            "bne 21b\n",
            ".if {int4}\n",
            "b 23f\n",
            "22:\n",
            ".rept 3 - 2 * {small}\n",
            "ldrsb r5, [r0, r2]\n",
            "ldrsb r6, [r1, r2]\n",
            "adds r2, #1\n",
            "lsls r3, r5, #28\n",
            "asrs r3, r3, #24\n",
            "lsls r4, r6, #28\n",
            "asrs r4, r4, #24\n",
            "asrs r5, r5, #4\n",
            "lsls r5, r5, #4\n",
            "asrs r6, r6, #4\n",
            "lsls r6, r6, #4\n",
            pack!(),
            ".endr\n",
            "cmp r7, r10\n",
            "bne 22b\n",
            "23:\n",
            ".endif\n",
        )
    };
}

/// Adds the products of five taps at one position, but for the last three words, whose products are then in `r5` to `r7`:
/// 35 instructions, and 3 more for twenty products. Five registers hold the words of one tap and a part of the next.
///
/// `r0` points to the activations, `tap` is the first of the five, `r1` points to the packed weights, and the sums are in
/// `r10` to `r12`. Changes `r1` to `r7`.
macro_rules! five_taps {
    () => {
        concat!(
            "ldm r1!, {{r3-r7}}\n",
            "ldrb r2, [r0, #\\tap]\n",
            "muls r3, r2, r3\n",
            "muls r4, r2, r4\n",
            "muls r5, r2, r5\n",
            "add r10, r3\n",
            "add r11, r4\n",
            "add r12, r5\n",
            "ldrb r2, [r0, #\\tap + 1]\n",
            "muls r6, r2, r6\n",
            "muls r7, r2, r7\n",
            "add r10, r6\n",
            "add r11, r7\n",
            "ldm r1!, {{r3-r7}}\n",
            "muls r3, r2, r3\n",
            "add r12, r3\n",
            "ldrb r2, [r0, #\\tap + 2]\n",
            "muls r4, r2, r4\n",
            "muls r5, r2, r5\n",
            "muls r6, r2, r6\n",
            "add r10, r4\n",
            "add r11, r5\n",
            "add r12, r6\n",
            "ldrb r2, [r0, #\\tap + 3]\n",
            "muls r7, r2, r7\n",
            "add r10, r7\n",
            "ldm r1!, {{r3-r7}}\n",
            "muls r3, r2, r3\n",
            "muls r4, r2, r4\n",
            "add r11, r3\n",
            "add r12, r4\n",
            "ldrb r2, [r0, #\\tap + 4]\n",
            "muls r5, r2, r5\n",
            "muls r6, r2, r6\n",
            "muls r7, r2, r7\n",
        )
    };
}

/// Adds the products of a kernel row to the sums of two rows of positions, which lie from `r9` up to `lr`.
///
/// The packed weights are at the top of the stack, and 4 bytes on the end of the sums is the address of the addresses of two
/// rows of activations. Changes it and `r0` to `r12`.
macro_rules! sum_row {
    () => {
        concat!(
            // One turn per row.
            "31:\n",
            "ldr r2, [sp, #{end}+4]\n",
            "ldm r2!, {{r0}}\n",
            "str r2, [sp, #{end}+4]\n",
            ".if {small}\n",
            "ldr r2, [sp, #{end}+8]\n",
            "adds r0, r0, r2\n",
            ".endif\n",
            "movs r2, #{sums_row}\n",
            "add r2, r9\n",
            "mov r8, r2\n",
            // One turn per position.
            "32:\n",
            "mov r1, sp\n",
            "mov r5, r9\n",
            "ldm r5, {{r5-r7}}\n",
            "mov r10, r5\n",
            "mov r11, r6\n",
            "mov r12, r7\n",
            ".if {small}\n",
            "35:\n",
            ".irp tap, 0\n",
            five_taps!(),
            ".endr\n",
            "add r10, r5\n",
            "add r11, r6\n",
            "add r12, r7\n",
            "adds r0, #5\n",
            "add r2, sp, #{sums}\n",
            "cmp r1, r2\n",
            "bne 35b\n",
            "subs r0, #{at_a_time}\n",
            "mov r5, r10\n",
            "mov r6, r11\n",
            "mov r7, r12\n",
            ".else\n",
            ".irp tap, 0, 5, 10, 15, 20\n",
            five_taps!(),
            "add r10, r5\n",
            "add r11, r6\n",
            "add r12, r7\n",
            ".endr\n",
            ".irp tap, 25\n",
            five_taps!(),
            ".endr\n",
            // The last sums are made where they can be stored.
            "add r5, r10\n",
            "add r6, r11\n",
            "add r7, r12\n",
            ".endif\n",
            "mov r2, r9\n",
            "stm r2!, {{r5-r7}}\n",
            "mov r9, r2\n",
            "adds r0, #6\n",
            "cmp r2, r8\n",
            "beq 33f\n",
            "b 32b\n",
            "33:\n",
            "cmp r2, lr\n",
            "beq 34f\n",
            "b 31b\n",
            "34:\n",
        )
    };
}
pub(super) use {five_taps, pack, pack_row, sum_row};
