//! The second convolution: six input channels, sixteen output channels.
//!
//! Fifteen channels are computed three at a time, for a row of four windows, and the last one alone. The packed weights
//! of a whole channel would take 1,200 bytes. So those of one kernel row are packed at a time, and the sums of all
//! windows wait in memory meanwhile.
//!
//! A model whose sums need more than 21 bits takes the way of the last channel for all of them.

use super::single;
use super::window::{CHANNELS, Tile, channels, finish_window, left, pack, right};
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow};
use core::arch::naked_asm;
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, CONV2_TAPS, KERNEL_SIDE, POOL2_SIDE};

// What the assembly takes for granted.
const _: () = assert!(CONV2_TAPS == KERNEL_SIDE * 30 && CONV1_CHANNELS == 6 && KERNEL_SIDE == 5);
const _: () = assert!(CONV2_CHANNELS == 5 * CHANNELS + 1 && POOL2_SIDE == 4);

/// Computes one pooled row from the six pooled rows of conv1 that it depends on. `wide` says that some sum may need more
/// than 21 bits.
#[inline(never)]
pub(super) fn row(layer: &Conv2<'_>, wide: bool, input: [&PooledRow; PATCH_SIDE], output: &mut FeatureRow) {
    let rows = input.map(|row| row.as_ptr().cast());
    let packed = if wide { 0 } else { CONV2_CHANNELS - 1 };
    for first in (0..packed).step_by(CHANNELS) {
        // SAFETY: `rows` are six rows; the layer has five times three channels and 150 taps, and these are four
        // positions; all sums fit in 21 bits.
        unsafe { three_channels(&rows, &mut Tile::new(layer, first, output)) };
    }
    for channel in packed..CONV2_CHANNELS {
        // SAFETY: `rows` are six rows.
        unsafe { single::channel(layer, channel, &rows, output) };
    }
}

/// Computes a row of windows of three channels.
///
/// - `rows` (`r0`): the addresses of six rows of 72 activations.
/// - `tile` (`r1`): the channels. Its weights and its place of the outputs are changed.
///
/// Frame:
///
/// | offset | content |
/// |---|---|
/// | 0 | the tile |
/// | 4 | the place of a window's sums, and behind the last one |
/// | 12 | the place of the next row's address, and of the last one |
/// | 20 | the sums of four windows |
/// | 148 | the packed weights of a kernel row |
///
/// Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 428 bytes of stack.
///
/// # Safety
///
/// The tile must have 150 weights per channel, its outputs must be those of four positions, and each sum must fit in 21
/// bits. The rows must be valid for reads.
#[unsafe(naked)]
unsafe extern "C" fn three_channels(_rows: &[*const u8; PATCH_SIDE], _tile: &mut Tile) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #392",
        "add r2, r0, #20",
        "strd r0, r2, [sp, #12]",
        "str r1, [sp]",
        channels!(),
        "mov r4, #0x100000",
        "mov r5, #0x200000",
        "mov r6, r4",
        "mov r7, r5",
        "add r0, sp, #20",
        ".rept 8",
        "stmia r0!, {{r4-r7}}",
        ".endr",
        "str r0, [sp, #8]",
        // One turn per kernel row.
        "2:",
        "ldr r0, [sp]",
        "adds r0, #56",
        "ldmia r0, {{r0, r1, r2, r4}}",
        "add r3, sp, #148",
        "add r12, sp, #388",
        "bl {pack}",
        "ldr r3, [sp]",
        "adds r3, #56",
        "stmia r3!, {{r0, r1, r2}}",
        "ldr r2, [sp, #12]",
        "ldr r0, [r2], #4",
        "ldr r1, [r2]",
        "str r2, [sp, #12]",
        // One turn per window.
        "add r2, sp, #20",
        "3:",
        "str r2, [sp, #4]",
        "ldmia r2, {{r6-r12, lr}}",
        ".irp channel, 0, 1, 2, 3, 4, 5",
        "ldrb r4, [r0, #\\channel]",
        "ldrb r5, [r1, #\\channel]",
        ".irp x, 0, 1, 2, 3, 4",
        "ldrd r2, r3, [sp, #148 + 8 * (6 * \\x + \\channel)]",
        left!(),
        "ldrb r4, [r0, #6 * (\\x + 1) + \\channel]",
        "ldrb r5, [r1, #6 * (\\x + 1) + \\channel]",
        right!(),
        ".endr",
        ".endr",
        "ldrd r2, r3, [sp, #4]",
        "stmia r2!, {{r6-r12, lr}}",
        "adds r0, #12",
        "adds r1, #12",
        "cmp r2, r3",
        "bne 3b",
        "ldrd r2, r3, [sp, #12]",
        "cmp r2, r3",
        "bne 2b",
        // The windows' activations.
        "add r0, sp, #20",
        "4:",
        "ldmia r0!, {{r6-r12, lr}}",
        "mov r5, lr",
        "bl {finish_window}",
        "cmp r9, r6",
        "bne 4b",
        "add sp, #392",
        "pop {{r4-r11, pc}}",
        pack = sym pack,
        finish_window = sym finish_window,
    )
}
