//! The second convolution: six input channels, sixteen output channels.
//!
//! A row of windows is two rows of eight sums of each channel. The words of weights of one kernel row, six groups, are
//! made at a time and serve both rows, so they take 72 bytes of stack and not 360. For that, the accumulators of one of
//! the two rows rest in a *slot* while the other row is summed:
//!
//! | kernel row | 0 | 1 | 2 | 3 | 4 |
//! |---|---|---|---|---|---|
//! | first, then second row of sums | 0, 1 | 1, 0 | 0, 1 | 1, 0 | 0, 1 |
//! | rows of the input | 0, 1 | 2, 1 | 2, 3 | 4, 3 | 4, 5 |
//!
//! # Range
//!
//! The lanes of a whole channel hold its sums if its positive weights add up to at most 4,112, and its negative weights
//! too: see [`exceeds_21_bits`](crate::kernel::range::exceeds_21_bits). A model with a channel beyond that has its lanes
//! emptied into sums of 32 bits after every kernel row, which takes about 28,000 instructions more.

use super::pooled::PackedRow;
use super::requant::Finish;
use super::window::{
    Windows, activations, add_bias, columns, group, group_loop, int4_weights, larger, next_channel,
    row_maxima, seeds, weight_word_loop, weight_words,
};
use crate::kernel::{FeatureRow, PATCH_SIDE, SMALL};
use core::arch::naked_asm;
use lenet_core::model::{Conv2, INT4};
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_TAPS, KERNEL_SIDE, POOL2_SIDE};

// What the assembly takes for granted.
const _: () = assert!(CONV2_TAPS == KERNEL_SIDE * 30 && CONV1_CHANNELS == 6 && KERNEL_SIDE == 5);
const _: () = assert!(CONV2_CHANNELS == 16 && POOL2_SIDE == 4);

/// Computes one pooled row from the six pooled rows of conv1 that it depends on. `drain` says that some sum may need more
/// than 21 bits.
#[inline(always)]
pub(super) fn row(layer: &Conv2<'_>, drain: bool, input: [&PackedRow; PATCH_SIDE], output: &mut FeatureRow) {
    let weights = layer.weights().as_bytes().as_ptr();
    let (mode, steps) = if layer.weights().is_int4() {
        (Windows::INT4, [0, CONV2_TAPS])
    } else {
        (0, [1, 2 * CONV2_TAPS - 1])
    };
    let mode = if drain { mode | Windows::DRAIN } else { mode };
    let finish = Finish::new(layer, output.as_flattened_mut());
    let mut windows = Windows { finish, weights, mode, steps };
    // SAFETY: the pointers are those of a row of conv2, and the mode says what its weights need.
    unsafe { all_windows(&mut windows, input.as_ptr().cast()) }
}

/// Adds the sums of two columns, from an accumulator and the low word of the next one, to the two words at `r1`, and
/// advances it. Changes `r0`, `r2`, `r3` and `lr`.
#[rustfmt::skip]
macro_rules! add_columns {
    ($low:literal, $high:literal, $next:literal) => {
        concat!(
            columns!("r2", "r3", $low, $high, $next),
            "ldrd r0, lr, [r1]\n",
            "add r0, r0, r2, lsr #11\n",
            "add lr, lr, r3, lsr #11\n",
            "strd r0, lr, [r1], #8\n",
        )
    };
}

/// Computes a row of windows.
///
/// - `windows` (`r0`): the weights and the outputs.
/// - `rows` (`r1`): the addresses of six rows.
///
/// Frame:
///
/// | offset | content |
/// |---|---|
/// | 0 | the words of weights of a kernel row; at the end, maxima |
/// | 72, 108 | the slots, or the sums of both rows in 32 bits, when the lanes are drained |
/// | 144 | the addresses of the rows of the input in the order of the table above |
/// | 184 | a kernel row of int4 weights as int8 |
/// | 216, 220 | the address of the free slot, and of the other |
/// | 224 | the address of the next entry of the table at 144 |
/// | 228 | the next kernel row of weights |
/// | 232 | the weights of the next channel |
/// | 236 | the channels that are left |
/// | 240 | `windows` |
/// | 244 | the end of the weights of the channel |
/// | 248 | in a small build, the address of the next words of weights |
///
/// The upper bits of the edge, `r12`: bit 31 is set when a row was the first with these weights, bits 30 and 29 are
/// those of [`Windows`], and bit 28 says which row has been summed, when the lanes are drained.
///
/// Weights may lie at any address. Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 284 bytes of stack, in a small build
/// 288, and 36 more while lanes are drained.
///
/// # Safety
///
/// `windows` must be that of a row of conv2: weights, steps and mode agree, and there are 64 outputs. `rows` must be six
/// [`PackedRow`]s.
#[unsafe(naked)]
unsafe extern "C" fn all_windows(_windows: &mut Windows, _rows: *const *const PackedRow) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "sub sp, #248+4*{small}",
        "str r0, [sp, #240]",
        "ldmia r1, {{r4-r9}}",
        "strd r4, r5, [sp, #144]",
        "strd r6, r5, [sp, #152]",
        "strd r6, r7, [sp, #160]",
        "strd r8, r7, [sp, #168]",
        "strd r8, r9, [sp, #176]",
        "add r2, sp, #72",
        "add r3, sp, #108",
        "strd r2, r3, [sp, #216]",
        "ldr r0, [r0, #16]",
        "movs r1, #16",
        "strd r0, r1, [sp, #232]",
        // A channel: its lanes,
        "2:",
        "ldr lr, [sp, #240]",
        "ldrd r2, r3, [lr, #24]",
        "strd r3, r2, [lr, #24]",
        "add r2, r0",
        "add r1, sp, #144",
        "strd r1, r0, [sp, #224]",
        "str r2, [sp, #232]",
        "ldr r3, [lr, #20]",
        "add r1, r0, #300",
        ".if {int4}",
        "tst r3, #0x20000000",
        "it ne",
        "addne r1, r0, #150",
        ".endif",
        "str r1, [sp, #244]",
        "adr r1, 99f",
        "ldmia r1, {{r4-r12}}",
        "orr r12, r3",
        "ldr r2, [sp, #220]",
        "orr r12, #0x80000000",
        "stmia r2, {{r4-r12}}",
        "bic r12, #0x80000000",
        "lsls r3, r3, #1",
        "bpl 3f",
        "add r1, sp, #72",
        "add r2, r1, #64",
        "movs r3, #0",
        "22:",
        "str r3, [r1], #4",
        "cmp r1, r2",
        "bne 22b",
        // the weights of a kernel row,
        "3:",
        ".if {int4}",
        "tst r12, #0x20000000",
        "bne 7f",
        ".endif",
        "add r1, r0, #60",
        "str r1, [sp, #228]",
        ".if {small}",
        weight_word_loop!("2", "12"),
        ".else",
        weight_words!("0", "0", "12"),
        weight_words!("12", "2", "12"),
        weight_words!("24", "4", "12"),
        weight_words!("36", "6", "12"),
        weight_words!("48", "8", "12"),
        weight_words!("60", "10", "12"),
        ".endif",
        // the products of one row,
        "4:",
        "ldr r2, [sp, #224]",
        "ldr r0, [r2], #4",
        "str r2, [sp, #224]",
        ".if {small}",
        group_loop!("24", "0", "72", "248"),
        ".else",
        group!("0", "0"),
        group!("24", "12"),
        group!("48", "24"),
        group!("72", "36"),
        group!("96", "48"),
        group!("120", "60"),
        ".endif",
        "eor r12, #0x80000000",
        "lsls r3, r12, #1",
        "bmi 8f",
        "bcc 5f",
        // and, with the same weights, those of the other.
        "ldrd r1, r2, [sp, #216]",
        "strd r2, r1, [sp, #216]",
        "stmia r1, {{r4-r12}}",
        "ldmia r2, {{r4-r12}}",
        "b 4b",
        "5:",
        "ldr r0, [sp, #228]",
        "ldr r1, [sp, #244]",
        "cmp r0, r1",
        "bne 3b",
        // The maxima of the second row, then of the first. In a small build those of both, a pair of columns at a time, from
        // both slots.
        "lsls r3, r12, #1",
        "bmi 9f",
        ".if {small}",
        "ldr r0, [sp, #216]",
        "stmia r0, {{r4-r12}}",
        "add r0, sp, #72",
        "mov r1, sp",
        "61:",
        "ldrd r4, r5, [r0], #8",
        "ldr r6, [r0]",
        columns!("r2", "r3", "r4", "r5", "r6"),
        larger!("r2", "r3"),
        "ldrd r4, r5, [r0, #28]",
        "ldr r6, [r0, #36]",
        columns!("r3", "r7", "r4", "r5", "r6"),
        larger!("r2", "r3"),
        larger!("r2", "r7"),
        "stmia r1!, {{r2}}",
        "add r2, sp, #104",
        "cmp r0, r2",
        "bne 61b",
        "ldmia sp, {{r1-r4}}",
        ".else",
        row_maxima!(),
        "stmia sp, {{r1-r4}}",
        "ldr r0, [sp, #220]",
        "ldmia r0, {{r4-r12}}",
        row_maxima!(),
        "ldmia sp, {{r5-r8}}",
        larger!("r1", "r5"),
        larger!("r2", "r6"),
        larger!("r3", "r7"),
        larger!("r4", "r8"),
        ".endif",
        "ldr lr, [sp, #240]",
        next_channel!(),
        add_bias!(),
        "6:",
        activations!("16"),
        "strb r1, [r10]",
        "strb r3, [r10, #32]",
        "lsrs r1, #16",
        "lsrs r3, #16",
        "strb r1, [r10, #16]",
        "strb r3, [r10, #48]",
        "add r10, #1",
        "str r10, [lr, #8]",
        "ldrd r0, r1, [sp, #232]",
        "subs r1, #1",
        "str r1, [sp, #236]",
        "bne 2b",
        "add sp, #248+4*{small}",
        "pop {{r4-r11, pc}}",
        // int4
        ".if {int4}",
        "7:",
        "add r1, r0, #30",
        "str r1, [sp, #228]",
        "ldr r2, [sp, #236]",
        int4_weights!("184", "0", "4", "8", "12", "16", "20", "24", "26"),
        "add r0, sp, #184",
        ".if {small}",
        weight_word_loop!("1", "6"),
        ".else",
        weight_words!("0", "0", "6"),
        weight_words!("12", "1", "6"),
        weight_words!("24", "2", "6"),
        weight_words!("36", "3", "6"),
        weight_words!("48", "4", "6"),
        weight_words!("60", "5", "6"),
        ".endif",
        "b 4b",
        ".endif",
        // Drain the lanes of the row in bit 28, and start them anew.
        "8:",
        "ubfx r1, r12, #28, #1",
        "add r0, sp, #72",
        "add r1, r0, r1, lsl #5",
        ".if {small}",
        "push {{r4-r12}}",
        "mov r7, sp",
        "81:",
        "ldrd r4, r5, [r7], #8",
        "ldr r6, [r7]",
        add_columns!("r4", "r5", "r6"),
        "add r0, sp, #32",
        "cmp r7, r0",
        "bne 81b",
        "add sp, #36",
        ".else",
        add_columns!("r4", "r5", "r6"),
        add_columns!("r6", "r7", "r8"),
        add_columns!("r8", "r9", "r10"),
        add_columns!("r10", "r11", "r12"),
        ".endif",
        "mov r1, r12",
        "adr r0, 99f",
        "ldmia r0, {{r4-r12}}",
        "bfi r1, r12, #0, #28",
        "mov r12, r1",
        "lsls r3, r12, #1",
        "bcc 5b",
        "eor r12, #0x10000000",
        "b 4b",
        // The maxima of drained sums, each of which began at five times 2^20.
        "9:",
        "add r0, sp, #72",
        "mov r1, sp",
        "add r2, r0, #32",
        "91:",
        "ldrd r5, r6, [r0, #32]",
        "ldrd r3, r4, [r0], #8",
        larger!("r3", "r4"),
        larger!("r5", "r6"),
        larger!("r3", "r5"),
        "sub r3, #0x400000",
        "str r3, [r1], #4",
        "cmp r0, r2",
        "bne 91b",
        "ldmia sp, {{r1-r4}}",
        "ldr lr, [sp, #240]",
        next_channel!(),
        "add r1, r5",
        "add r2, r5",
        "add r3, r5",
        "add r4, r5",
        "b 6b",
        ".p2align 2",
        "99:",
        seeds!(),
        int4 = const INT4 as u8,
        small = const SMALL as u8,
    )
}
