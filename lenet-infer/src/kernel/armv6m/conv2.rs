//! The second convolution: six input channels, sixteen output channels, four at a time, with their sums in three
//! words.

use super::kernel_row::{five_taps, pack, pack_row, sum_row};
use super::requant::{Outputs, Words, keep_max, max, requantize, to_words};
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow, SMALL};
use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::offset_of;
use lenet_core::model::{Conv2, INT4};
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_TAPS, POOL_SIDE, POOL1_SIDE, POOL2_SIDE};

/// Taps of a kernel row that are packed at a time. Fewer take less stack, and the sums go to memory and back more often.
const AT_A_TIME: usize = if SMALL { 10 } else { 30 };
/// Windows that are computed at a time. Fewer take less stack, and the weights are packed more often.
const WINDOWS: usize = if SMALL { 2 } else { POOL2_SIDE };
/// Where the packed weights end in the frame, three words per tap, and the sums of two rows of positions begin.
const SUMS: usize = 12 * AT_A_TIME;
/// Bytes of the sums of a row: three words per position.
const SUMS_ROW: usize = POOL_SIDE * WINDOWS * 12;
/// Where the sums end.
const SUMS_END: usize = SUMS + POOL_SIDE * SUMS_ROW;
/// Bytes of the frame without registers.
const FRAME: usize = SUMS_END + if SMALL { 12 } else { 8 };

// A sum fits in 24 bits with its sign.
const _: () = assert!(CONV2_TAPS * 255 * 128 < 1 << 23);
// The assembly has these sizes as constants.
const _: () = assert!(16 + size_of::<Words>() <= SUMS && POOL2_SIDE.is_multiple_of(WINDOWS));
const _: () = assert!(CONV1_CHANNELS == 6 && POOL1_SIDE == 12 && POOL2_SIDE == 4 && CONV2_CHANNELS == 16);

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(always)]
pub(in crate::kernel) fn row(
    layer: &Conv2<'_>,
    mut input: [&PooledRow; PATCH_SIDE],
    output: &mut FeatureRow,
) {
    let weights = layer.weights().as_bytes().as_ptr();
    let pair = if layer.weights().is_int4() { CONV2_TAPS } else { 2 * CONV2_TAPS };
    let rows = input.as_mut_ptr().cast();
    let output = output.as_mut_slice();
    // `black_box` hides the length, so that the compiler does not unroll the loop.
    for windows in (if SMALL { black_box(output) } else { output }).chunks_exact_mut(WINDOWS) {
        let outputs = Outputs::new(layer, windows.as_mut_ptr().cast(), 4);
        // SAFETY: `rows` are six rows of 72 bytes, from the first of the windows on; the weights and the outputs are those of
        // the whole layer.
        unsafe { all_channels(&mut Row { rows, weights, pair, outputs, channels: CONV2_CHANNELS }) };
    }
}

/// The arguments of [`all_channels`], which reads and advances them.
#[repr(C)]
struct Row {
    /// The places of the first window in six rows of activations, 72 bytes each. In a small build the assembly advances them
    /// to the next windows.
    rows: *mut *const u8,
    /// The weights as the file stores them, at any address.
    weights: *const u8,
    /// Bytes of the weights of a pair of channels: 300 with int8, 150 with int4.
    pair: usize,
    /// The first four channels at the first position.
    outputs: Outputs,
    /// Output channels that are left to compute, a multiple of four.
    channels: usize,
}

/// Unpacks the three words at `r0`, the sums of one position, to `r5`, `r6`, `r7` and `r2`. Advances `r0`; changes `r3` and
/// `r4`.
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
        )
    };
}

/// Computes all channels of a row of four pooled positions, two in a small build. `row` is in `r0`.
///
/// Activations, weights and outputs may lie at any address. Changes `r1` to `r3`, `r12`, `lr` and the flags. Takes 600
/// bytes of stack, 268 in a small build.
///
/// # Safety
///
/// Each of the six rows of activations must be valid for reads as far as the windows need it, the places of the rows for
/// writes, and the weights for reads of 150 taps of each channel. The outputs must be what [`Outputs::new`] returned for four
/// outputs of a layer of 16 channels, with activations valid for writes of these positions.
#[unsafe(naked)]
unsafe extern "C" fn all_channels(_row: &mut Row) {
    // On the stack: the packed weights at 0, and later the maxima of a window, and the Words of four channels at 16; the sums
    // from SUMS to SUMS_END; there the end of the list of rows; 4 bytes on the place in the list, then the sums of a window;
    // in a small build 8 bytes on how many taps of the kernel row are done; `row` above the registers that are saved.
    naked_asm!(
        "push {{r0, r4-r7, lr}}",
        save!(),
        "sub sp, #{sums}",
        "sub sp, #{frame}-{sums}",
        // One turn per four channels.
        "1:",
        "ldr r4, [sp, #{frame}+16]",
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
        "ldr r3, [sp, #{frame}+16]",
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
        "ldr r3, [sp, #{frame}+16]",
        "adds r0, r0, r2",
        "str r0, [r3, #{weights}]",
        "ldr r0, [r3, #{rows}]",
        "str r0, [sp, #{end}+4]",
        ".ifeq {small}",
        "adds r0, #4",
        "str r0, [r3, #{rows}]",
        ".endif",
        sum_row!(),
        "ldr r3, [sp, #{frame}+16]",
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
        "add r1, sp, #16",
        "bl {to_words}",
        "add r0, sp, #{sums}",
        "6:",
        "str r0, [sp, #{end}+4]",
        // Less than any sum, and less than 2^31 from each.
        "movs r1, #1",
        "lsls r1, r1, #23",
        "rsbs r1, r1, #0",
        ".irp max, r8, r9, r10, r11",
        "mov \\max, r1",
        ".endr",
        // One turn per position.
        "movs r1, #4",
        "7:",
        unpack_sums!(),
        keep_max!("r8", "r5"),
        keep_max!("r9", "r6"),
        keep_max!("r10", "r7"),
        keep_max!("r11", "r2"),
        "subs r1, #1",
        "beq 8f",
        "cmp r1, #2",
        "bne 7b",
        "adds r0, #{sums_row}-24",
        "b 7b",
        "8:",
        "mov r0, sp",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "stm r0!, {{r4-r7}}",
        "mov r0, sp",
        "add r1, sp, #16",
        "ldr r2, [sp, #{frame}+16]",
        "ldr r3, [r2, #{activations}]",
        "bl {requantize}",
        "ldr r1, [sp, #{frame}+16]",
        "adds r3, #12",
        "str r3, [r1, #{activations}]",
        "ldr r0, [sp, #{end}+4]",
        "adds r0, #24",
        "add r2, sp, #{sums}+{sums_row}",
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
        "subs r0, #16*{windows}-4",
        "str r0, [r1, #{activations}]",
        "ldr r0, [r1, #{channels}]",
        "subs r0, #4",
        "str r0, [r1, #{channels}]",
        "beq 9f",
        "b 1b",
        "9:",
        ".if {small}",
        "ldr r0, [r1, #{rows}]",
        "ldm r0!, {{r2-r7}}",
        ".irp place, r2, r3, r4, r5, r6, r7",
        "adds \\place, #24",
        ".endr",
        "subs r0, #24",
        "stm r0!, {{r2-r7}}",
        ".endif",
        "add sp, #{sums}",
        "add sp, #{frame}-{sums}",
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
        windows = const WINDOWS,
        sums = const SUMS,
        sums_row = const SUMS_ROW,
        end = const SUMS_END,
        frame = const FRAME,
        taps = const CONV2_TAPS,
        channels = const offset_of!(Row, channels),
        to_words = sym to_words,
        requantize = sym requantize,
    )
}
