//! The fully-connected layers: four outputs at a time, so that an activation, once loaded, serves four products.

use super::finish::Window;
use core::arch::naked_asm;

/// One weight of each of four outputs, made a number by `$unpack`, times the activation in `r6`.
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

/// Of the arguments makes the ends of four rows in `r2` to `r5`, minus their length in `r1`, their length in `r12` and
/// the input in `r0`, and clears the sums.
macro_rules! begin {
    () => {
        concat!(
            "push {{r4-r7, lr}}\n",
            save!(),
            "mov r12, r3\n",
            "mov r7, r2\n",
            "rsbs r6, r3, #0\n",
            "adds r2, r0, r3\n",
            "adds r3, r2, r1\n",
            "adds r4, r3, r1\n",
            "adds r5, r4, r1\n",
            "mov r0, r7\n",
            "mov r1, r6\n",
            "movs r6, #0\n",
            "mov r8, r6\n",
            "mov r9, r6\n",
            "mov r10, r6\n",
            "mov r11, r6\n",
        )
    };
}

/// Moves the sums to `r4` to `r7`.
macro_rules! sums {
    () => {
        "mov r4, r8\nmov r5, r9\nmov r6, r10\nmov r7, r11\n"
    };
}

/// Stores the sums in `r4` to `r7` at every position of the window.
macro_rules! end {
    () => {
        concat!(
            "ldr r0, [sp, #36]\n",
            ".rept 4\n",
            "stm r0!, {{r4-r7}}\n",
            ".endr\n",
            restore!(),
            "pop {{r4-r7, pc}}\n",
        )
    };
}

/// The products of four outputs, summed, of int8 weights. Their weights begin at `row` and each `stride` bytes on.
///
/// # Safety
///
/// Each row and `input` are valid for reads of `bytes`, an even number above 0, `window` for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn int8(
    _row: *const u8,
    _stride: usize,
    _input: *const u8,
    _bytes: usize,
    _window: *mut Window,
) {
    naked_asm!(
        begin!(),
        "add r0, r12",
        "2:",
        ".rept 2",
        "ldrb r6, [r0, r1]",
        four!(),
        "adds r1, #1",
        ".endr",
        "bne 2b",
        sums!(),
        end!(),
    )
}

/// The products of four outputs, summed, of int4 weights. Their weights begin at `row` and each `stride` bytes on.
///
/// # Safety
///
/// Each row is valid for reads of `bytes`, above 0, and `input` for twice as many, `window` for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn int4(
    _row: *const u8,
    _stride: usize,
    _input: *const u8,
    _bytes: usize,
    _window: *mut Window,
) {
    naked_asm!(
        begin!(),
        "2:",
        "ldrb r6, [r0]",
        four!("lsls r7, r7, #28", "asrs r7, r7, #28"),
        "ldrb r6, [r0, #1]",
        "adds r0, #2",
        four!("asrs r7, r7, #4"),
        "adds r1, #1",
        "bne 2b",
        sums!(),
        "lsls r4, r4, #4",
        "lsls r5, r5, #4",
        "lsls r6, r6, #4",
        "lsls r7, r7, #4",
        end!(),
    )
}
