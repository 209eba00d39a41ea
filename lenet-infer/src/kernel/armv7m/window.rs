//! The sums of a convolution and their maximum over a window, for both convolutions.

use super::requant::finish;
use crate::kernel::{KERNEL_SIDE, PATCH_SIDE};
use core::arch::naked_asm;
use core::hint::black_box;
use core::mem::MaybeUninit;
use lenet_core::model::{Conv, Weights};
use lenet_core::shape::POOL_SIDE;

/// Computes a row of pooled positions of a convolution with `IN` input channels, one per element of `output`.
///
/// # Safety
///
/// `rows` must be the addresses of six rows of `IN` channels. Each row must be valid for reads of a patch at every
/// second column, as many patches as `output` has elements.
#[inline(always)]
pub(super) unsafe fn row<const IN: usize, const TAPS: usize, const PAIRS: usize, const OUT: usize>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    rows: *const *const u8,
    output: &mut [[u8; OUT]],
) {
    const { assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && OUT == 2 * PAIRS) };
    let mut patch = MaybeUninit::<[[[u8; IN]; PATCH_SIDE]; PATCH_SIDE]>::uninit();
    let patch = patch.as_mut_ptr().cast();
    let mut maxima = MaybeUninit::<[i32; OUT]>::uninit();
    let (biases, requants) = (layer.biases().as_bytes(), layer.requants().as_bytes());
    // `black_box` hides the length, so that the compiler does not unroll the loop.
    for (x, cell) in black_box(output).iter_mut().enumerate() {
        // SAFETY: the caller guarantees it for the rows. The patch and the weights have the sizes that `IN` and
        // `PAIRS` say, and each channel's maximum is written.
        let maxima = unsafe {
            copy_patch::<IN>(rows, x * POOL_SIDE * IN, patch);
            match layer.weights() {
                Weights::Int8(pairs) => {
                    maxima_int8::<IN>(patch, pairs.as_ptr().cast(), maxima.as_mut_ptr().cast(), PAIRS);
                }
                Weights::Int4(pairs) => {
                    maxima_int4::<IN>(patch, pairs.as_ptr().cast(), maxima.as_mut_ptr().cast(), PAIRS);
                }
            }
            maxima.assume_init_ref()
        };
        finish(maxima, biases, requants, layer.activation_bits(), cell);
    }
}

/// Copies the patch that starts at activation `start` of each of six rows.
///
/// - `rows` (`r0`): the addresses of the rows.
/// - `start` (`r1`): the offset of the patch in each row, in bytes.
/// - `patch` (`r2`): where the patch goes, `[row][column][channel]`.
///
/// Rows and patch may lie at any address; rows are read by the word. Changes `r0`, `r2`, `r3`, `r12` and the flags.
/// Takes 4 bytes of stack.
///
/// # Safety
///
/// Each row must be valid for reads of `6 * IN` bytes from `start` on, and `patch` for writes of `36 * IN` bytes.
#[unsafe(naked)]
unsafe extern "C" fn copy_patch<const IN: usize>(rows: *const *const u8, start: usize, patch: *mut u8) {
    naked_asm!(
        "push {{r4}}",
        "add r12, r0, #4 * {rows}",
        "2:",
        "ldr r3, [r0], #4",
        "add r3, r1",
        ".rept {row} / 4",
        "ldr r4, [r3], #4",
        "str r4, [r2], #4",
        ".endr",
        ".if {row} % 4",
        "ldrh r4, [r3]",
        "strh r4, [r2], #2",
        ".endif",
        "cmp r0, r12",
        "bne 2b",
        "pop {{r4}}",
        "bx lr",
        rows = const PATCH_SIDE,
        row = const PATCH_SIDE * IN,
    )
}

/// Adds the four products of a tap at the left positions of the window to `r6` to `r9`. `r4` and `r5` hold the upper
/// and the lower activation, `r2` and `r3` the weights of the even and the odd channel.
macro_rules! left {
    () => {
        "mla r6, r4, r2, r6
         mla r7, r4, r3, r7
         mla r8, r5, r2, r8
         mla r9, r5, r3, r9"
    };
}

/// Adds the four products of a tap at the right positions of the window to `r10` to `lr`.
macro_rules! right {
    () => {
        "mla r10, r4, r2, r10
         mla r11, r4, r3, r11
         mla r12, r5, r2, r12
         mla lr, r5, r3, lr"
    };
}

/// `r = max(r, other)`, in the same number of instructions whichever is larger.
macro_rules! max {
    ($r:literal, $other:literal) => {
        concat!("cmp ", $r, ", ", $other, "\nit lt\nmovlt ", $r, ", ", $other)
    };
}

/// Defines a function that computes, for each output channel, the largest of the sums at the four positions of a
/// window.
///
/// A *strip* is the five taps of a kernel row in one input channel. A patch of one channel has five strips, one below
/// the other. A patch of more channels has five rows of strips, one strip per channel.
///
/// `first_tap` loads the weights of the first tap of a strip and moves `r1` to the next strip. `tap` loads those of
/// tap `\x`, relative to that address. `scale` brings the maxima, in `r6` and `r7`, to the units of int8 weights.
///
/// - `patch` (`r0`): the activations of the window, `[row][column][channel]`.
/// - `weights` (`r1`): `pairs` times `25 * IN` taps, of two bytes each with int8 weights and one byte with int4.
/// - `maxima` (`r2`): where the maxima go, two words per pair.
/// - `pairs` (`r3`): the number of pairs of output channels, above 0.
///
/// Patch and weights are read by the byte. Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 52 bytes of stack.
///
/// # Safety
///
/// `patch` and `weights` must be valid for reads of what is described above, and `maxima` for writes of two aligned
/// words per pair.
macro_rules! maxima {
    (
        $(#[$doc:meta])* $name:ident,
        bytes: $bytes:literal, first_tap: $first_tap:literal, tap: $tap:literal, scale: $scale:literal
    ) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name<const IN: usize>(
            patch: *const u8,
            weights: *const u8,
            maxima: *mut i32,
            pairs: usize,
        ) {
            naked_asm!(
                "push {{r4-r11, lr}}",
                "add r4, r0, #{kernel}",
                "push {{r2-r5}}", // maxima, pairs, the end of the strips, and a place for the end of a row of strips
                // One turn per pair of output channels.
                "2:",
                "movs r6, #0",
                "movs r7, #0",
                ".irp sum, r8, r9, r10, r11, r12, lr",
                "mov \\sum, #0",
                ".endr",
                // One turn per row of strips.
                "3:",
                "add r2, r0, #{strips} * {strip}",
                "str r2, [sp, #12]",
                // One turn per strip.
                "4:",
                "ldrb r4, [r0], #{strip}",
                "ldrb r5, [r0, #{row} - {strip}]",
                $first_tap,
                left!(),
                "ldrb r4, [r0, #{column} - {strip}]",
                "ldrb r5, [r0, #{row} + {column} - {strip}]",
                right!(),
                ".irp x, 1, 2, 3, 4",
                $tap,
                left!(),
                "ldrb r4, [r0, #(\\x + 1) * {column} - {strip}]",
                "ldrb r5, [r0, #{row} + (\\x + 1) * {column} - {strip}]",
                right!(),
                ".endr",
                "ldr r2, [sp, #12]",
                "cmp r0, r2",
                "bne 4b",
                "adds r0, #{row_rest}",
                "adds r1, #{bytes} * {taps_rest}",
                "ldr r2, [sp, #8]",
                "cmp r0, r2",
                "bne 3b",
                "subs r0, #{kernel}",
                max!("r6", "r8"),
                max!("r7", "r9"),
                max!("r10", "r12"),
                max!("r11", "lr"),
                max!("r6", "r10"),
                max!("r7", "r11"),
                $scale,
                "ldrd r2, r3, [sp]",
                "stmia r2!, {{r6, r7}}",
                "subs r3, #1",
                "strd r2, r3, [sp]",
                "bne 2b",
                "add sp, #16",
                "pop {{r4-r11, pc}}",
                bytes = const $bytes,
                column = const IN,
                row = const PATCH_SIDE * IN,
                kernel = const KERNEL_SIDE * PATCH_SIDE * IN,
                strips = const if IN == 1 { KERNEL_SIDE } else { IN },
                strip = const if IN == 1 { PATCH_SIDE } else { 1 },
                taps = const if IN == 1 { KERNEL_SIDE } else { 1 },
                row_rest = const if IN == 1 { 0 } else { (PATCH_SIDE - 1) * IN },
                taps_rest = const if IN == 1 { 0 } else { (KERNEL_SIDE - 1) * IN },
            )
        }
    };
}

maxima!(
    /// The maxima of sums with int8 weights.
    maxima_int8,
    bytes: 2,
    first_tap: "ldrsb r2, [r1], #2 * {taps}
                ldrsb r3, [r1, #1 - 2 * {taps}]",
    tap: "ldrsb r2, [r1, #2 * (\\x * {column} - {taps})]
          ldrsb r3, [r1, #2 * (\\x * {column} - {taps}) + 1]",
    scale: ""
);

maxima!(
    /// The maxima of sums with int4 weights, in units of int8 weights.
    maxima_int4,
    bytes: 1,
    first_tap: "ldrsb r3, [r1], #{taps}
                sbfx r2, r3, #0, #4
                asrs r3, r3, #4",
    tap: "ldrsb r3, [r1, #\\x * {column} - {taps}]
          sbfx r2, r3, #0, #4
          asrs r3, r3, #4",
    scale: "lsls r6, r6, #4
            lsls r7, r7, #4"
);
