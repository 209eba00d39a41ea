//! The convolution of six channels: four output channels at a time, ten taps at a time.

use super::finish::{Outputs, finish};
use core::arch::naked_asm;

/// Taps whose weights are held packed at a time: a third of a kernel row.
pub(super) const TAPS_AT_A_TIME: usize = 10;
/// Positions of two rows, those under a row of pooling windows: `[row][column]`, four sums each, packed.
pub(super) type Sums = [[[u32; 3]; 8]; 2];

/// Packs the weights `r3`, `r5`, `r4`, `r6` of channels a, b, c, d for one tap.
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

/// Adds the products of ten taps to the sums of four channels at sixteen positions.
///
/// `even` and `odd` are the weights of the first and the second pair of channels from the first tap on, as the file
/// has them, `int4` says of which width. `rows` are the activations that the first tap meets at the first position of
/// each of the two rows.
///
/// # Safety
///
/// `even` and `odd` are valid for reads of ten taps' weights, each of the two `rows` for reads of 52 bytes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn accumulate(
    _even: *const u8,
    _odd: *const u8,
    _rows: &[*const u8; 2],
    _sums: &mut Sums,
    _int4: bool,
) {
    // While packing: r0, r1 weights, r2 index, r7 and r10 where they go and end, r8 rows, r9 sums. Then: r0
    // activations, r1 weights, r2 activation, r3-r5 products, r11, r6, r7 sums, r8 rows, r9 where the sums are, r10
    // and lr where the row and all end.
    naked_asm!(
        "push {{r4-r7, lr}}",
        save!(),
        "ldr r4, [sp, #36]",
        "sub sp, #{table}",
        "mov r8, r2",
        "mov r9, r3",
        "add r2, sp, #{table}",
        "mov r10, r2",
        "mov r7, sp",
        "movs r2, #0",
        "cmp r4, #0",
        "bne 3f",
        "2:",
        "ldrsb r3, [r0, r2]",
        "ldrsb r4, [r1, r2]",
        "adds r2, #1",
        "ldrsb r5, [r0, r2]",
        "ldrsb r6, [r1, r2]",
        "adds r2, #1",
        pack!(),
        "cmp r7, r10",
        "bne 2b",
        "b 4f",
        "3:",
        "ldrb r5, [r0, r2]",
        "ldrb r6, [r1, r2]",
        "adds r2, #1",
        "lsls r3, r5, #28",
        "lsls r4, r6, #28",
        "lsrs r5, r5, #4",
        "lsrs r6, r6, #4",
        "lsls r5, r5, #28",
        "lsls r6, r6, #28",
        "asrs r3, r3, #24",
        "asrs r4, r4, #24",
        "asrs r5, r5, #24",
        "asrs r6, r6, #24",
        pack!(),
        "cmp r7, r10",
        "bne 3b",
        "4:",
        "mov r2, r9",
        "adds r2, #192",
        "mov lr, r2",
        "5:",
        "mov r2, r8",
        "ldm r2!, {{r0}}",
        "mov r8, r2",
        "movs r2, #96",
        "add r2, r9",
        "mov r10, r2",
        "6:",
        "mov r1, sp",
        "mov r5, r9",
        "ldm r5, {{r5-r7}}",
        "mov r11, r5",
        ".irp tap, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "ldrb r2, [r0, #\\tap]",
        "ldm r1!, {{r3-r5}}",
        "muls r3, r2, r3",
        "muls r4, r2, r4",
        "muls r5, r2, r5",
        "add r11, r3",
        "adds r6, r6, r4",
        "adds r7, r7, r5",
        ".endr",
        "mov r5, r11",
        "mov r2, r9",
        "stm r2!, {{r5-r7}}",
        "mov r9, r2",
        "adds r0, #6",
        "cmp r2, r10",
        "bne 6b",
        "cmp r2, lr",
        "bne 5b",
        "add sp, #{table}",
        restore!(),
        "pop {{r4-r7, pc}}",
        table = const 12 * TAPS_AT_A_TIME,
    )
}

/// Four channels of one pooled position: unpacks the sums of its four positions, then [`finish`].
///
/// # Safety
///
/// `sums` points to the first position of a window in [`Sums`]; `outputs` is as [`Outputs::new`] makes it.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn window(_sums: *const [u32; 3], _outputs: *const Outputs) {
    naked_asm!(
        "push {{r1, r4-r7, lr}}",
        "sub sp, #64",
        "mov r1, sp",
        "2:",
        "ldm r0!, {{r2-r4}}",
        "lsls r5, r2, #8",
        "asrs r5, r5, #8",
        "subs r2, r2, r5",
        "lsrs r6, r2, #8",
        "subs r4, r4, r6",
        "lsls r6, r4, #8",
        "asrs r6, r6, #8",
        "subs r4, r4, r6",
        "lsrs r7, r2, #16",
        "subs r3, r3, r7",
        "lsrs r7, r4, #8",
        "subs r3, r3, r7",
        "lsls r7, r3, #8",
        "asrs r7, r7, #8",
        "subs r3, r3, r7",
        "asrs r3, r3, #8",
        "lsrs r4, r4, #16",
        "adds r3, r3, r4",
        "lsrs r2, r2, #24",
        "adds r2, r2, r3",
        "stm r1!, {{r5-r7}}",
        "stm r1!, {{r2}}",
        "mov r2, sp",
        "subs r2, r1, r2",
        "cmp r2, #32",
        "bne 3f",
        "adds r0, #72",
        "3:",
        "cmp r2, #64",
        "bne 2b",
        "mov r0, sp",
        "ldr r1, [sp, #64]",
        "bl {finish}",
        "add sp, #64",
        "pop {{r1, r4-r7, pc}}",
        finish = sym finish,
    )
}
