//! The second convolution: six input channels, sixteen output channels.
//!
//! The kernels take one kernel row at a time for four pairs of channels, so only two rows of a window's patch are
//! widened at a time. The lower of the two is the upper one of the next kernel row.

use super::requant::{Finish, finish_pair};
use super::window::{int4_to_int8, largest, step};
use crate::kernel::{FeatureRow, KERNEL_SIDE, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv2, Weights};
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, POOL_SIDE, POOL2_SIDE};

/// A row of the input of a window as pairs of halfwords: for each of three pairs of input channels, for each of six
/// columns, the activations of both channels.
type PatchRow = [u32; PATCH_SIDE * CONV1_CHANNELS / 2];
/// Taps in one row of a kernel.
const ROW_TAPS: usize = KERNEL_SIDE * CONV1_CHANNELS;
/// Pairs of output channels whose sums are held at a time. With all eight, the patch would be widened once and not
/// twice, which saves 7,000 instructions per image for 128 bytes of stack.
const HELD_PAIRS: usize = 4;

const _: () = assert!(CONV2_PAIRS.is_multiple_of(HELD_PAIRS));

/// The sums of a pair of channels at the four positions of a window, `[row][column][channel of the pair]`.
type Sums = [i32; 8];

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(never)]
pub(in crate::kernel) fn row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    let rows = input.as_ptr().cast::<*const u8>();
    let (weights, tap_bytes) = match layer.weights() {
        Weights::Int8(weights) => (weights.as_ptr().cast(), 2),
        Weights::Int4(weights) => (weights.as_ptr().cast(), 1),
    };
    let mut finish = Finish::new(layer, output.as_flattened_mut());
    // SAFETY: `rows`, the weights and `finish` are those of a row of conv2.
    unsafe { windows(weights, tap_bytes, rows, &mut finish) }
}

/// Computes a row of pooled positions. `tap_bytes` is the size of the weights of a pair at one tap: 2 for int8, 1 for
/// int4.
///
/// # Safety
///
/// `weights` must point to the weights of conv2, `rows` to the addresses of six pooled rows of conv1, and `finish`
/// must be at the start of a row of outputs.
#[inline(always)]
unsafe fn windows(weights: *const u8, tap_bytes: usize, rows: *const *const u8, finish: &mut Finish) {
    let mut patch = MaybeUninit::<[PatchRow; 2]>::uninit();
    let patch = patch.as_mut_ptr().cast::<PatchRow>();
    let mut column = 0;
    // SAFETY: the caller guarantees it.
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

/// Adds the products of one kernel row of [`HELD_PAIRS`] pairs of channels to `sums`.
///
/// # Safety
///
/// `weights` must point to this kernel row of the first pair, in the weights of conv2. `tap_bytes` must be as for
/// [`windows`]. `patch` must be valid for reads of two rows.
#[inline(never)]
unsafe fn kernel_rows(
    weights: *const u8,
    tap_bytes: usize,
    patch: *const PatchRow,
    sums: &mut [Sums; HELD_PAIRS],
) {
    // SAFETY: the caller guarantees it.
    unsafe {
        if tap_bytes == 1 {
            int4_kernel_rows(weights, patch, sums);
        } else {
            let range = sums.as_mut_ptr_range();
            int8_kernel_rows(weights, patch, range.start, range.end);
        }
    }
}

/// Adds the products of one kernel row of [`HELD_PAIRS`] pairs with int4 weights, which it unpacks pair by pair.
///
/// # Safety
///
/// As for [`kernel_rows`].
#[inline(never)]
unsafe fn int4_kernel_rows(weights: *const u8, patch: *const PatchRow, sums: &mut [Sums; HELD_PAIRS]) {
    let mut int8 = MaybeUninit::<[[u8; 2]; ROW_TAPS]>::uninit();
    let int8 = int8.as_mut_ptr().cast::<u8>();
    for (pair, sums) in sums.iter_mut().enumerate() {
        let sums = core::ptr::from_mut(sums);
        // SAFETY: the caller guarantees it.
        unsafe {
            let weights = weights.add(pair * CONV2_TAPS);
            int4_to_int8(weights, weights.add(ROW_TAPS), int8);
            int8_kernel_rows(int8, patch, sums, sums.add(1));
        }
    }
}

/// Adds the products of one kernel row to the sums of one or more pairs of channels.
///
/// The two rows of the patch have changed places since the kernel row before, so this function swaps the two halves of
/// each pair's sums.
///
/// - `weights` (`r0`): this kernel row of the first pair, at any address; that of the next pair is 300 bytes further.
/// - `patch` (`r1`): the two rows of the patch.
/// - `sums` (`r2`), `end` (`r3`): the start and the end of the sums.
///
/// Changes `r0` to `r2`, `r12`, `lr` and the flags. Takes 48 bytes of stack.
///
/// # Safety
///
/// `end` must follow `sums` by one or more elements, which are valid for reads and writes. `weights` must be valid for
/// reads of 60 bytes for each of these pairs, and `patch` for reads of two rows.
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

/// Computes the activations of one or more pairs of channels from their sums: maximum, bias, ReLU and requantization.
///
/// - `sums` (`r0`), `end` (`r1`): the start and the end of the sums.
/// - `finish` (`r2`): where the outputs go; it is advanced by all channels.
///
/// Changes `r0`, `r2`, `r3`, `r12`, `lr` and the flags. Takes 36 bytes of stack.
///
/// # Safety
///
/// `end` must follow `sums` by one or more elements, which are valid for reads. `finish` must have as many outputs
/// left as there are channels.
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

/// Writes one row of a patch, and returns `row + 1`.
///
/// - `row` (`r0`): points to the address of a row of activations, which may lie at any address.
/// - `column` (`r1`): the offset of the patch in the row, in bytes.
/// - `words` (`r2`): where the row of the patch goes.
///
/// Activations are read by the word. Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 8 bytes of stack.
///
/// # Safety
///
/// The row must be valid for reads of 36 bytes from `column` on, and `words` for writes.
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
