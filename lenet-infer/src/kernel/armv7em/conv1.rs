//! The first convolution: one input channel, six output channels.
//!
//! The 25 taps of a pair of channels are taken two at a time, in the order of the file. At the end of a kernel row,
//! the two are the last tap of that row and the first tap of the next. [`widen`] lays out the patch of a window so
//! that one `LDRD` loads the activations of two taps for two neighboring positions.

use super::requant::{Finish, finish_pair};
use super::window::{int4_to_int8, largest, step};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv1, Weights};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, POOL_SIDE, POOL1_SIDE};

/// The input of a window, seven pairs of halfwords for each row of six pixels p0 to p5, with the first of a pair in
/// the low half: (p0, q4), (p1, q5), (p0, p1), (p1, p2), (p2, p3), (p3, p4), (p4, p5). The pixels q are those of the
/// row above.
type Patch = [[u32; 7]; PATCH_SIDE];

/// Computes one pooled row from the six image rows that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let rows = input.as_ptr().cast::<*const u8>();
    let mut finish = Finish::new(layer, output.as_flattened_mut());
    // SAFETY: `rows`, the weights and `finish` are those of a row of conv1.
    unsafe {
        match layer.weights() {
            Weights::Int8(weights) => int8_row(weights.as_ptr().cast(), rows, &mut finish),
            Weights::Int4(weights) => int4_row(weights.as_ptr().cast(), rows, &mut finish),
        }
    }
}

/// Computes a row with int8 weights.
///
/// # Safety
///
/// `weights` must point to the weights of conv1, `rows` to the addresses of six image rows, and `finish` must be at
/// the start of a row of outputs.
#[inline(never)]
unsafe fn int8_row(weights: *const u8, rows: *const *const u8, finish: &mut Finish) {
    let mut patch = MaybeUninit::<Patch>::uninit();
    let mut column = 0;
    // SAFETY: the caller guarantees it.
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

/// Unpacks all int4 weights, then computes a row.
///
/// # Safety
///
/// As for [`int8_row`].
#[inline(never)]
unsafe fn int4_row(weights: *const u8, rows: *const *const u8, finish: &mut Finish) {
    let mut int8 = MaybeUninit::<[[u8; 2]; CONV1_PAIRS * CONV1_TAPS]>::uninit();
    let int8 = int8.as_mut_ptr().cast::<u8>();
    // SAFETY: the caller guarantees it.
    unsafe {
        int4_to_int8(weights, weights.add(CONV1_PAIRS * CONV1_TAPS), int8);
        int8_row(int8, rows, finish);
    }
}

/// Writes the patch of the window that starts at `column`.
///
/// - `rows` (`r0`): the addresses of six image rows, at any address.
/// - `column` (`r1`): the column of the window's left positions.
/// - `patch` (`r2`): where the patch goes.
///
/// The first row has no row above, so its pixels q are undefined, and [`window`] does not use them. Pixels are read by
/// the word. Changes `r0`, `r2`, `r3`, `r12`, `lr` and the flags. Takes 40 bytes of stack.
///
/// # Safety
///
/// Each of the six `rows` must be valid for reads of `column + 6` bytes, and `patch` for writes.
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

/// Computes all channels of one pooled position.
///
/// - `weights` (`r0`), `end` (`r3`): the start and the end of the int8 weights, at any address.
/// - `patch` (`r1`): the input of the window, from [`widen`].
/// - `finish` (`r2`): where the outputs go; it is advanced by all channels.
///
/// Changes `r0`, `r12`, `lr` and the flags. Takes 44 bytes of stack.
///
/// # Safety
///
/// The range from `weights` to `end` must be the weights of one or more pairs of channels, 50 bytes each. `patch` must
/// be valid for reads, and `finish` must have as many outputs left as there are channels.
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
        // Like `step!`, but into sums that are not initialized yet.
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
        // The last tap has no partner.
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
