//! The convolution of a grey picture: three channels at a time, 25 taps.

use super::finish::{Outputs, finish};
use core::arch::naked_asm;

/// The weights of three channels for one tap, in two words.
pub(super) type Three = [u32; 2];

/// `[a + b * 2^21, c + b * 2^11]`.
#[inline(always)]
pub(super) const fn pack([a, b, c]: [i8; 3]) -> Three {
    let (a, b, c) = (a as u32, b as u32, c as u32);
    [a.wrapping_add(b << 21), c.wrapping_add(b << 11)]
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

/// Three channels of one pooled position: the sums of its four positions one after the other, then [`finish`].
///
/// # Safety
///
/// Each of the six `rows` is valid for reads of the 6 bytes from the even column `x` on; `outputs` is as
/// [`Outputs::new`] makes it, for three outputs.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn window(
    _rows: *const *const u8,
    _x: usize,
    _weights: *const [Three; 25],
    _outputs: *const Outputs,
) {
    // r0 pixels, r1 weights, r2 pixel, r3-r6 products, r7 rows; r8, r9 sums, r10 column, r11 and lr first and last
    // weight, r12 where the sums go. On the stack: a Window at 0, `rows` at 84, `outputs` at 88.
    naked_asm!(
        "push {{r0, r3-r7, lr}}",
        save!(),
        "sub sp, #68",
        "mov r10, r1",
        "mov r11, r2",
        "adds r2, #200",
        "mov lr, r2",
        "mov r12, sp",
        "2:",
        "ldr r7, [sp, #84]",
        "mov r1, r11",
        "movs r2, #0",
        "mov r8, r2",
        "mov r9, r2",
        "3:",
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
        "bne 3b",
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
        // The next position: to the right, then a row down.
        "mov r2, r10",
        "movs r3, #1",
        "eors r2, r3",
        "mov r10, r2",
        "tst r2, r3",
        "bne 2b",
        "ldr r2, [sp, #84]",
        "adds r2, #4",
        "str r2, [sp, #84]",
        "add r2, sp, #64",
        "cmp r7, r2",
        "bne 2b",
        "mov r0, sp",
        "ldr r1, [sp, #88]",
        "bl {finish}",
        "add sp, #68",
        restore!(),
        "pop {{r0, r3-r7, pc}}",
        finish = sym finish,
    )
}
