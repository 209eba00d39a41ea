//! One channel of conv2 with sums of 32 bits: a product per `mla`.

use super::requant::{Outputs, activation};
use super::window::larger;
use crate::kernel::{FeatureRow, PATCH_SIDE};
use core::arch::naked_asm;
use core::mem::MaybeUninit;
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV2_CHANNELS, CONV2_TAPS};

/// Computes a row of windows of channel `channel`.
///
/// # Safety
///
/// `rows` must be the addresses of six rows of 72 activations.
#[inline(never)]
pub(super) unsafe fn channel(
    layer: &Conv2<'_>,
    channel: usize,
    rows: &[*const u8; PATCH_SIDE],
    output: &mut FeatureRow,
) {
    let mut unpacked = MaybeUninit::uninit();
    let outputs = Outputs::new(layer, channel, output.as_mut_ptr().cast());
    let odd = channel % 2;
    // SAFETY: the layer has 150 weights of the channel, in every second byte or in half of every byte, and `unpack` writes
    // as many; `outputs` are those of four positions; the caller guarantees the rows.
    unsafe {
        let pairs = layer.weights().as_bytes().as_ptr();
        let weights = if layer.weights().is_int4() {
            unpack(pairs.add(CONV2_TAPS * (channel / 2)), 4 - 4 * odd, &mut unpacked);
            unpacked.as_ptr().cast()
        } else {
            pairs.add(2 * CONV2_TAPS * (channel / 2) + odd)
        };
        windows(rows, weights, &outputs);
    }
}

/// int8 weights of one channel as they lie in a file, in every second byte.
type Pairs = [[u8; 2]; CONV2_TAPS];

/// Unpacks int4 weights of one channel to int8, to every second byte.
///
/// - `pairs` (`r0`): a byte for each tap, at any address.
/// - `shift` (`r1`): 4 for the even channel of the pair, 0 for the odd one.
/// - `weights` (`r2`): where the weights go.
///
/// Changes `r0`, `r2`, `r3`, `r12` and the flags.
///
/// # Safety
///
/// `pairs` must be valid for reads of 150 bytes.
#[unsafe(naked)]
unsafe extern "C" fn unpack(_pairs: *const u8, _shift: usize, _weights: &mut MaybeUninit<Pairs>) {
    naked_asm!(
        "add r12, r0, #{taps}",
        "2:",
        "ldrb r3, [r0], #1",
        "lsls r3, r1",
        "bic r3, #15",
        "strb r3, [r2], #2",
        "cmp r0, r12",
        "bne 2b",
        "bx lr",
        taps = const CONV2_TAPS,
    )
}

/// Adds the four products of a tap with the weight in `$weight` to `r6` to `r9`, those at the left positions first. Then
/// `r4` and `r5` hold the activations of the next column, `$column` bytes on. `$next` loads the next weight.
#[rustfmt::skip]
macro_rules! tap {
    ($weight:literal, $column:literal, $next:literal) => {
        concat!(
            "mla r6, r4, ", $weight, ", r6\n",
            "mla r7, r5, ", $weight, ", r7\n",
            "ldrb r4, [r0, #", $column, " - 1]\n",
            "ldrb r5, [r1, #", $column, " - 1]\n",
            $next, "\n",
            "mla r8, r4, ", $weight, ", r8\n",
            "mla r9, r5, ", $weight, ", r9\n",
        )
    };
}

/// Computes a row of windows of one channel.
///
/// - `rows` (`r0`): the addresses of six rows of 72 activations.
/// - `weights` (`r1`): int8 weights, in every second byte.
/// - `outputs` (`r2`): the place of the outputs.
///
/// Frame: the outputs at 0, the rows at 20, the weights at 24, and the offset of the window in a row at 28. Changes `r0`
/// to `r3`, `r12`, `lr` and the flags. Takes 68 bytes of stack.
///
/// # Safety
///
/// The outputs must be those of four positions, and the rows and the weights valid for reads.
#[unsafe(naked)]
unsafe extern "C" fn windows(_rows: &[*const u8; PATCH_SIDE], _weights: *const u8, _outputs: &Outputs) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #32",
        "ldmia r2, {{r3-r7}}",
        "stmia sp, {{r3-r7}}",
        "mov r2, #0",
        "add r3, sp, #20",
        "stmia r3, {{r0-r2}}",
        // One turn per window.
        "2:",
        "add r3, sp, #20",
        "ldmia r3, {{r10, r11, r12}}",
        "ldr r1, [r10], #4",
        "add r1, r12",
        "movs r6, #0",
        "movs r7, #0",
        "mov r8, r6",
        "mov r9, r6",
        // One turn per kernel row.
        "3:",
        "mov r0, r1",
        "ldr r1, [r10], #4",
        "add r1, r12",
        "add lr, r0, #6",
        // One turn per input channel. A weight is loaded beside the activations before it.
        "4:",
        "ldrb r4, [r0], #1",
        "ldrb r5, [r1], #1",
        "ldrsb r2, [r11], #2",
        tap!("r2", "6", "ldrsb r3, [r11, #10]"),
        tap!("r3", "12", "ldrsb r2, [r11, #22]"),
        tap!("r2", "18", "ldrsb r3, [r11, #34]"),
        tap!("r3", "24", "ldrsb r2, [r11, #46]"),
        tap!("r2", "30", ""),
        "cmp r0, lr",
        "bne 4b",
        "subs r1, #6",
        "add r11, #48",
        "ldr r3, [sp, #20]",
        "adds r3, #24",
        "cmp r10, r3",
        "bne 3b",
        larger!("r6", "lt", "r7"),
        larger!("r8", "lt", "r9"),
        larger!("r6", "lt", "r8"),
        "ldmia sp, {{r0, r1, r2, r7, r8}}",
        "ldr r3, [r0]",
        "ldrh r4, [r1]",
        "ldrb r5, [r1, #2]",
        "add r6, r3",
        activation!("r6", "r5", "r4", "r7", "r8"),
        "strb r6, [r2], #{channels}",
        "add r12, #12",
        "str r2, [sp, #8]",
        "str r12, [sp, #28]",
        "cmp r12, #48",
        "bne 2b",
        "add sp, #32",
        "pop {{r4-r11, pc}}",
        channels = const CONV2_CHANNELS,
    )
}
