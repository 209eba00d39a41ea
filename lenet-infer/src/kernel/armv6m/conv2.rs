//! The second convolution: six input channels, sixteen output channels, four at a time, with their sums in three
//! words.

use super::kernel_row::{five_taps, pack, pack_row, sum_row};
use super::requant::{Outputs, Window, Words, finish_windows, to_words};
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow, SMALL};
use core::arch::naked_asm;
use core::mem::offset_of;
use lenet_core::model::{Conv2, INT4};
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_TAPS, POOL1_SIDE, POOL2_SIDE};

/// Taps of a kernel row that are packed at a time. Fewer take less stack, and the sums go to memory and back more often.
const AT_A_TIME: usize = if SMALL { 10 } else { 30 };
/// Where the packed weights end in the frame, three words per tap, and the sums of two rows of eight positions begin.
const SUMS: usize = 12 * AT_A_TIME;
/// Where they end: three words per position.
const SUMS_END: usize = SUMS + 2 * 8 * 12;
/// Bytes of the frame without registers.
const FRAME: usize = SUMS_END + if SMALL { 16 } else { 8 };

// A sum fits in 24 bits with its sign.
const _: () = assert!(CONV2_TAPS * 255 * 128 < 1 << 23);
// The assembly has these sizes as constants.
const _: () = assert!(size_of::<Window>() == 64 && size_of::<Words>() <= SUMS - 64);
const _: () = assert!(CONV1_CHANNELS == 6 && POOL1_SIDE == 12 && POOL2_SIDE == 4 && CONV2_CHANNELS == 16);

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(always)]
pub(in crate::kernel) fn row(layer: &Conv2<'_>, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    let weights = layer.weights().as_bytes().as_ptr();
    let pair = if layer.weights().is_int4() { CONV2_TAPS } else { 2 * CONV2_TAPS };
    let rows = input.as_ptr().cast::<*const u8>();
    let outputs = Outputs::new(layer, output.as_mut_ptr().cast(), 4);
    // SAFETY: `rows` are six rows of 72 bytes; the weights and the outputs are those of the whole layer.
    unsafe { all_channels(&mut Row { rows, weights, pair, outputs, channels: CONV2_CHANNELS }) };
}

/// The arguments of [`all_channels`], which reads and advances them.
#[repr(C)]
struct Row {
    /// The addresses of six rows of activations, 72 bytes each.
    rows: *const *const u8,
    /// The weights as the file stores them, at any address.
    weights: *const u8,
    /// Bytes of the weights of a pair of channels: 300 with int8, 150 with int4.
    pair: usize,
    /// The first four channels at the first position.
    outputs: Outputs,
    /// Output channels that are left to compute, a multiple of four.
    channels: usize,
}

/// Unpacks the three words at `r0`, the sums of one position, to four words at `r1`. Advances both; changes `r2` to
/// `r7`.
macro_rules! unpack_sums {
    () => {
        concat!(
            "ldm r0!, {{r2-r4}}\n",
            // a; the rest of its word is the low byte of d.
            "lsls r5, r2, #8\n",
            "asrs r5, r5, #8\n",
            "subs r2, r2, r5\n",
            // b; the rest of its word is the middle byte of d.
            "lsrs r6, r2, #8\n",
            "subs r4, r4, r6\n",
            "lsls r6, r4, #8\n",
            "asrs r6, r6, #8\n",
            "subs r4, r4, r6\n",
            // c; the rest of its word is the high byte of d.
            "lsrs r7, r2, #16\n",
            "subs r3, r3, r7\n",
            "lsrs r7, r4, #8\n",
            "subs r3, r3, r7\n",
            "lsls r7, r3, #8\n",
            "asrs r7, r7, #8\n",
            "subs r3, r3, r7\n",
            // d.
            "asrs r3, r3, #8\n",
            "lsrs r4, r4, #16\n",
            "adds r3, r3, r4\n",
            "lsrs r2, r2, #24\n",
            "adds r2, r2, r3\n",
            "stm r1!, {{r5-r7}}\n",
            "stm r1!, {{r2}}\n",
        )
    };
}

/// Computes all channels of a row of four pooled positions. `row` is in `r0`.
///
/// Activations, weights and outputs may lie at any address. Changes `r1` to `r3`, `r12`, `lr` and the flags. Takes 600
/// bytes of stack, 364 in a small build.
///
/// # Safety
///
/// Each of the six rows of activations must be valid for reads of 72 bytes, and the weights for reads of 150 taps of
/// each channel. The outputs must be what [`Outputs::new`] returned for four outputs of a layer of 16 channels, with
/// activations valid for writes of four positions.
#[unsafe(naked)]
unsafe extern "C" fn all_channels(_row: &mut Row) {
    // On the stack: the packed weights at 0, and later a Window and the Words of four channels at 64; the sums from SUMS to
    // SUMS_END; there the end of the list of rows; 4 bytes on the place in the list, then the sums of a window; in a small
    // build 8 bytes on how many taps of the kernel row are done; `row` above the registers that are saved.
    naked_asm!(
        "push {{r0, r4-r7, lr}}",
        save!(),
        "sub sp, #{half}",
        "sub sp, #{half}",
        // One turn per four channels.
        "1:",
        "ldr r4, [sp, #2*{half}+16]",
        "ldr r0, [r4, #{rows}]",
        "adds r0, #20",
        "str r0, [sp, #{end}]",
        "movs r0, #0",
        "movs r1, #0",
        "movs r2, #0",
        "add r3, sp, #{sums}",
        "add r4, sp, #{end}",
        "2:",
        "stm r3!, {{r0-r2}}",
        "cmp r3, r4",
        "bne 2b",
        ".if {small}",
        "str r0, [sp, #{end}+8]",
        ".endif",
        // One turn per kernel row.
        "3:",
        "ldr r3, [sp, #2*{half}+16]",
        "ldr r0, [r3, #{weights}]",
        "ldr r4, [r3, #{pair}]",
        "adds r1, r0, r4",
        "mov r7, sp",
        "add r2, sp, #{sums}",
        "mov r9, r2",
        "mov r10, r2",
        "add r2, sp, #{end}",
        "mov lr, r2",
        pack_row!(),
        "ldr r3, [sp, #2*{half}+16]",
        "adds r0, r0, r2",
        "str r0, [r3, #{weights}]",
        "ldr r0, [r3, #{rows}]",
        "str r0, [sp, #{end}+4]",
        ".ifeq {small}",
        "adds r0, #4",
        "str r0, [r3, #{rows}]",
        ".endif",
        sum_row!(),
        "ldr r3, [sp, #2*{half}+16]",
        "ldr r0, [r3, #{rows}]",
        ".if {small}",
        "ldr r2, [sp, #{end}+8]",
        "adds r2, #{at_a_time}",
        "str r2, [sp, #{end}+8]",
        "cmp r2, #30",
        "beq 4f",
        "b 3b",
        "4:",
        "movs r2, #0",
        "str r2, [sp, #{end}+8]",
        "adds r0, #4",
        "str r0, [r3, #{rows}]",
        ".endif",
        "ldr r1, [sp, #{end}]",
        "cmp r0, r1",
        "beq 5f",
        "b 3b",
        // One turn per window of the row.
        "5:",
        "adds r3, #{outputs}",
        "mov r0, r3",
        "add r1, sp, #64",
        "bl {to_words}",
        "add r0, sp, #{sums}",
        "6:",
        "str r0, [sp, #{end}+4]",
        "mov r1, sp",
        "7:",
        unpack_sums!(),
        "mov r2, sp",
        "subs r2, r1, r2",
        "cmp r2, #32",
        "bne 8f",
        "adds r0, #72",
        "8:",
        "cmp r2, #64",
        "bne 7b",
        "mov r0, sp",
        "add r1, sp, #64",
        "ldr r2, [sp, #2*{half}+16]",
        "ldr r3, [r2, #{activations}]",
        "bl {finish}",
        "ldr r1, [sp, #2*{half}+16]",
        "ldr r0, [r1, #{activations}]",
        "adds r0, #16",
        "str r0, [r1, #{activations}]",
        "ldr r0, [sp, #{end}+4]",
        "adds r0, #24",
        "add r2, sp, #{sums}+96",
        "cmp r0, r2",
        "bne 6b",
        // The next four channels.
        "ldr r0, [r1, #{rows}]",
        "subs r0, #20",
        "str r0, [r1, #{rows}]",
        "ldr r0, [r1, #{weights}]",
        "ldr r2, [r1, #{pair}]",
        "adds r0, r0, r2",
        "str r0, [r1, #{weights}]",
        "ldr r0, [r1, #{biases}]",
        "adds r0, #16",
        "str r0, [r1, #{biases}]",
        "ldr r0, [r1, #{requants}]",
        "adds r0, #12",
        "str r0, [r1, #{requants}]",
        "ldr r0, [r1, #{activations}]",
        "subs r0, #60",
        "str r0, [r1, #{activations}]",
        "ldr r0, [r1, #{channels}]",
        "subs r0, #4",
        "str r0, [r1, #{channels}]",
        "beq 9f",
        "b 1b",
        "9:",
        "add sp, #{half}",
        "add sp, #{half}",
        restore!(),
        "pop {{r0, r4-r7, pc}}",
        rows = const offset_of!(Row, rows),
        weights = const offset_of!(Row, weights),
        pair = const offset_of!(Row, pair),
        outputs = const offset_of!(Row, outputs),
        biases = const offset_of!(Row, outputs) + Outputs::BIASES,
        requants = const offset_of!(Row, outputs) + Outputs::REQUANTS,
        activations = const offset_of!(Row, outputs) + Outputs::ACTIVATIONS,
        int4 = const INT4 as u8,
        small = const SMALL as u8,
        at_a_time = const AT_A_TIME,
        sums = const SUMS,
        end = const SUMS_END,
        half = const FRAME / 2,
        taps = const CONV2_TAPS,
        channels = const offset_of!(Row, channels),
        to_words = sym to_words,
        finish = sym finish_windows,
    )
}
