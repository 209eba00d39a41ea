//! The first convolution: one input channel, six output channels, three at a time, with their sums in two words.

use super::pixels::{inner_pixel, kernel_row, load_int4, pack, pack_weights, short_kernel_row};
use super::requant::{Outputs, max, requantize, to_words};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow, SMALL};
use core::arch::naked_asm;
use core::mem::offset_of;
use lenet_core::model::{Conv1, INT4};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, IMAGE_SIDE, POOL1_SIDE};

/// Output channels that are computed at a time.
const CHANNELS: usize = 3;

/// Where the packed weights end in the frame: two words per tap, twice, or once in a small build.
const PACKED_END: usize = CONV1_TAPS * if SMALL { 8 } else { 16 };
/// Bytes of the frame without registers: the packed weights, three maxima, and the [`Words`](super::requant::Words) of three
/// outputs.
const FRAME: usize = PACKED_END + 4 * CHANNELS + 4 * (2 + 2 * CHANNELS);

// A sum fits in 21 bits with its sign.
const _: () = assert!(CONV1_TAPS * 255 * 128 < 1 << 20);
// The assembly has these sizes as constants.
const _: () = assert!(IMAGE_SIDE == 28 && POOL1_SIDE == 12 && CONV1_CHANNELS == 2 * CHANNELS);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(always)]
pub(in crate::kernel) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let weights = layer.weights().as_bytes().as_ptr();
    let steps = if layer.weights().is_int4() { [0, CONV1_TAPS] } else { [1, 2 * CONV1_TAPS - 1] };
    let rows = input.as_ptr().cast();
    let outputs = Outputs::new(layer, output.as_mut_ptr().cast(), CHANNELS);
    // SAFETY: `rows` are six rows of 28 bytes; the weights, the steps and the outputs are those of the whole layer.
    unsafe { all_channels(&mut Row { rows, weights, steps, outputs }) };
}

/// The arguments of [`all_channels`], which reads and advances them.
#[repr(C)]
struct Row {
    /// The addresses of six image rows of 28 bytes each.
    rows: *const *const u8,
    /// The weights of the first of three channels, as the file stores them, at any address.
    weights: *const u8,
    /// The bytes from there to the weights of the second channel, and from those to the weights of the third one: 1 and 49
    /// with int8 weights, 0 and 25 with int4 ones. The other way round for the last three channels.
    steps: [usize; 2],
    /// The three channels at the first position.
    outputs: Outputs,
}

/// Unpacks the three sums in the words `r2` and `r6` to `r3`, `r4` and `r5`. Changes `r2` and `r6`.
///
/// The rest of the word of a is the low 11 bits of b. Without them the other word gives c, and then the rest of b.
macro_rules! unpack_sums {
    () => {
        concat!(
            "lsls r3, r2, #11\n",
            "asrs r3, r3, #11\n",
            "subs r2, r2, r3\n",
            "lsrs r4, r2, #21\n",
            "lsrs r5, r2, #10\n",
            "subs r6, r6, r5\n",
            "lsls r5, r6, #10\n",
            "asrs r5, r5, #10\n",
            "subs r6, r6, r5\n",
            "asrs r6, r6, #11\n",
            "adds r4, r4, r6\n",
        )
    };
}

/// Computes all channels of a row of twelve pooled positions. `row` is in `r0`.
///
/// Pixels, weights and outputs may lie at any address. Changes `r1` to `r3`, `r12`, `lr` and the flags. Takes 484 bytes of
/// stack, 284 in a small build.
///
/// # Safety
///
/// Each of the six rows must be valid for reads of 28 bytes, and the weights for reads of 25 taps of each channel. The outputs
/// must be what [`Outputs::new`] returned for three outputs of a layer of 6 channels, with activations valid for writes of
/// twelve positions.
#[unsafe(naked)]
unsafe extern "C" fn all_channels(_row: &mut Row) {
    // On the stack: the packed weights up to PACKED_END, there the maxima of the first row of a window, 12 bytes on the Words
    // of the outputs; `row` above the registers that are saved. While packing: r0-r2 weights, r7 and lr the packed weights
    // and their end. Then: r0 pixels, r1 weights, r2 pixel, r3-r6 products, r7 addresses of rows, r8 to r11 sums, r12 column
    // of the window, lr the address of the first of five rows.
    naked_asm!(
        "push {{r0, r4-r7, lr}}",
        save!(),
        "sub sp, #{frame}",
        // One turn per three channels.
        "1:",
        "ldr r5, [sp, #{frame}+16]",
        "ldr r0, [r5, #{weights}]",
        "ldr r3, [r5, #{steps}]",
        "ldr r4, [r5, #{steps}+4]",
        "adds r1, r0, r3",
        "adds r2, r1, r4",
        "adds r6, r2, r3",
        "str r6, [r5, #{weights}]",
        "str r4, [r5, #{steps}]",
        "str r3, [r5, #{steps}+4]",
        "mov r7, sp",
        "add r6, sp, #{end}",
        "mov lr, r6",
        pack_weights!(),
        "ldr r0, [sp, #{frame}+16]",
        "adds r0, #{outputs}",
        "add r1, sp, #{end}+12",
        "bl {to_words}",
        "movs r0, #0",
        "mov r12, r0",
        // One turn per window.
        "5:",
        "ldr r7, [sp, #{frame}+16]",
        "ldr r7, [r7]",
        // One turn per row of the window.
        "6:",
        "mov lr, r7",
        "mov r1, sp",
        ".if {small}",
        "movs r2, #0",
        ".irp sum, r8, r9, r10, r11",
        "mov \\sum, r2",
        ".endr",
        "61:",
        short_kernel_row!(),
        "add r2, sp, #{end}",
        "cmp r1, r2",
        "bne 61b",
        "mov r2, r10",
        "mov r6, r11",
        ".else",
        kernel_row!("mov", "mov", "add r10, r2\nadd r11, r6\n"),
        ".rept 3",
        kernel_row!("add", "add", "add r10, r2\nadd r11, r6\n"),
        ".endr",
        kernel_row!("add", "add", "add r2, r10\nadd r6, r11\n"),
        ".endif",
        // The larger of the two positions.
        unpack_sums!(),
        "mov r0, r3",
        "mov r1, r4",
        "mov r10, r5",
        "mov r2, r8",
        "mov r6, r9",
        unpack_sums!(),
        max!("r3", "r0", "r2"),
        max!("r4", "r1", "r2"),
        "mov r0, r10",
        max!("r5", "r0", "r2"),
        "add r0, sp, #{end}",
        "ldr r2, [sp, #{frame}+16]",
        "ldr r2, [r2]",
        "cmp r2, lr",
        "bne 7f",
        "stm r0!, {{r3-r5}}",
        "adds r7, r2, #4",
        "b 6b",
        // The larger of the two rows.
        "7:",
        "ldm r0!, {{r1, r2, r6}}",
        max!("r3", "r1", "r7"),
        max!("r4", "r2", "r7"),
        max!("r5", "r6", "r7"),
        "add r0, sp, #{end}",
        "stm r0!, {{r3-r5}}",
        "subs r0, #12",
        "add r1, sp, #{end}+12",
        "ldr r3, [sp, #{frame}+16]",
        "ldr r3, [r3, #{activations}]",
        "mov r9, r12",
        "bl {requantize}",
        // The next window is two pixels further in all rows, and six activations.
        "adds r3, #3",
        "ldr r0, [sp, #{frame}+16]",
        "str r3, [r0, #{activations}]",
        "mov r2, r9",
        "adds r2, #2",
        "mov r12, r2",
        "cmp r2, #24",
        "beq 8f",
        "b 5b",
        // The next three channels.
        "8:",
        "subs r3, #69",
        "str r3, [r0, #{activations}]",
        "ldr r1, [r0, #{biases}]",
        "adds r1, #12",
        "str r1, [r0, #{biases}]",
        "ldr r1, [r0, #{requants}]",
        "adds r1, #9",
        "str r1, [r0, #{requants}]",
        "ldr r1, [r0, #{steps}]",
        "ldr r2, [r0, #{steps}+4]",
        "cmp r1, r2",
        "blo 9f",
        "b 1b",
        "9:",
        "add sp, #{frame}",
        restore!(),
        "pop {{r0, r4-r7, pc}}",
        weights = const offset_of!(Row, weights),
        steps = const offset_of!(Row, steps),
        outputs = const offset_of!(Row, outputs),
        biases = const offset_of!(Row, outputs) + Outputs::BIASES,
        requants = const offset_of!(Row, outputs) + Outputs::REQUANTS,
        activations = const offset_of!(Row, outputs) + Outputs::ACTIVATIONS,
        end = const PACKED_END,
        frame = const FRAME,
        taps = const CONV1_TAPS,
        int4 = const INT4 as u8,
        small = const SMALL as u8,
        to_words = sym to_words,
        requantize = sym requantize,
    )
}
