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

/// Saves the registers, makes the frame of a convolution, and fills it.
///
/// Needs the weights in `r1` and the address of the [`Layer`] in `r2`. The frame:
///
/// | offset | bytes | content |
/// |---|---|---|
/// | 0 | `$room` | for the caller |
/// | `$room` | 16 | the next biases, the next requants, the weights, the bytes per tap |
/// | `$room` + 16 | 32 | the offsets of taps |
/// | `$room` + 48 | 16 | the offsets of outputs |
/// | `$room` + 64 | `$more` | for the caller |
///
/// The largest activation is at `$largest`. Vectors in the frame are aligned to eight bytes if `$room` is a multiple of eight, and
/// `$more` is one less four. Leaves the output in `r9` and the bytes per tap in `r6`. Changes `r3` to `r9` and `q0` to `q2`.
#[rustfmt::skip]
macro_rules! enter {
    ($room:literal, $largest:literal, $more:literal) => {
        concat!(
            "push {{r4-r11, lr}}\n",
            "vpush {{d8-d15}}\n",
            "sub sp, #", $room, "+64+", $more, "\n",
            "ldmia r2, {{r3-r7, r9}}\n",
            "strd r3, r4, [sp, #", $room, "]\n",
            "strd r1, r6, [sp, #", $room, "+8]\n",
            "str r5, [sp, #", $largest, "]\n",
            "vldrb.u8 q0, [r7]\n",
            "vldrb.u8 q1, [r7, #16]\n",
            "vmul.i8 q0, q0, r6\n",
            "vldrb.u8 q2, [r7, #32]\n",
            "vmul.i8 q1, q1, r6\n",
            "vstrw.32 q0, [sp, #", $room, "+16]\n",
            "vstrw.32 q1, [sp, #", $room, "+32]\n",
            "vstrw.32 q2, [sp, #", $room, "+48]\n",
        )
    };
}
pub(super) use enter;

/// Undoes [`enter`] and returns.
#[rustfmt::skip]
macro_rules! leave {
    ($room:literal, $more:literal) => {
        concat!("add sp, #", $room, "+64+", $more, "\n", "vpop {{d8-d15}}\n", "pop {{r4-r11, pc}}\n")
    };
}
pub(super) use leave;

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
        ".p2align 2",
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
