//! From sums to activations by the rule of [`lenet_core::requant`], two channels at a time.

use core::arch::naked_asm;
use lenet_core::model::Hidden;

/// The biases, the requants and the place of the next outputs. The assembly advances it.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Finish {
    biases: *const [u8; 4],
    requants: *const [u8; 3],
    output: *mut u8,
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

    /// The outputs of `layer`, two in a word, the second 21 bits above the first. The headroom of the upper half is for
    /// an activation that is 5 bits up there.
    #[inline(always)]
    pub(super) fn packed<W: Copy, const OUT: usize>(layer: &Hidden<'_, W, OUT>, output: &mut [u8]) -> Self {
        let largest = u32::from(layer.largest_activation());
        Self { headroom: (0xFFFF - largest) | (0xFFFF - (largest << 5)) << 16, ..Self::new(layer, output) }
    }
}

/// Computes four activations, of neighboring outputs, from the sums in `r0`, and advances the [`Finish`] in `r1`: bias,
/// ReLU and requantization, two at a time.
///
/// Biases and requants are loaded by the word and the halfword and may lie at any address. Changes `r0` to `r3`, `r12`,
/// `lr` and the flags. Takes 36 bytes of stack.
///
/// # Safety
///
/// `finish` must have four outputs left.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish_four(_sums: &[i32; 4], _finish: &mut Finish) {
    naked_asm!(
        dsp!(),
        "push {{r4-r11, lr}}",
        "add lr, r0, #16",
        "ldmia r1, {{r2, r3, r6, r7}}",
        "2:",
        "ldmia r0!, {{r4, r5}}",
        "ldr r8, [r2], #4",
        "ldr r9, [r2], #4",
        "ldrh r12, [r3], #2",
        "ldrb r10, [r3], #1",
        "add r4, r8",
        "add r5, r9",
        "ldrh r9, [r3], #2",
        "ldrb r11, [r3], #1",
        "asrs r4, r10",
        "asrs r5, r11",
        "usat r4, #16, r4",
        "usat r5, #16, r5",
        "mul r4, r4, r12",
        "mul r5, r5, r9",
        "lsrs r4, #23",
        "lsrs r5, #23",
        "pkhbt r4, r4, r5, lsl #16",
        // Clamp both to the largest activation.
        "uqadd16 r4, r4, r7",
        "usub16 r4, r4, r7",
        "orr r4, r4, r4, lsr #8",
        "strh r4, [r6], #2",
        "cmp r0, lr",
        "bne 2b",
        "stmia r1, {{r2, r3, r6}}",
        "pop {{r4-r11, pc}}",
    )
}
