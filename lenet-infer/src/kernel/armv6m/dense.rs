//! The fully-connected layers: four outputs at a time, so that an activation, once loaded, serves four products.

use super::finish::Window;
use core::arch::naked_asm;

/// Stores the sums in `r8` to `r11` at every position of the window whose address is at the top of the stack.
macro_rules! store {
    () => {
        concat!(
            "ldr r0, [sp, #16]\n",
            "stm r0!, {{r4-r7}}\n",
            "stm r0!, {{r4-r7}}\n",
            "stm r0!, {{r4-r7}}\n",
            "stm r0!, {{r4-r7}}\n",
        )
    };
}

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

/// Loads the ends of four rows of `r2` bytes into `r2` to `r5`, their length's negative into `r1`, and clears the sums.
macro_rules! begin {
    () => {
        concat!(
            "push {{r3-r7, lr}}\n",
            save!(),
            "mov r12, r2\n",
            "mov r8, r1\n",
            "rsbs r1, r2, #0\n",
            "ldm r0!, {{r2-r5}}\n",
            "add r2, r12\n",
            "add r3, r12\n",
            "add r4, r12\n",
            "add r5, r12\n",
            "mov r0, r8\n",
            "movs r6, #0\n",
            "mov r8, r6\n",
            "mov r9, r6\n",
            "mov r10, r6\n",
            "mov r11, r6\n",
        )
    };
}

/// The products of four outputs, summed, of int8 weights.
///
/// # Safety
///
/// Each row and `input` are valid for reads of `bytes`, an even number above 0.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn int8(
    _rows: &[*const u8; 4],
    _input: *const u8,
    _bytes: usize,
    _sums: &mut Window,
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
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        store!(),
        restore!(),
        "pop {{r3-r7, pc}}",
    )
}

/// The products of four outputs, summed, of int4 weights.
///
/// # Safety
///
/// Each row is valid for reads of `bytes`, above 0, and `input` for twice as many.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn int4(
    _rows: &[*const u8; 4],
    _input: *const u8,
    _bytes: usize,
    _sums: &mut Window,
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
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "lsls r4, r4, #4",
        "lsls r5, r5, #4",
        "lsls r6, r6, #4",
        "lsls r7, r7, #4",
        store!(),
        restore!(),
        "pop {{r3-r7, pc}}",
    )
}
