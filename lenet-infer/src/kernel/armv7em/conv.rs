//! A row of a convolution and its pool.

use crate::kernel::{KERNEL_SIDE, PATCH_SIDE, Row};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Weights, largest_activation, unpack};

/// Words of the patch of a grey picture, see [`widen_grey`].
const GREY_PATCH: usize = PATCH_SIDE * 7;
/// Input channels of the other convolution.
const CHANNELS: usize = 6;
/// Words of one row of its patch, see [`widen_row`].
const PATCH_ROW: usize = PATCH_SIDE * CHANNELS / 2;
/// Taps of one row of its kernel.
const ROW_TAPS: usize = KERNEL_SIDE * CHANNELS;
/// Pairs of channels whose sums are held at a time: more would be faster, by 1 % of the layer, and take more stack.
const HELD_PAIRS: usize = 4;

/// The sums of a pair of channels at the four positions of a window: for each row of the window, for each column, the
/// even channel's and the odd one's.
type Sums = [i32; 8];

/// Where the next pair of channels is finished; [`finish_windows`] and [`grey_window`] step through it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Finish {
    biases: *const [u8; 4],
    requants: *const [u8; 3],
    output: *mut u8,
    /// 65,535 less the largest activation, in both halves.
    headroom: u32,
}

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
        assert!(IN == 1 || IN == CHANNELS && PAIRS.is_multiple_of(HELD_PAIRS));
    }
    let finish = Finish {
        biases: layer.biases.as_bytes().as_ptr(),
        requants: layer.requants.as_bytes().as_ptr(),
        output: output.as_mut_ptr().cast(),
        headroom: (0xFFFF - u32::from(largest_activation(layer.activation_bits))) * 0x0001_0001,
    };
    let rows = input.map(|row| row.as_ptr().cast());
    // SAFETY: the assertions above fix the shape that the rows, the weights and what `finish` points to have.
    unsafe {
        match layer.weights {
            Weights::Int8(weights) if IN == 1 => grey_row::<TAPS, PAIRS>(weights, rows, POOLED, finish),
            Weights::Int4(weights) if IN == 1 => int4_grey_row(weights, rows, POOLED, finish),
            Weights::Int8(weights) => colour_row(rows, PAIRS, POOLED, finish, |pair, row, patch, sums| {
                let weights = weights.as_ptr().add(pair).cast::<u8>().add(2 * ROW_TAPS * row);
                kernel_row(weights, patch, sums.as_mut_ptr(), sums.as_mut_ptr().add(HELD_PAIRS));
            }),
            Weights::Int4(weights) => colour_row(rows, PAIRS, POOLED, finish, |pair, row, patch, sums| {
                for (pair, sums) in sums.iter_mut().enumerate().map(|(p, sums)| (pair + p, sums)) {
                    let weights = weights.as_ptr().add(pair).cast::<u8>().add(ROW_TAPS * row);
                    int4_kernel_row(&*weights.cast(), patch, sums);
                }
            }),
        }
    }
}

/// # Safety
///
/// Six rows of `2 * windows + 4` pixels; `finish` for `PAIRS` pairs and `windows` positions.
unsafe fn grey_row<const TAPS: usize, const PAIRS: usize>(
    weights: &[[[u8; 2]; TAPS]; PAIRS],
    mut rows: [*const u8; PATCH_SIDE],
    windows: usize,
    mut finish: Finish,
) {
    let mut patch = MaybeUninit::<[u32; GREY_PATCH]>::uninit();
    let patch = patch.as_mut_ptr().cast::<u32>();
    let start = finish;
    for x in 0..windows {
        (finish.biases, finish.requants) = (start.biases, start.requants);
        // SAFETY: as the caller promises.
        unsafe {
            widen_grey(&rows, 2 * x, patch);
            let range = weights.as_ptr_range();
            grey_window(range.start.cast(), patch, &mut finish, range.end.cast());
        }
    }
}

/// As [`grey_row`].
#[inline(never)]
unsafe fn int4_grey_row<const TAPS: usize, const PAIRS: usize>(
    weights: &[[u8; TAPS]; PAIRS],
    rows: [*const u8; PATCH_SIDE],
    windows: usize,
    finish: Finish,
) {
    let weights = weights.map(|taps| taps.map(|byte| unpack(byte).map(|weight| weight as u8)));
    // SAFETY: as the caller promises.
    unsafe { grey_row(&weights, rows, windows, finish) }
}

#[inline(always)]
unsafe fn colour_row(
    rows: [*const u8; PATCH_SIDE],
    pairs: usize,
    windows: usize,
    mut finish: Finish,
    products: impl Fn(usize, usize, *const u32, &mut [Sums; HELD_PAIRS]),
) {
    let mut patch = MaybeUninit::<[[u32; PATCH_ROW]; 2]>::uninit();
    let patch = patch.as_mut_ptr().cast::<[u32; PATCH_ROW]>();
    let start = finish;
    for x in 0..windows {
        (finish.biases, finish.requants) = (start.biases, start.requants);
        for pair in (0..pairs).step_by(HELD_PAIRS) {
            let mut sums = [[0; 8]; HELD_PAIRS];
            // SAFETY: as the caller promises.
            unsafe {
                widen_row(rows[0].add(2 * x * CHANNELS), patch);
                for (row, next) in rows[1..].iter().enumerate() {
                    widen_row(next.add(2 * x * CHANNELS), patch.add((row + 1) % 2));
                    products(pair, row, patch.cast(), &mut sums);
                }
                let range = sums.as_ptr_range();
                finish_windows(range.start, range.end, &mut finish);
            }
        }
    }
}

#[inline(never)]
fn int4_kernel_row(weights: &[u8; ROW_TAPS], patch: *const u32, sums: &mut Sums) {
    let weights = weights.map(|byte| unpack(byte).map(|weight| weight as u8));
    let sums = core::ptr::from_mut(sums);
    // SAFETY: x
    unsafe { kernel_row(weights.as_ptr().cast(), patch, sums, sums.add(1)) }
}

/// Sixteen products: a pair of taps for two channels at four positions.
macro_rules! step {
    ($multiply:literal, $at:literal, $row:literal) => {
        concat!(
            "ldr lr, [r0], #4\n",
            "ldrd r2, r3, [r1, #", $at, "]\n",
            "sxtb16 r12, lr\n",
            "sxtb16 lr, lr, ror #8\n",
            $multiply, " r4, r12, r2, r4\n",
            $multiply, " r5, lr, r2, r5\n",
            $multiply, " r6, r12, r3, r6\n",
            $multiply, " r7, lr, r3, r7\n",
            "ldrd r2, r3, [r1, #", $at, "+", $row, "]\n",
            $multiply, " r8, r12, r2, r8\n",
            $multiply, " r9, lr, r2, r9\n",
            $multiply, " r10, r12, r3, r10\n",
            $multiply, " r11, lr, r3, r11\n",
        )
    };
}

/// The largest of four: `a` of `a`, `b`, `c` and `d`.
macro_rules! largest {
    ($a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "cmp ", $a, ", ", $b, "\n", "it lt\n", "movlt ", $a, ", ", $b, "\n",
            "cmp ", $c, ", ", $d, "\n", "it lt\n", "movlt ", $c, ", ", $d, "\n",
            "cmp ", $a, ", ", $c, "\n", "it lt\n", "movlt ", $a, ", ", $c, "\n",
        )
    };
}

/// Adds bias, requantises and stores two channels: their sums are in `r4` and `r5`, the [`Finish`] is at `lr`.
macro_rules! finish_pair {
    () => {
        concat!(
            "ldmia lr, {{r2, r3, r6, r7}}\n",
            "ldr r8, [r2], #4\n",
            "ldr r9, [r2], #4\n",
            "add r4, r8\n",
            "add r5, r9\n",
            "ldrh r8, [r3], #2\n",
            "ldrb r10, [r3], #1\n",
            "ldrh r9, [r3], #2\n",
            "ldrb r11, [r3], #1\n",
            "asr r4, r10\n",
            "asr r5, r11\n",
            "usat r4, #16, r4\n",
            "usat r5, #16, r5\n",
            "mul r4, r4, r8\n",
            "mul r5, r5, r9\n",
            "lsr r4, #23\n",
            "lsr r5, #23\n",
            "pkhbt r4, r4, r5, lsl #16\n",
            // The lesser of it and the largest activation.
            "uqadd16 r4, r4, r7\n",
            "usub16 r4, r4, r7\n",
            "orr r4, r4, r4, lsr #8\n",
            "strh r4, [r6], #2\n",
            "stmia lr, {{r2, r3, r6}}\n",
        )
    };
}

#[unsafe(naked)]
unsafe extern "C" fn kernel_row(
    _weights: *const u8,
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
        ".irp at, 0, 8, 16",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #\\at]",
        "str r2, [r1, #\\at + 24]",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #\\at + 48]",
        "str r2, [r1, #\\at + 4]",
        "ldr r2, [r0], #4",
        "uxtb16 r3, r2",
        "uxtb16 r2, r2, ror #8",
        "pkhbt r12, r3, r2, lsl #16",
        "pkhtb r2, r2, r3, asr #16",
        "str r12, [r1, #\\at + 28]",
        "str r2, [r1, #\\at + 52]",
        ".endr",
        "bx lr",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn widen_grey(_rows: &[*const u8; PATCH_SIDE], _x: usize, _patch: *mut u32) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        ".rept 6",
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
        ".endr",
        "pop {{r4-r11, pc}}",
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
