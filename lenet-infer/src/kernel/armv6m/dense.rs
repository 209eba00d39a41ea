//! The fully-connected layers: four outputs at a time, so that an activation, once loaded, serves four products.

use super::finish::Window;
use core::arch::naked_asm;

/// One weight of each of four outputs, made a number by `$unpack`, times the activation in `r6`.
#[rustfmt::skip]
macro_rules! four {
    ($($unpack:literal),*) => {
        concat!(
            "ldrsb r7, [r2, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r8, r7\n",
            "ldrsb r7, [r3, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r9, r7\n",
            "ldrsb r7, [r4, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r10, r7\n",
            "ldrsb r7, [r5, r1]\n", $($unpack, "\n",)* "muls r7, r6, r7\nadd r11, r7\n",
        )
    };
}

/// The products of four outputs, summed. Their weights begin at `row` and each `stride` bytes on.
///
/// # Safety
///
/// Each row is valid for reads of `bytes`, an even number above 0; `input` for as many, or twice as many where `int4` is
/// not 0; `window` for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn sums(
    _row: *const u8,
    _stride: usize,
    _input: *const u8,
    _bytes: usize,
    _int4: usize,
    _window: *mut Window,
) {
    // r0 input, r1 index of the weights from minus `bytes` up to 0, r2-r5 where the rows end, r6 activation, r7 weight
    // and product; r8-r11 sums, r12 bytes. On the stack: `int4` at 36, `window` at 40.
    naked_asm!(
        "push {{r4-r7, lr}}",
        save!(),
        "mov r12, r3",
        "mov r7, r2",
        "rsbs r6, r3, #0",
        "adds r2, r0, r3",
        "adds r3, r2, r1",
        "adds r4, r3, r1",
        "adds r5, r4, r1",
        "mov r0, r7",
        "mov r1, r6",
        "movs r6, #0",
        "mov r8, r6",
        "mov r9, r6",
        "mov r10, r6",
        "mov r11, r6",
        "ldr r6, [sp, #36]",
        "cmp r6, #0",
        "bne 3f",
        // int8, two inputs at a time.
        "add r0, r12",
        "2:",
        ".rept 2",
        "ldrb r6, [r0, r1]",
        four!(),
        "adds r1, #1",
        ".endr",
        "bne 2b",
        "b 4f",
        // int4, the two inputs of a byte.
        "3:",
        "ldrb r6, [r0]",
        four!("lsls r7, r7, #28", "asrs r7, r7, #24"),
        "ldrb r6, [r0, #1]",
        "adds r0, #2",
        four!("lsrs r7, r7, #4", "lsls r7, r7, #4"),
        "adds r1, #1",
        "bne 3b",
        "4:",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "ldr r0, [sp, #40]",
        ".rept 4",
        "stm r0!, {{r4-r7}}",
        ".endr",
        restore!(),
        "pop {{r4-r7, pc}}",
    )
}
