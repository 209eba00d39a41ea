//! The first convolution: one input channel, six output channels.

use super::window::{CHANNELS, Tile, channels, finish_window, left, pack, right};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::Conv1;
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, IMAGE_SIDE, POOL1_SIDE};

// What the assembly takes for granted.
const _: () =
    assert!(CONV1_TAPS == 25 && CONV1_CHANNELS == 2 * CHANNELS && IMAGE_SIDE == 28 && POOL1_SIDE == 12);
const _: () = assert!(CONV1_TAPS * 255 * 128 < 1 << 20);

/// Computes one pooled row from the six image rows that it depends on.
#[inline(never)]
pub(super) fn row(layer: &Conv1<'_>, input: [&ImageRow; PATCH_SIDE], output: &mut PooledRow) {
    let mut rows = MaybeUninit::uninit();
    // SAFETY: `copy_rows` writes all rows.
    let rows = unsafe {
        copy_rows(&input, &mut rows);
        rows.assume_init_ref()
    };
    for first in [0, CHANNELS] {
        // SAFETY: the layer has two times three channels and 25 taps, and these are 12 positions.
        unsafe { three_channels(rows, &mut Tile::new(layer, first, output)) };
    }
}

/// Six image rows side by side, in words, so that one pointer reaches all of them.
type Rows = [[u32; IMAGE_SIDE / 4]; PATCH_SIDE];

/// Copies image rows, which may lie at any address.
///
/// - `input` (`r0`): the addresses of the rows.
/// - `rows` (`r1`): where they go.
///
/// Changes `r0` to `r3`, `r12` and the flags. Takes 24 bytes of stack.
#[unsafe(naked)]
unsafe extern "C" fn copy_rows(_input: &[&ImageRow; PATCH_SIDE], _rows: &mut MaybeUninit<Rows>) {
    naked_asm!(
        "push {{r4-r9}}",
        "add r12, r0, #4 * {rows}",
        "2:",
        "ldr r9, [r0], #4",
        "ldr r2, [r9]",
        ".irp i, 3, 4, 5, 6, 7, 8",
        "ldr r\\i, [r9, #4 * (\\i - 2)]",
        ".endr",
        "stmia r1!, {{r2-r8}}",
        "cmp r0, r12",
        "bne 2b",
        "pop {{r4-r9}}",
        "bx lr",
        rows = const PATCH_SIDE,
    )
}

/// Adds the products of the taps `$columns` of kernel row `$y`. `r4` and `r5` hold the activations at the left of the
/// first one.
#[rustfmt::skip]
macro_rules! taps {
    ($y:literal, $columns:literal) => {
        concat!(
            ".irp x, ", $columns, "\n",
            "ldrd r2, r3, [sp, #4 + 8 * (5 * ", $y, " + \\x)]\n",
            left!(), "\n",
            "ldrb r4, [r0, #", $y, " * {row} + \\x + 1]\n",
            "ldrb r5, [r0, #(", $y, " + 1) * {row} + \\x + 1]\n",
            right!(), "\n",
            ".endr\n",
        )
    };
}

/// Computes a row of windows of three channels.
///
/// - `rows` (`r0`): the pixels.
/// - `tile` (`r1`): the channels. Its place of the outputs is changed.
///
/// Frame: the tile at 0, and the packed weights at 4. Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 244 bytes
/// of stack.
///
/// # Safety
///
/// The tile must have 25 weights per channel, and its outputs must be those of 12 positions.
#[unsafe(naked)]
unsafe extern "C" fn three_channels(_rows: &Rows, _tile: &mut Tile) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #204",
        "str r1, [sp]",
        "mov lr, r0",
        channels!(),
        "adds r1, #56",
        "ldmia r1, {{r0, r1, r2, r4}}",
        "add r3, sp, #4",
        "add r12, sp, #204",
        "push {{lr}}",
        "bl {pack}",
        "pop {{r0}}",
        // One turn per window. Sums start with the first product.
        "mov r1, #0x100000",
        "2:",
        "mov lr, #0x200000",
        "ldrb r4, [r0]",
        "ldrb r5, [r0, #{row}]",
        "ldrd r2, r3, [sp, #4]",
        "mla r6, r4, r2, r1",
        "mla r7, r4, r3, lr",
        "mla r8, r5, r2, r1",
        "mla r9, r5, r3, lr",
        "ldrb r4, [r0, #1]",
        "ldrb r5, [r0, #{row} + 1]",
        "mla r10, r4, r2, r1",
        "mla r11, r4, r3, lr",
        "mla r12, r5, r2, r1",
        "mla lr, r5, r3, lr",
        taps!("0", "1, 2, 3, 4"),
        ".irp y, 1, 2, 3, 4",
        "ldrb r4, [r0, #\\y * {row}]",
        "ldrb r5, [r0, #(\\y + 1) * {row}]",
        taps!("\\y", "0, 1, 2, 3, 4"),
        ".endr",
        "mov r5, lr",
        "bl {finish_window}",
        "adds r0, #2",
        "cmp r9, r6",
        "bne 2b",
        "add sp, #204",
        "pop {{r4-r11, pc}}",
        row = const IMAGE_SIDE,
        pack = sym pack,
        finish_window = sym finish_window,
    )
}
