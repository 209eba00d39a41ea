//! conv2: six input channels.
//!
//! A kernel row at a time for four pairs of channels, so that two rows of a window's patch are all that is widened at
//! a time, in turns: its lower row is the upper one of the next kernel row.

use super::requant::{Finish, finish_pair};
use super::window::{int4_to_int8, largest, step};
use crate::kernel::{FeatureRow, KERNEL_SIDE, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv2, Weights};
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, POOL_SIDE, POOL2_SIDE};

/// A row of what the four positions of a window see: for each pair of channels, for each of six columns, both.
type PatchRow = [u32; PATCH_SIDE * CONV1_CHANNELS / 2];
/// Taps of one row of a kernel.
const ROW_TAPS: usize = KERNEL_SIDE * CONV1_CHANNELS;
/// Pairs of channels whose sums are held at a time. With all eight, the patch would be widened once and not twice, for
/// 7,000 instructions an image and 128 bytes of stack.
const HELD_PAIRS: usize = 4;

const _: () = assert!(CONV2_PAIRS.is_multiple_of(HELD_PAIRS));

/// The sums of a pair of channels at the four positions of a window: for each row of the window, for each column, the
/// even channel's and the odd one's.
type Sums = [i32; 8];

/// One pooled row, from the six pooled rows of conv1 that it sees.
#[inline(never)]
pub(super) fn row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    let rows = input.as_ptr().cast::<*const u8>();
    let (weights, tap_bytes) = match layer.weights() {
        Weights::Int8(weights) => (weights.as_ptr().cast(), 2),
        Weights::Int4(weights) => (weights.as_ptr().cast(), 1),
    };
    let mut finish = Finish::new(layer, output.as_flattened_mut());
    // SAFETY: the rows, the weights and the output are conv2's.
    unsafe { windows(weights, tap_bytes, rows, &mut finish) }
}

/// All windows of a row; `tap_bytes` is 2 for int8 weights and 1 for int4.
///
/// # Safety
///
/// `weights`, `rows` and `finish` are conv2's.
#[inline(always)]
unsafe fn windows(weights: *const u8, tap_bytes: usize, rows: *const *const u8, finish: &mut Finish) {
    let mut patch = MaybeUninit::<[PatchRow; 2]>::uninit();
    let patch = patch.as_mut_ptr().cast::<PatchRow>();
    let mut column = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let end = finish.output.add(POOL2_SIDE * CONV2_CHANNELS);
        while finish.output != end {
            let mut weights = weights;
            let last = finish.biases.add(CONV2_CHANNELS);
            while finish.biases != last {
                let mut sums = [[0; 8]; HELD_PAIRS];
                let mut row = widen_row(rows, column, patch);
                while row != rows.add(PATCH_SIDE) {
                    row = widen_row(row, column, patch.add(row.offset_from_unsigned(rows) % 2));
                    kernel_rows(weights, tap_bytes, patch, &mut sums);
                    weights = weights.add(ROW_TAPS * tap_bytes);
                }
                weights = weights.add((HELD_PAIRS - 1) * CONV2_TAPS * tap_bytes);
                let range = sums.as_ptr_range();
                finish_windows(range.start, range.end, finish);
            }
            finish.rewind(CONV2_CHANNELS);
            column += POOL_SIDE * CONV1_CHANNELS;
        }
    }
}

/// One row of the kernels of some pairs, from `weights` on.
///
/// # Safety
///
/// As [`windows`]'s.
#[inline(never)]
unsafe fn kernel_rows(
    weights: *const u8,
    tap_bytes: usize,
    patch: *const PatchRow,
    sums: &mut [Sums; HELD_PAIRS],
) {
    // SAFETY: as the caller promises.
    unsafe {
        if tap_bytes == 1 {
            int4_kernel_rows(weights, patch, sums);
        } else {
            let range = sums.as_mut_ptr_range();
            int8_kernel_rows(weights, patch, range.start, range.end);
        }
    }
}

/// The same of int4 weights: unpacks them pair by pair.
///
/// # Safety
///
/// As [`windows`]'s.
#[inline(never)]
unsafe fn int4_kernel_rows(weights: *const u8, patch: *const PatchRow, sums: &mut [Sums; HELD_PAIRS]) {
    let mut int8 = MaybeUninit::<[[u8; 2]; ROW_TAPS]>::uninit();
    let int8 = int8.as_mut_ptr().cast::<u8>();
    for (pair, sums) in sums.iter_mut().enumerate() {
        let sums = core::ptr::from_mut(sums);
        // SAFETY: as the caller promises.
        unsafe {
            let weights = weights.add(pair * CONV2_TAPS);
            int4_to_int8(weights, weights.add(ROW_TAPS), int8);
            int8_kernel_rows(int8, patch, sums, sums.add(1));
        }
    }
}

/// Adds the products of one row of the kernels of the pairs whose sums lie from `sums` up to `end`. The patch's rows
/// have changed places since the row before, so the halves of the sums do.
///
/// # Safety
///
/// The weights are conv2's, from this row of the first pair on; `end` follows `sums` by at least one.
#[unsafe(naked)]
unsafe extern "C" fn int8_kernel_rows(
    _weights: *const u8,
    _patch: *const PatchRow,
    _sums: *mut Sums,
    _end: *mut Sums,
) {
    naked_asm!(
        dsp!(),
        "push {{r2-r11, lr}}",
        "add r12, r1, #20",
        "push {{r12}}",
        "2:",
        "ldr r2, [sp, #4]",
        "ldmia r2!, {{r8-r11}}",
        "ldmia r2, {{r4-r7}}",
        "3:",
        step!("smlad", 0, 72),
        step!("smlad", 24, 72),
        step!("smlad", 48, 72),
        "ldr r2, [sp]",
        "add r1, #4",
        "cmp r1, r2",
        "bne 3b",
        "ldrd r2, r3, [sp, #4]",
        "stmia r2!, {{r4-r11}}",
        "str r2, [sp, #4]",
        "sub r1, #20",
        "add r0, r0, #240",
        "cmp r2, r3",
        "bne 2b",
        "pop {{r1-r11, pc}}",
    )
}

/// Pools the sums up to `end`, and finishes them.
///
/// # Safety
///
/// `end` follows `sums` by at least one; `finish` has room for the channels.
#[unsafe(naked)]
unsafe extern "C" fn finish_windows(_sums: *const Sums, _end: *const Sums, _finish: &mut Finish) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "mov r12, r2",
        "2:",
        "ldmia r0!, {{r4-r11}}",
        largest!("r4", "r6", "r8", "r10"),
        largest!("r5", "r7", "r9", "r11"),
        "bl {finish_pair}",
        "cmp r0, r1",
        "bne 2b",
        "pop {{r4-r11, pc}}",
        finish_pair = sym finish_pair,
    )
}

/// Writes a row of a patch from the byte `column` on of the row that `row` points to; returns `row + 1`.
///
/// # Safety
///
/// The row has six positions from there.
#[unsafe(naked)]
unsafe extern "C" fn widen_row(
    _row: *const *const u8,
    _column: usize,
    _words: *mut PatchRow,
) -> *const *const u8 {
    naked_asm!(
        dsp!(),
        "push {{r4, lr}}",
        "ldr r3, [r0], #4",
        "add r3, r1",
        "add r1, r2, #24",
        "2:",
        ".irp at, 0, 48, 28",
        "ldr r4, [r3], #4",
        "uxtb16 r12, r4",
        "uxtb16 r4, r4, ror #8",
        "pkhbt lr, r12, r4, lsl #16",
        "pkhtb r4, r4, r12, asr #16",
        "str lr, [r2, #\\at]",
        "str r4, [r2, #(\\at + 24) % 68]",
        ".endr",
        "add r2, #8",
        "cmp r2, r1",
        "bne 2b",
        "pop {{r4, pc}}",
    )
}
