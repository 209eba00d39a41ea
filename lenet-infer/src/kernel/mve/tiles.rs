//! The sums of a fully-connected layer with int8 or int4 weights, in tiles of six outputs.

use core::arch::naked_asm;

/// Outputs in a tile.
pub(super) const ROWS: usize = 6;

/// Tiles of outputs.
#[repr(C)]
pub(super) struct Job {
    /// One row before the first.
    pub(super) before: *const u8,
    pub(super) stride: usize,
    pub(super) sums: *mut i32,
    pub(super) end: *mut i32,
    pub(super) input: *const u8,
    /// The bytes of a row of weights.
    pub(super) row_bytes: usize,
}

/// Makes the frame of a function that computes tiles, and fills it.
///
/// Needs the [`Job`] in `r0`. The number of inputs is that of the bytes of a row, unless `$double` doubles `r6`. The frame:
///
/// | offset | content |
/// |---|---|
/// | 0 | what six sums start with: -128 times the sum of the inputs |
/// | 24 | the input, the bytes of a row |
/// | 32 | the row before the tile, the stride |
/// | 40 | where the sums go, the end of all sums |
///
/// Changes `r0` to `r6`, `lr`, `q0` and the flags.
#[rustfmt::skip]
macro_rules! enter {
    ($($double:literal)?) => {
        concat!(
            "sub sp, #48\n",
            "ldmia r0, {{r1-r6}}\n",
            "strd r1, r2, [sp, #32]\n",
            "strd r3, r4, [sp, #40]\n",
            "strd r5, r6, [sp, #24]\n",
            "mov r0, #0\n",
            $($double, "\n",)?
            "dlstp.8 lr, r6\n",
            ".p2align 2\n",
            "2:\n",
            "vldrb.u8 q0, [r5], #16\n",
            "vaddva.u8 r0, q0\n",
            "letp lr, 2b\n",
            "rsb r0, r0, #0\n",
            "lsl r0, #7\n",
            "strd r0, r0, [sp]\n",
            "strd r0, r0, [sp, #8]\n",
            "strd r0, r0, [sp, #16]\n",
        )
    };
}

/// Starts a tile, and the loop over its vectors. The loop starts at a multiple of four, as the tile does.
#[rustfmt::skip]
macro_rules! tile {
    ($($step:expr),+) => {
        concat!(
            ".p2align 2\n",
            "3:\n",
            "ldrd r1, r11, [sp, #32]\n",
            "add r1, r11\n",
            "add r3, r1, r11\n",
            "add r5, r3, r11\n",
            "add r7, r5, r11\n",
            "add r9, r7, r11\n",
            "add r11, r9\n",
            "str r11, [sp, #32]\n",
            "ldmia sp, {{r0, r2, r4, r6, r8, r10, r12, lr}}\n",
            "dlstp.8 lr, lr\n",
            "4:\n",
            $($step,)+
            "letp lr, 4b\n",
            "ldrd r1, r3, [sp, #40]\n",
            "stmia r1!, {{r0, r2, r4, r6, r8, r10}}\n",
            "str r1, [sp, #40]\n",
            "cmp r1, r3\n",
            "bne 3b\n",
            "add sp, #48\n",
        )
    };
}

/// Multiplies the inputs in `q0` by sixteen int8 weights of one output.
///
/// Helium multiplies bytes of the same kind only, so the weights are raised by 128, and the inputs stay as they are.
#[rustfmt::skip]
macro_rules! int8_row {
    ($sum:literal, $weights:literal) => {
        concat!(
            "vldrb.u8 q1, [", $weights, "], #16\n",
            "veor q1, q1, q3\n",
            "vmladava.u8 ", $sum, ", q0, q1\n",
        )
    };
}

/// Computes the sums of tiles with int8 weights.
///
/// Weights and activations are read by the byte and may lie at any address. Changes `r0` to `r3`, `r12`, `lr`, `q0` to
/// `q3` and the flags. Takes 84 bytes of stack.
///
/// # Safety
///
/// As for `Matrix::tiles`. There must be one or more tiles.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn int8_tiles(_job: &Job) {
    naked_asm!(
        mve!(),
        "push {{r4-r11, lr}}",
        enter!(),
        "vmov.i8 q3, #0x80",
        tile!(
            "vldrb.u8 q0, [r12], #16\n",
            int8_row!("r0", "r1"),
            int8_row!("r2", "r3"),
            int8_row!("r4", "r5"),
            int8_row!("r6", "r7"),
            int8_row!("r8", "r9"),
            int8_row!("r10", "r11")
        ),
        "pop {{r4-r11, pc}}",
    )
}

/// Multiplies the even inputs in `q0` and the odd ones in `q1` by 32 int4 weights of one output.
///
/// Each nibble is raised by 8 and stays in the upper half of its byte, so that it is an int8 weight raised by 128. The order lets a
/// multiplication overlap with the `vand`.
#[rustfmt::skip]
macro_rules! int4_row {
    ($sum:literal, $weights:literal) => {
        concat!(
            "vldrb.u8 q2, [", $weights, "], #16\n",
            "veor q2, q2, q4\n",
            "vshl.i8 q3, q2, #4\n",
            "vmladava.u8 ", $sum, ", q0, q3\n",
            "vand q2, q2, q5\n",
            "vmladava.u8 ", $sum, ", q1, q2\n",
        )
    };
}

/// Computes the sums of tiles with int4 weights, in units of int8 weights.
///
/// As [`int8_tiles`], but takes 148 bytes of stack.
///
/// # Safety
///
/// As for [`int8_tiles`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn int4_tiles(_job: &Job) {
    naked_asm!(
        mve!(),
        "push {{r4-r11, lr}}",
        "vpush {{d8-d15}}",
        enter!("lsl r6, #1"),
        "vmov.i8 q4, #0x88",
        "vmov.i8 q5, #0xF0",
        "mov r0, #0",
        "vidup.u8 q6, r0, #2",
        "mov r0, #1",
        "vadd.i8 q7, q6, r0",
        tile!(
            "vldrb.u8 q0, [r12, q6]\n",
            "vldrb.u8 q1, [r12, q7]\n",
            "add r12, #32\n",
            int4_row!("r0", "r1"),
            int4_row!("r2", "r3"),
            int4_row!("r4", "r5"),
            int4_row!("r6", "r7"),
            int4_row!("r8", "r9"),
            int4_row!("r10", "r11")
        ),
        "vpop {{d8-d15}}",
        "pop {{r4-r11, pc}}",
    )
}
