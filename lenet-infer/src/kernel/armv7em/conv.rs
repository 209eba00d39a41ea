//! A row of a convolution and its pool.

use super::finish::{Finish, finish_pair};
use crate::kernel::{KERNEL_SIDE, PATCH_SIDE, Row};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Weights};
use lenet_core::shape::{CONV1_CHANNELS as CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_PAIRS, CONV2_TAPS};

/// Words of the patch of a grey picture, see [`widen_grey`].
const GREY_PATCH: usize = PATCH_SIDE * 7;
/// Words of one row of the other convolution's patch, see [`widen_row`].
const PATCH_ROW: usize = PATCH_SIDE * CHANNELS / 2;
/// Taps of one row of its kernel.
const ROW_TAPS: usize = KERNEL_SIDE * CHANNELS;
/// Pairs of channels whose sums are held at a time: more would be faster, by 1 % of the layer, and take more stack.
const HELD_PAIRS: usize = 4;

/// The sums of a pair of channels at the four positions of a window: for each row of the window, for each column, the
/// even channel's and the odd one's.
type Sums = [i32; 8];

#[inline(always)]
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
        assert!(IN == 1 || IN == CHANNELS && PAIRS.is_multiple_of(HELD_PAIRS));
    }
    let finish = Finish::new(layer.biases, layer.requants, layer.activation_bits, output.as_flattened_mut());
    let rows = input.map(|row| row.as_ptr().cast());
    // SAFETY: the assertions fix the shape of the rows, the weights and the output.
    unsafe {
        if IN == 1 {
            match layer.weights {
                Weights::Int8(weights) => grey_row(weights.as_flattened(), &rows, POOLED, finish),
                Weights::Int4(weights) => int4_grey_row(weights.as_flattened(), &rows, POOLED, finish),
            }
        } else {
            let weights = match layer.weights {
                Weights::Int8(weights) => Taps::Int8(weights.as_flattened()),
                Weights::Int4(weights) => Taps::Int4(weights.as_flattened()),
            };
            colour_row(weights, &rows, POOLED, finish);
        }
    }
}

/// The weights of all pairs of channels, tap after tap.
#[derive(Clone, Copy)]
enum Taps<'a> {
    Int8(&'a [[u8; 2]]),
    Int4(&'a [u8]),
}

/// A row of a convolution of one channel, 25 taps a pair.
///
/// # Safety
///
/// Rows of `2 * windows + 4` pixels; `finish` for all channels of the weights and `windows` positions.
#[inline(never)]
unsafe fn grey_row(weights: &[[u8; 2]], rows: &[*const u8; PATCH_SIDE], windows: usize, mut finish: Finish) {
    let mut patch = MaybeUninit::<[u32; GREY_PATCH]>::uninit();
    let patch = patch.as_mut_ptr().cast::<u32>();
    let start = finish;
    for x in 0..windows {
        finish.restart(&start);
        // SAFETY: as the caller promises.
        unsafe {
            widen_grey(rows, 2 * x, patch);
            let range = weights.as_ptr_range();
            grey_window(range.start.cast(), patch, &mut finish, range.end.cast());
        }
    }
}

/// The same of int4 weights.
///
/// # Safety
///
/// As [`grey_row`]'s.
#[inline(never)]
unsafe fn int4_grey_row(weights: &[u8], rows: &[*const u8; PATCH_SIDE], windows: usize, finish: Finish) {
    let mut unpacked = [[0; 2]; CONV1_PAIRS * CONV1_TAPS];
    // SAFETY: as the caller promises.
    unsafe {
        int4_to_int8(weights.as_ptr(), weights.as_ptr().add(weights.len()), unpacked.as_mut_ptr());
        grey_row(&unpacked, rows, windows, finish);
    }
}

/// A row of a convolution of six channels, 150 taps a pair.
///
/// # Safety
///
/// Rows of `2 * windows + 4` positions; `finish` for all channels of the weights and `windows` positions.
#[inline(never)]
unsafe fn colour_row(weights: Taps<'_>, rows: &[*const u8; PATCH_SIDE], windows: usize, mut finish: Finish) {
    let mut patch = MaybeUninit::<[[u32; PATCH_ROW]; 2]>::uninit();
    let patch = patch.as_mut_ptr().cast::<[u32; PATCH_ROW]>();
    let start = finish;
    for x in 0..windows {
        finish.restart(&start);
        for first in (0..CONV2_PAIRS).step_by(HELD_PAIRS) {
            let mut sums = [[0; 8]; HELD_PAIRS];
            // SAFETY: as the caller promises.
            unsafe {
                widen_row(rows[0].add(2 * x * CHANNELS), patch);
                for row in 0..KERNEL_SIDE {
                    widen_row(rows[row + 1].add(2 * x * CHANNELS), patch.add((row + 1) % 2));
                    let tap = first * CONV2_TAPS + row * ROW_TAPS;
                    match weights {
                        Taps::Int8(weights) => {
                            let range = sums.as_mut_ptr_range();
                            kernel_row(weights.as_ptr().add(tap), patch.cast(), range.start, range.end);
                        }
                        Taps::Int4(weights) => {
                            int4_kernel_row(weights.as_ptr().add(tap), patch.cast(), &mut sums);
                        }
                    }
                }
                let range = sums.as_ptr_range();
                finish_windows(range.start, range.end, &mut finish);
            }
        }
    }
}

/// As [`kernel_row`], for int4 weights.
///
/// # Safety
///
/// As [`kernel_row`]'s.
#[inline(never)]
unsafe fn int4_kernel_row(mut weights: *const u8, patch: *const u32, sums: &mut [Sums; HELD_PAIRS]) {
    let mut unpacked = MaybeUninit::<[[u8; 2]; ROW_TAPS]>::uninit();
    let unpacked = unpacked.as_mut_ptr().cast::<[u8; 2]>();
    for sums in sums {
        let sums = core::ptr::from_mut(sums);
        // SAFETY: as the caller promises.
        unsafe {
            int4_to_int8(weights, weights.add(ROW_TAPS), unpacked);
            kernel_row(unpacked, patch, sums, sums.add(1));
            weights = weights.add(CONV2_TAPS);
        }
    }
}

/// Writes the two weights of each byte from `weights` up to `end`.
#[unsafe(naked)]
unsafe extern "C" fn int4_to_int8(_weights: *const u8, _end: *const u8, _int8: *mut [u8; 2]) {
    naked_asm!(
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
unsafe extern "C" fn kernel_row(
    _weights: *const [u8; 2],
    _rows: *const u32,
    _sums: *mut Sums,
    _end: *mut Sums,
) {
    naked_asm!(
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
unsafe extern "C" fn widen_row(_input: *const u8, _words: *mut [u32; PATCH_ROW]) {
    naked_asm!(
        "add r12, r1, #24",
        "push {{r12, lr}}",
        "2:",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1]",
        "str r2, [r1, #24]",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #48]",
        "str r2, [r1, #4]",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #28]",
        "str r2, [r1, #52]",
        "add r1, #8",
        "ldr r2, [sp]",
        "cmp r1, r2",
        "bne 2b",
        "pop {{r12, pc}}",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn widen_grey(_rows: &[*const u8; PATCH_SIDE], _x: usize, _patch: *mut u32) {
    naked_asm!(
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
    _patch: *const u32,
    _finish: &mut Finish,
    _end: *const u8,
) {
    naked_asm!(
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
