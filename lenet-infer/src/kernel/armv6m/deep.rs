//! The convolution of six channels: four output channels at a time, ten taps at a time.

use super::finish::{Outputs, finish};
use core::arch::naked_asm;

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

/// Sums all products of four channels at sixteen positions.
///
/// `even` and `odd` are the weights of the first and the second pair of channels from their first tap on, as the file
/// has them; `int4` says of which width.
///
/// # Safety
///
/// `even` and `odd` are valid for reads of 150 taps' weights, each of the six `rows` for reads of 72 bytes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn accumulate(
    _even: *const u8,
    _odd: *const u8,
    _rows: &[*const u8; 6],
    _sums: &mut Sums,
    _int4: bool,
) {
    // On the stack: packed weights at 0, the offset of the taps in their row at 120, where `rows` end at 124, `even` at
    // 148, `odd` at 152, `rows` at 156, `sums` at 160, `int4` at 184.
    // While packing: r0, r1 weights, r2 index, r7 and r10 where they go and end. Then: r0 activations, r1 weights, r2
    // activation, r3-r5 products, r11, r6, r7 sums, r8 rows, r9 where the sums are, r10 and lr where the row and all
    // end, r12 offset.
    naked_asm!(
        "push {{r0-r7, lr}}",
        save!(),
        "sub sp, #132",
        "adds r2, #20",
        "str r2, [sp, #124]",
        "movs r0, #0",
        "str r0, [sp, #120]",
        // The sums begin at 0.
        "movs r1, #0",
        "movs r2, #0",
        "movs r4, #16",
        "2:",
        "stm r3!, {{r0-r2}}",
        "subs r4, #1",
        "bne 2b",
        // Ten taps.
        "1:",
        "ldr r0, [sp, #148]",
        "ldr r1, [sp, #152]",
        "add r2, sp, #120",
        "mov r10, r2",
        "mov r7, sp",
        "movs r2, #0",
        "ldr r3, [sp, #184]",
        "uxtb r3, r3",
        "cmp r3, #0",
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
        "adds r0, r0, r2",
        "str r0, [sp, #148]",
        "adds r1, r1, r2",
        "str r1, [sp, #152]",
        "ldr r2, [sp, #120]",
        "mov r12, r2",
        "ldr r2, [sp, #156]",
        "mov r8, r2",
        "ldr r2, [sp, #160]",
        "mov r9, r2",
        "adds r2, #192",
        "mov lr, r2",
        // A row of positions.
        "5:",
        "mov r2, r8",
        "ldm r2!, {{r0}}",
        "mov r8, r2",
        "add r0, r12",
        "movs r2, #96",
        "add r2, r9",
        "mov r10, r2",
        // A position.
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
        // The next ten taps, or the next row's first.
        "mov r0, r12",
        "adds r0, #10",
        "cmp r0, #30",
        "bne 7f",
        "movs r0, #0",
        "ldr r1, [sp, #156]",
        "adds r1, #4",
        "str r1, [sp, #156]",
        "ldr r2, [sp, #124]",
        "cmp r1, r2",
        "beq 8f",
        "7:",
        "str r0, [sp, #120]",
        "b 1b",
        "8:",
        "add sp, #132",
        restore!(),
        "pop {{r0-r7, pc}}",
    )
}

/// Four channels of a row of four pooled positions: unpacks the sums of each window, then [`finish`].
///
/// # Safety
///
/// `outputs` is as [`Outputs::new`] makes it, for four outputs of sixteen, four times.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish_row(_sums: &Sums, _outputs: &mut Outputs) {
    // On the stack: a Window at 0, where the sums of the first row end at 64, `sums` at 68, `outputs` at 72.
    naked_asm!(
        "push {{r0, r1, r4-r7, lr}}",
        "sub sp, #68",
        "movs r1, #96",
        "adds r1, r1, r0",
        "str r1, [sp, #64]",
        "2:",
        "mov r1, sp",
        "3:",
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
        // Two of the first row, then two of the second.
        "mov r2, sp",
        "subs r2, r1, r2",
        "cmp r2, #32",
        "bne 4f",
        "adds r0, #72",
        "4:",
        "cmp r2, #64",
        "bne 3b",
        "mov r0, sp",
        "ldr r1, [sp, #72]",
        "bl {finish}",
        "ldr r1, [sp, #72]",
        "ldr r0, [r1, #8]",
        "adds r0, #16",
        "str r0, [r1, #8]",
        "ldr r0, [sp, #68]",
        "adds r0, #24",
        "str r0, [sp, #68]",
        "ldr r1, [sp, #64]",
        "cmp r0, r1",
        "bne 2b",
        "add sp, #68",
        "pop {{r0, r1, r4-r7, pc}}",
        finish = sym finish,
    )
}
