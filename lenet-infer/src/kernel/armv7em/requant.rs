//! From sums to activations by the rule of [`lenet_core::requant`], two channels at a time.

use core::arch::naked_asm;
use lenet_core::model::Hidden;

/// The biases, the requants and the place of the next outputs. [`finish_pair`] advances it.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Finish {
    pub(super) biases: *const [u8; 4],
    requants: *const [u8; 3],
    pub(super) output: *mut u8,
    /// 65,535 minus the largest activation, in both halves.
    headroom: u32,
}

impl Finish {
    /// The outputs of `layer`, which go to `output`.
    #[inline(always)]
    pub(super) fn new<W: Copy, const OUT: usize>(layer: &Hidden<'_, W, OUT>, output: &mut [u8]) -> Self {
        Self {
            biases: layer.biases().as_bytes().as_ptr(),
            requants: layer.requants().as_bytes().as_ptr(),
            output: output.as_mut_ptr(),
            headroom: (0xFFFF - u32::from(layer.largest_activation())) * 0x0001_0001,
        }
    }

    /// Moves the biases and the requants back by `channels`, for the next position.
    ///
    /// # Safety
    ///
    /// At least `channels` outputs must have been finished since the start of the layer.
    #[inline(always)]
    pub(super) unsafe fn rewind(&mut self, channels: usize) {
        // SAFETY: the caller guarantees it.
        (self.biases, self.requants) = unsafe { (self.biases.sub(channels), self.requants.sub(channels)) };
    }
}

/// Computes two activations, of neighboring outputs, from their sums: bias, ReLU and requantization.
///
/// Needs the sums in `r4` and `r5` and the address of the [`Finish`] in `r12`, which it advances. Biases and requants
/// are loaded by the word and the halfword and may lie at any address. Changes `r2` to `r11` and the flags, but not
/// `r0`, `r1`, `r12` and `lr`. Needs no stack.
///
/// # Safety
///
/// It must be called from assembly only, with a [`Finish`] that has two outputs left.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish_pair() {
    naked_asm!(
        dsp!(),
        "ldmia r12, {{r2, r3, r6, r7}}",
        "ldr r8, [r2], #4",
        "ldr r9, [r2], #4",
        "add r4, r8",
        "add r5, r9",
        "ldrh r8, [r3], #2",
        "ldrb r10, [r3], #1",
        "ldrh r9, [r3], #2",
        "ldrb r11, [r3], #1",
        "asr r4, r10",
        "asr r5, r11",
        "usat r4, #16, r4",
        "usat r5, #16, r5",
        "mul r4, r4, r8",
        "mul r5, r5, r9",
        "lsr r4, #23",
        "lsr r5, #23",
        "pkhbt r4, r4, r5, lsl #16",
        // Clamp both to the largest activation.
        "uqadd16 r4, r4, r7",
        "usub16 r4, r4, r7",
        "orr r4, r4, r4, lsr #8",
        "strh r4, [r6], #2",
        "stmia r12, {{r2, r3, r6}}",
        "bx lr",
    )
}

/// Computes four activations, of neighboring outputs, from the sums in `r0`, and advances the [`Finish`] in `r1`.
///
/// Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 36 bytes of stack.
///
/// # Safety
///
/// `finish` must have four outputs left.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish_four(_sums: &[i32; 4], _finish: &mut Finish) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "mov r12, r1",
        "add r1, r0, #16",
        "2:",
        "ldmia r0!, {{r4, r5}}",
        "bl {finish_pair}",
        "cmp r0, r1",
        "bne 2b",
        "pop {{r4-r11, pc}}",
        finish_pair = sym finish_pair,
    )
}
