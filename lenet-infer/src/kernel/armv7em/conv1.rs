//! conv1: one input channel.
//!
//! The 25 taps of a pair of channels are met two by two in the order of the file: across a kernel row's end the pair is
//! its last tap and the next row's first. [`widen`] lays the patch of a window out so that the activations of such a
//! pair, for two neighbouring positions, are one `LDRD`.

use super::requant::{Finish, finish_pair};
use super::window::{int4_to_int8, largest, step};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv1, Weights};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, POOL_SIDE, POOL1_SIDE};

/// What the four positions of a window see. Of each row of six pixels, as pairs of halfwords, the first in the low one:
/// (p0, q4), (p1, q5), where q is the row before; (p0, p1), (p1, p2), (p2, p3), (p3, p4), (p4, p5).
type Patch = [[u32; 7]; PATCH_SIDE];

/// One pooled row, from the six rows of the image that it sees.
#[inline(never)]
pub(super) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let rows = input.as_ptr().cast::<*const u8>();
    let mut finish = Finish::new(layer, output.as_flattened_mut());
    // SAFETY: the rows, the weights and the output are conv1's.
    unsafe {
        match layer.weights() {
            Weights::Int8(weights) => int8_row(weights.as_ptr().cast(), rows, &mut finish),
            Weights::Int4(weights) => int4_row(weights.as_ptr().cast(), rows, &mut finish),
        }
    }
}

/// A row of int8 weights.
///
/// # Safety
///
/// `weights`, `rows` and `finish` are conv1's.
#[inline(never)]
unsafe fn int8_row(weights: *const u8, rows: *const *const u8, finish: &mut Finish) {
    let mut patch = MaybeUninit::<Patch>::uninit();
    let mut column = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let end = finish.output.add(POOL1_SIDE * CONV1_CHANNELS);
        while finish.output != end {
            widen(rows, column, patch.as_mut_ptr());
            window(weights, patch.as_ptr(), finish, weights.add(2 * CONV1_PAIRS * CONV1_TAPS));
            finish.rewind(CONV1_CHANNELS);
            column += POOL_SIDE;
        }
    }
}

/// A row of int4 weights: unpacks them all.
///
/// # Safety
///
/// As [`int8_row`]'s.
#[inline(never)]
unsafe fn int4_row(weights: *const u8, rows: *const *const u8, finish: &mut Finish) {
    let mut int8 = MaybeUninit::<[[u8; 2]; CONV1_PAIRS * CONV1_TAPS]>::uninit();
    let int8 = int8.as_mut_ptr().cast::<u8>();
    // SAFETY: as the caller promises.
    unsafe {
        int4_to_int8(weights, weights.add(CONV1_PAIRS * CONV1_TAPS), int8);
        int8_row(int8, rows, finish);
    }
}

/// Writes the patch of the window from `column` on. In the first row, which has none before it, q is undefined and not
/// used.
///
/// # Safety
///
/// `rows` are six of at least `column + 6` pixels.
#[unsafe(naked)]
unsafe extern "C" fn widen(_rows: *const *const u8, _column: usize, _patch: *mut Patch) {
    naked_asm!(
        dsp!(),
        "add r3, r0, #24",
        "push {{r3-r11, lr}}",
        "2:",
        "ldr r3, [r0], #4",
        "add r3, r3, r1",
        "ldr r12, [r3]",
        "ldr r10, [r3, #2]",
        // (p0, p2) and (p1, p3); r11 and lr are still (q2, q4) and (q3, q5).
        "uxtb16 r3, r12",
        "uxtb16 r12, r12, ror #8",
        "pkhbt r4, r3, r11",
        "pkhbt r5, r12, lr",
        // (p2, p4) and (p3, p5).
        "uxtb16 r11, r10",
        "uxtb16 lr, r10, ror #8",
        "pkhbt r6, r3, r12, lsl #16",
        "pkhbt r7, r12, r3",
        "pkhbt r8, r11, lr, lsl #16",
        "pkhbt r9, lr, r11",
        "pkhtb r10, lr, r11, asr #16",
        "stmia r2!, {{r4-r10}}",
        "ldr r4, [sp]",
        "cmp r0, r4",
        "bne 2b",
        "pop {{r3-r11, pc}}",
    )
}

/// All pairs of channels of a window, from `weights` up to `end`.
///
/// # Safety
///
/// The weights are conv1's; `finish` has room for their channels.
#[unsafe(naked)]
unsafe extern "C" fn window(
    _weights: *const u8,
    _patch: *const Patch,
    _finish: &mut Finish,
    _end: *const u8,
) {
    naked_asm!(
        dsp!(),
        "push {{r2-r11, lr}}",
        "2:",
        // As `step!`, but into fresh sums.
        "ldr lr, [r0], #4",
        "ldrd r2, r3, [r1, #8]",
        "sxtb16 r12, lr",
        "sxtb16 lr, lr, ror #8",
        "smuad r4, r12, r2",
        "smuad r5, lr, r2",
        "smuad r6, r12, r3",
        "smuad r7, lr, r3",
        "ldrd r2, r3, [r1, #36]",
        "smuad r8, r12, r2",
        "smuad r9, lr, r2",
        "smuad r10, r12, r3",
        "smuad r11, lr, r3",
        step!("smlad", 16, 28),
        step!("smladx", 28, 28),
        step!("smlad", 40, 28),
        step!("smlad", 48, 28),
        step!("smlad", 64, 28),
        step!("smlad", 72, 28),
        step!("smladx", 84, 28),
        step!("smlad", 96, 28),
        step!("smlad", 104, 28),
        step!("smlad", 120, 28),
        step!("smlad", 128, 28),
        // The last tap, alone.
        "ldrsb r12, [r0], #1",
        "ldrsb lr, [r0], #1",
        "ldr r2, [r1, #136]",
        "ldr r3, [r1, #164]",
        "smlabb r4, r12, r2, r4",
        "smlabb r5, lr, r2, r5",
        "smlabt r6, r12, r2, r6",
        "smlabt r7, lr, r2, r7",
        "smlabb r8, r12, r3, r8",
        "smlabb r9, lr, r3, r9",
        "smlabt r10, r12, r3, r10",
        "smlabt r11, lr, r3, r11",
        largest!("r4", "r6", "r8", "r10"),
        largest!("r5", "r7", "r9", "r11"),
        "ldr r12, [sp]",
        "bl {finish_pair}",
        "ldr r2, [sp, #4]",
        "cmp r0, r2",
        "bne 2b",
        "pop {{r2-r11, pc}}",
        finish_pair = sym finish_pair,
    )
}
