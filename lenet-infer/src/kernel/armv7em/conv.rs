//! A row of a convolution and its pool.

use super::finish::{Finish, finish_pair};
use crate::kernel::{KERNEL_SIDE, PATCH_SIDE, Row};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Weights};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, POOL_SIDE, POOL1_SIDE,
    POOL2_SIDE,
};

/// What a window of conv1 sees, see [`widen_grey`].
type GreyPatch = [[u32; 7]; PATCH_SIDE];
/// One row of what a window of conv2 sees, see [`widen_row`].
type PatchRow = [u32; PATCH_SIDE * CONV1_CHANNELS / 2];
/// Taps of one row of its kernel.
const ROW_TAPS: usize = KERNEL_SIDE * CONV1_CHANNELS;
/// Pairs of channels whose sums are held at a time: more would be faster, by 1 % of the layer, and take more stack.
const HELD_PAIRS: usize = 4;

/// The sums of a pair of channels at the four positions of a window: for each row of the window, for each column, the
/// even channel's and the odd one's.
type Sums = [i32; 8];

#[inline(never)]
pub(in crate::kernel) fn conv_pool_row<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const PAIRS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    input: [&Row<IN, SIDE>; PATCH_SIDE],
    output: &mut Row<OUT, POOLED>,
) {
    const {
        assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && OUT == 2 * PAIRS);
        assert!(SIDE == 2 * POOLED + PATCH_SIDE - 2);
        assert!(IN == 1 || IN == CONV1_CHANNELS && PAIRS.is_multiple_of(HELD_PAIRS));
    }
    // References to rows of bytes are pointers to their first bytes.
    let rows = input.as_ptr().cast::<*const u8>();
    let (weights, tap_bytes) = match layer.weights {
        Weights::Int8(weights) => (weights.as_ptr().cast(), 2),
        Weights::Int4(weights) => (weights.as_ptr().cast(), 1),
    };
    let output = output.as_flattened_mut();
    let mut finish = Finish::new(layer.biases, layer.requants, layer.activation_bits, output);
    // SAFETY: the assertions fix the shape of the rows, the weights and the output.
    unsafe {
        if IN == 1 {
            grey_row(weights, tap_bytes, rows, &mut finish);
        } else {
            colour_row(weights, tap_bytes, rows, &mut finish);
        }
    }
}

/// A row of conv1; `tap_bytes` is 2 for int8 weights and 1 for int4.
///
/// # Safety
///
/// `weights`, `rows` and `finish` are conv1's.
#[inline(never)]
unsafe fn grey_row(weights: *const u8, tap_bytes: usize, rows: *const *const u8, finish: &mut Finish) {
    if tap_bytes == 1 {
        // SAFETY: as the caller promises.
        return unsafe { int4_grey_row(weights, rows, finish) };
    }
    let mut patch = MaybeUninit::<GreyPatch>::uninit();
    let mut column = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let end = finish.output.add(POOL1_SIDE * CONV1_CHANNELS);
        while finish.output != end {
            widen_grey(rows, column, patch.as_mut_ptr());
            grey_window(weights, patch.as_ptr(), finish, weights.add(2 * CONV1_PAIRS * CONV1_TAPS));
            finish.rewind(CONV1_CHANNELS);
            column += POOL_SIDE;
        }
    }
}

/// The same of int4 weights: unpacks them all.
///
/// # Safety
///
/// As [`grey_row`]'s.
#[inline(never)]
unsafe fn int4_grey_row(weights: *const u8, rows: *const *const u8, finish: &mut Finish) {
    let mut int8 = MaybeUninit::<[[u8; 2]; CONV1_PAIRS * CONV1_TAPS]>::uninit();
    let int8 = int8.as_mut_ptr().cast::<u8>();
    // SAFETY: as the caller promises.
    unsafe {
        int4_to_int8(weights, weights.add(CONV1_PAIRS * CONV1_TAPS), int8);
        grey_row(int8, 2, rows, finish);
    }
}

/// A row of conv2; `tap_bytes` is 2 for int8 weights and 1 for int4.
///
/// # Safety
///
/// `weights`, `rows` and `finish` are conv2's.
#[inline(always)]
unsafe fn colour_row(weights: *const u8, tap_bytes: usize, rows: *const *const u8, finish: &mut Finish) {
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
/// As [`colour_row`]'s.
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
/// As [`colour_row`]'s.
#[inline(never)]
unsafe fn int4_kernel_rows(mut weights: *const u8, patch: *const PatchRow, sums: &mut [Sums; HELD_PAIRS]) {
    let mut int8 = MaybeUninit::<[[u8; 2]; ROW_TAPS]>::uninit();
    let int8 = int8.as_mut_ptr().cast::<u8>();
    for sums in sums {
        let sums = core::ptr::from_mut(sums);
        // SAFETY: as the caller promises.
        unsafe {
            int4_to_int8(weights, weights.add(ROW_TAPS), int8);
            int8_kernel_rows(int8, patch, sums, sums.add(1));
            weights = weights.add(CONV2_TAPS);
        }
    }
}

/// Writes the two weights of each byte from `weights` up to `end`.
#[unsafe(naked)]
unsafe extern "C" fn int4_to_int8(_weights: *const u8, _end: *const u8, _int8: *mut u8) {
    naked_asm!(
        dsp!(),
        "2:",
        "ldrb r3, [r0], #1",
        "lsl r12, r3, #4",
        "strb r12, [r2], #1",
        "and r3, #0xF0",
        "strb r3, [r2], #1",
        "cmp r0, r1",
        "bne 2b",
        "bx lr",
    )
}

/// Sixteen products: a pair of taps for two channels at four positions.
macro_rules! step {
    ($multiply:literal, $at:literal, $row:literal) => {
        concat!(
            "ldr lr, [r0], #4\n",
            "ldrd r2, r3, [r1, #",
            $at,
            "]\n",
            "sxtb16 r12, lr\n",
            "sxtb16 lr, lr, ror #8\n",
            $multiply,
            " r4, r12, r2, r4\n",
            $multiply,
            " r5, lr, r2, r5\n",
            $multiply,
            " r6, r12, r3, r6\n",
            $multiply,
            " r7, lr, r3, r7\n",
            "ldrd r2, r3, [r1, #",
            $at,
            "+",
            $row,
            "]\n",
            $multiply,
            " r8, r12, r2, r8\n",
            $multiply,
            " r9, lr, r2, r9\n",
            $multiply,
            " r10, r12, r3, r10\n",
            $multiply,
            " r11, lr, r3, r11\n",
        )
    };
}

/// The largest of four: `a` of `a`, `b`, `c` and `d`.
macro_rules! largest {
    ($a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "cmp ", $a, ", ", $b, "\n", "it lt\n", "movlt ", $a, ", ", $b, "\n", "cmp ", $c, ", ", $d, "\n",
            "it lt\n", "movlt ", $c, ", ", $d, "\n", "cmp ", $a, ", ", $c, "\n", "it lt\n", "movlt ", $a,
            ", ", $c, "\n",
        )
    };
}

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
        "2:",
        "ldr r2, [sp]",
        "ldmia r2!, {{r8-r11}}",
        "ldmia r2, {{r4-r7}}",
        ".irp at, 0, 24, 48, 4, 28, 52, 8, 32, 56, 12, 36, 60, 16, 40, 64",
        step!("smlad", "\\at", 72),
        ".endr",
        "ldr r2, [sp]",
        "stmia r2!, {{r4-r11}}",
        "str r2, [sp]",
        "ldr r3, [sp, #4]",
        "add r0, r0, #240",
        "cmp r2, r3",
        "bne 2b",
        "pop {{r2-r11, pc}}",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn finish_windows(_sums: *const Sums, _end: *const Sums, _finish: &mut Finish) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "mov lr, r2",
        "2:",
        "ldmia r0!, {{r4-r11}}",
        largest!("r4", "r6", "r8", "r10"),
        largest!("r5", "r7", "r9", "r11"),
        finish_pair!(),
        "cmp r0, r1",
        "bne 2b",
        "pop {{r4-r11, pc}}",
    )
}

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

#[unsafe(naked)]
unsafe extern "C" fn widen_grey(_rows: *const *const u8, _x: usize, _patch: *mut GreyPatch) {
    naked_asm!(
        dsp!(),
        "add r3, r0, #24",
        "push {{r3-r11, lr}}",
        "2:",
        "ldr r3, [r0], #4",
        "add r3, r3, r1",
        "ldr r12, [r3]",
        "ldr r10, [r3, #2]",
        "uxtb16 r3, r12",
        "uxtb16 r12, r12, ror #8",
        "pkhbt r4, r3, r11",
        "pkhbt r5, r12, lr",
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

#[unsafe(naked)]
unsafe extern "C" fn grey_window(
    _weights: *const u8,
    _patch: *const GreyPatch,
    _finish: &mut Finish,
    _end: *const u8,
) {
    naked_asm!(
        dsp!(),
        "push {{r2-r11, lr}}",
        "2:",
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
        "ldr lr, [sp]",
        finish_pair!(),
        "ldr r2, [sp, #4]",
        "cmp r0, r2",
        "bne 2b",
        "pop {{r2-r11, pc}}",
    )
}
