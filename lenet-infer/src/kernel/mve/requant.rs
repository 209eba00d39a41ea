//! From sums to activations by the rule of [`lenet_core::requant`], eight at a time in the convolutions.

use core::arch::naked_asm;
use core::ptr;
use lenet_core::model::{Hidden, Weights};

/// What the assembly of a layer needs beside weights and input.
#[repr(C)]
pub(super) struct Layer {
    biases: *const [u8; 4],
    requants: *const [u8; 3],
    largest: u32,
    /// The size of the weights of a pair of channels at one tap: 2 for int8, 1 for int4.
    pub(super) tap_bytes: usize,
    /// The offsets of taps and outputs, which the convolutions gather and scatter by.
    pub(super) offsets: *const Offsets,
    output: *mut u8,
}

/// Offsets of a convolution, in bytes.
#[repr(C, align(4))]
pub(super) struct Offsets {
    /// For each of the 32 lanes of two vectors of weights, the number of its tap; 0 for a lane without one.
    pub(super) taps: [u8; 32],
    /// From the first output of a pair of channels, for four neighboring positions: the even channel's and the odd one's.
    pub(super) outputs: [u16; 8],
}

impl Layer {
    /// The outputs of `layer`, which go to `output`.
    #[inline(always)]
    pub(super) fn new<W: Copy, const OUT: usize>(layer: &Hidden<'_, W, OUT>, output: *mut u8) -> Self {
        Self {
            biases: layer.biases().as_bytes().as_ptr(),
            requants: layer.requants().as_bytes().as_ptr(),
            largest: layer.largest_activation().into(),
            tap_bytes: 0,
            offsets: ptr::null(),
            output,
        }
    }

    /// The outputs of a convolution, which go to `output`, and the address of its weights.
    #[inline(always)]
    pub(super) fn convolution<Int8, Int4, const OUT: usize>(
        layer: &Hidden<'_, Weights<'_, Int8, Int4>, OUT>,
        offsets: *const Offsets,
        output: *mut u8,
    ) -> (Self, *const u8) {
        let (weights, tap_bytes): (*const u8, _) = match layer.weights() {
            Weights::Int8(weights) => (ptr::from_ref(weights).cast(), 2),
            Weights::Int4(weights) => (ptr::from_ref(weights).cast(), 1),
        };
        (Self { tap_bytes, offsets, ..Self::new(layer, output) }, weights)
    }
}

/// Saves the registers, makes the frame of a convolution, `$more` bytes larger, and fills it.
///
/// Needs the weights in `r1` and the address of the [`Layer`] in `r2`. The frame:
///
/// | offset | bytes | content |
/// |---|---|---|
/// | 0 | 64 | sums of the even channel: eight columns of the upper row of a window, then of the lower row |
/// | 64 | 16 | its bias, the negative of its shift, its multiplier, one word for the caller |
/// | 80 | 64 | sums of the odd channel |
/// | 144 | 16 | its bias, the negative of its shift, its multiplier, the largest activation |
/// | 160 | 16 | the next biases, the next requants, the weights, the bytes per tap |
/// | 176 | 32 | the offsets of taps |
/// | 208 | 16 | the offsets of outputs |
///
/// Leaves the output in `r9` and the bytes per tap in `r6`. Changes `r3` to `r9` and `q0` to `q2`.
#[rustfmt::skip]
macro_rules! enter {
    ($more:literal) => {
        concat!(
            "push {{r4-r11, lr}}\n",
            "vpush {{d8-d15}}\n",
            "sub sp, #224+", $more, "\n",
            "ldmia r2, {{r3-r7, r9}}\n",
            "strd r3, r4, [sp, #160]\n",
            "strd r1, r6, [sp, #168]\n",
            "str r5, [sp, #156]\n",
            "vldrb.u8 q0, [r7]\n",
            "vldrb.u8 q1, [r7, #16]\n",
            "vldrb.u8 q2, [r7, #32]\n",
            "vmul.i8 q0, q0, r6\n",
            "vmul.i8 q1, q1, r6\n",
            "vstrw.32 q0, [sp, #176]\n",
            "vstrw.32 q1, [sp, #192]\n",
            "vstrw.32 q2, [sp, #208]\n",
        )
    };
}
pub(super) use enter;

/// Undoes [`enter`] and returns.
#[rustfmt::skip]
macro_rules! leave {
    ($more:literal) => {
        concat!("add sp, #224+", $more, "\n", "vpop {{d8-d15}}\n", "pop {{r4-r11, pc}}\n")
    };
}
pub(super) use leave;

/// Computes four pooled positions of a pair of channels from the sums in the frame: maximum, bias, ReLU and
/// requantization. `r9` points to the first output.
///
/// The clamp to 16 bits puts the even channel into the lower halves of words and the odd one into the upper halves. A
/// multiply that keeps the upper 16 bits of each product, and a shift by 7, are a shift of the product by 23. Changes
/// `r0`, `r2`, `r4` to `r6`, `r8` and `q4` to `q7`.
#[rustfmt::skip]
macro_rules! finish_pair {
    () => {
        concat!(
            "mov r5, sp\n",
            largest_of_windows!("q4", "q5", "q6"),
            "ldmia r5!, {{r0, r2, r4, r6}}\n",
            "vadd.i32 q4, q4, r0\n",
            "vshl.s32 q4, r2\n",
            largest_of_windows!("q5", "q6", "q7"),
            "ldmia r5, {{r0, r2, r6, r8}}\n",
            "vadd.i32 q5, q5, r0\n",
            "vshl.s32 q5, r2\n",
            "orr r4, r4, r6, lsl #16\n",
            "vqmovunb.s32 q6, q4\n",
            "vqmovunt.s32 q6, q5\n",
            "vdup.32 q7, r4\n",
            "vmulh.u16 q6, q6, q7\n",
            "vshr.u16 q6, q6, #7\n",
            "vdup.16 q7, r8\n",
            "vmin.u16 q6, q6, q7\n",
            "vldrw.u32 q7, [sp, #208]\n",
            "vstrb.16 q6, [r9, q7]\n",
        )
    };
}
pub(super) use finish_pair;

/// Leaves in `$a` the largest sum of each of four windows whose sums are at `r5`, and advances `r5`.
#[rustfmt::skip]
macro_rules! largest_of_windows {
    ($a:literal, $b:literal, $c:literal) => {
        concat!(
            "vld20.32 {{", $a, ", ", $b, "}}, [r5]\n",
            "vld21.32 {{", $a, ", ", $b, "}}, [r5]!\n",
            "vmax.s32 ", $a, ", ", $a, ", ", $b, "\n",
            "vld20.32 {{", $b, ", ", $c, "}}, [r5]\n",
            "vld21.32 {{", $b, ", ", $c, "}}, [r5]!\n",
            "vmax.s32 ", $b, ", ", $b, ", ", $c, "\n",
            "vmax.s32 ", $a, ", ", $a, ", ", $b, "\n",
        )
    };
}
pub(super) use largest_of_windows;

/// Computes the activations of a fully-connected layer from its sums, four at a time.
///
/// - `sums` (`r0`): the sums, at a multiple of four.
/// - `count` (`r1`): how many there are, a multiple of four above 0.
/// - `layer` (`r2`): where the outputs go.
///
/// Biases and requants are read by the byte and may lie at any address. Changes `r0` to `r3`, `r12`, `lr`, `q0` to `q3`
/// and the flags. Takes 80 bytes of stack.
///
/// # Safety
///
/// `sums` must be valid for reads of `count` sums, and `layer` must have as many outputs.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish_all(_sums: *const i32, _count: usize, _layer: &Layer) {
    naked_asm!(
        mve!(),
        "push {{r4-r6, lr}}",
        "vpush {{d8-d15}}",
        "ldmia r2, {{r3, r4, r5}}",
        "ldr r6, [r2, #20]",
        "vdup.32 q7, r5",
        // The offsets of the three bytes of four requants.
        "mov r2, #0",
        "mov r5, #3",
        "vidup.u32 q4, r2, #1",
        "vmul.i32 q4, q4, r5",
        "mov r5, #1",
        "vadd.i32 q5, q4, r5",
        "vadd.i32 q6, q5, r5",
        "lsr r1, #2",
        "dls lr, r1",
        "2:",
        "vldrw.u32 q0, [r0], #16",
        "vldrb.u8 q1, [r3], #16",
        "vldrb.u32 q3, [r4, q6]",
        "vadd.i32 q0, q0, q1",
        "vldrb.u32 q1, [r4, q4]",
        "vneg.s32 q3, q3",
        "vldrb.u32 q2, [r4, q5]",
        "vshl.s32 q0, q0, q3",
        "vsli.32 q1, q2, #8",
        // The upper halves of the words do not matter: those of the multipliers are 0.
        "vqmovunb.s32 q0, q0",
        "add r4, #12",
        "vmulh.u16 q0, q0, q1",
        "vshr.u32 q0, q0, #7",
        "vmin.u32 q0, q0, q7",
        "vstrb.32 q0, [r6], #4",
        "le lr, 2b",
        "vpop {{d8-d15}}",
        "pop {{r4-r6, pc}}",
    )
}
