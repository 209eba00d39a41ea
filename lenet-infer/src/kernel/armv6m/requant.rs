//! From the sums of one pooling window to activations, and from sums to logits.

use core::arch::naked_asm;
use core::mem::offset_of;
use lenet_core::Requant;
use lenet_core::model::Hidden;
use lenet_core::shape::{CONV2_TAPS, POOL2_LEN};

/// Up to four neighboring outputs of a layer, as [`finish`] computes them.
#[repr(C)]
pub(super) struct Outputs {
    /// The bias of the first output, at any address.
    biases: *const u8,
    /// The requant of the first output, at any address.
    requants: *const u8,
    /// The place of the first activation.
    activations: *mut u8,
    /// The largest activation.
    max: u32,
    /// Number of outputs, 1 to 4.
    count: usize,
}

impl Outputs {
    /// Offset of the field `biases`.
    pub(super) const BIASES: usize = offset_of!(Self, biases);
    /// Offset of the field `requants`.
    pub(super) const REQUANTS: usize = offset_of!(Self, requants);
    /// Offset of the field `activations`.
    pub(super) const ACTIVATIONS: usize = offset_of!(Self, activations);

    /// The first `count` outputs of a layer, with their activations at `activations`.
    #[inline(always)]
    pub(super) const fn new<W: Copy, const OUT: usize>(
        layer: &Hidden<'_, W, OUT>,
        activations: *mut u8,
        count: usize,
    ) -> Self {
        let biases = layer.biases().as_bytes().as_ptr();
        let requants = layer.requants().as_bytes().as_ptr();
        let max = layer.largest_activation() as u32;
        Self { biases: biases.cast(), requants: requants.cast(), activations, max, count }
    }

    /// Moves on to the outputs that are `count` further in the layer.
    #[inline(always)]
    pub(super) const fn advance(&mut self, count: usize) {
        self.biases = self.biases.wrapping_add(4 * count);
        self.requants = self.requants.wrapping_add(Requant::BYTES * count);
        self.activations = self.activations.wrapping_add(count);
    }
}

// Two sums of a channel are less than 2^31 apart, as `max` needs them.
const _: () = assert!(2 * POOL2_LEN * 255 * 128 < 1 << 31 && CONV2_TAPS <= POOL2_LEN);

/// Replaces `$a` by the larger of `$a` and `$b`, without a branch. Changes `$b` and `$spare`. The two values must be
/// less than 2^31 apart.
#[rustfmt::skip]
macro_rules! max {
    ($a:literal, $b:literal, $spare:literal) => {
        concat!(
            "subs ", $b, ", ", $b, ", ", $a, "\n",
            "asrs ", $spare, ", ", $b, ", #31\n",
            "bics ", $b, ", ", $spare, "\n",
            "adds ", $a, ", ", $a, ", ", $b, "\n",
        )
    };
}
pub(super) use max;

/// Keeps the larger of `$max`, a high register, and `$sum` in `$max`. Changes `$sum`, `r3` and `r4`.
#[rustfmt::skip]
macro_rules! keep_max {
    ($max:literal, $sum:literal) => {
        concat!("mov r3, ", $max, "\n", max!("r3", $sum, "r4"), "mov ", $max, ", r3\n")
    };
}
pub(super) use keep_max;

/// Loads the bias at `$at`, which may lie at any address, to `r5`, and advances `$at`. Changes `r6`.
#[rustfmt::skip]
macro_rules! load_bias {
    ($at:literal) => {
        concat!(
            "ldrb r5, [", $at, ", #3]\n",
            ".irp byte, 2, 1, 0\n",
            "ldrb r6, [", $at, ", #\\byte]\n",
            "lsls r5, r5, #8\n",
            "orrs r5, r6\n",
            ".endr\n",
            "adds ", $at, ", #4\n",
        )
    };
}

/// Adds biases to up to four sums, which gives logits.
///
/// - `sums` (`r0`): the sums.
/// - `biases` (`r1`): little-endian biases at any address.
/// - `logits` (`r2`), `count` (`r3`): where the logits go, and how many there are.
///
/// Changes `r0` to `r3` and the flags. Takes 16 bytes of stack.
///
/// # Safety
///
/// `count` must be 1 to 4. `sums` and `biases` must be valid for reads, and `logits` for writes, of `count` elements.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn logits(
    _sums: &[i32; 4],
    _biases: *const u8,
    _logits: *mut i32,
    _count: usize,
) {
    naked_asm!(
        "push {{r4-r6, lr}}",
        "2:",
        "ldm r0!, {{r4}}",
        load_bias!("r1"),
        "adds r4, r4, r5",
        "stm r2!, {{r4}}",
        "subs r3, #1",
        "bne 2b",
        "pop {{r4-r6, pc}}",
    )
}

/// What [`requantize`] needs of up to four outputs, in words: the largest activation, four times the number of outputs,
/// then the bias of each, and its requant: the shift, and the multiplier 16 bits higher.
pub(super) type Words = [u32; 2 + 2 * 4];

/// 65,535 in `r2`.
macro_rules! largest_halfword {
    () => {
        "movs r2, #0\nmvns r2, r2\nlsrs r2, r2, #16\n"
    };
}

/// Makes the activation of one output from its sum in `r4`, and writes it to `r3`: bias, ReLU and requantization, as in
/// [`lenet_core::Requant::activation`].
///
/// `r1` points to bias and requant, in words, `r2` is 65,535 and `r12` the largest activation. Advances `r1` and
/// `r3`. Changes `r4` to `r7`.
macro_rules! activation {
    () => {
        concat!(
            "ldm r1!, {{r5, r6}}\n",
            "adds r4, r4, r5\n",
            // Clamp to 0 to 65,535 after the first shift, for which only the low byte counts.
            "asrs r4, r6\n",
            "lsrs r7, r6, #16\n",
            "asrs r5, r4, #31\n",
            "bics r4, r5\n",
            "subs r5, r2, r4\n",
            "asrs r6, r5, #31\n",
            "ands r5, r6\n",
            "adds r4, r4, r5\n",
            "muls r4, r7, r4\n",
            "lsrs r4, r4, #23\n",
            // Clamp to the largest activation.
            "mov r7, r12\n",
            "subs r5, r7, r4\n",
            "asrs r6, r5, #31\n",
            "ands r5, r6\n",
            "adds r4, r4, r5\n",
            "strb r4, [r3]\n",
            "adds r3, #1\n",
        )
    };
}

/// Computes up to four activations of the outputs in `r1` from their sums in `r0`.
///
/// Changes `r0` to `r3`, `r12`, `lr` and the flags. Takes 64 bytes of stack.
///
/// # Safety
///
/// `sums` must be valid for reads. `outputs` must be what [`Outputs::new`] returned for a layer, advanced within
/// that layer, with activations that are valid for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish(_sums: &[i32; 4], _outputs: &Outputs) {
    naked_asm!(
        "mov r2, r8",
        "push {{r2, r4-r7, lr}}",
        "sub sp, #{words}",
        "mov r8, r0",
        "mov r0, r1",
        "ldr r3, [r1, #{activations}]",
        "mov r12, r3",
        "mov r1, sp",
        "bl {to_words}",
        "mov r0, r8",
        "mov r1, sp",
        "mov r3, r12",
        "bl {requantize}",
        "add sp, #{words}",
        "pop {{r2, r4-r7}}",
        "mov r8, r2",
        "pop {{pc}}",
        words = const size_of::<Words>(),
        activations = const Outputs::ACTIVATIONS,
        to_words = sym to_words,
        requantize = sym requantize,
    )
}

/// Reads the outputs in `r0` into the [`Words`] at `r1`, for callers in assembly.
///
/// Biases and requants may lie at any address. Changes `r0` to `r7` and the flags. Needs no stack.
///
/// # Safety
///
/// `r0` must be the address of what [`Outputs::new`] returned for a layer, advanced within that layer, and `r1` must be
/// valid for writes. It must not be called from Rust, because it changes registers that the C ABI preserves.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn to_words() {
    // r0 requants, r2 biases, r3 number of outputs, r4-r7 values.
    naked_asm!(
        "ldr r2, [r0, #{biases}]",
        "ldr r3, [r0, #{count}]",
        "ldr r4, [r0, #{max}]",
        "ldr r0, [r0, #{requants}]",
        "lsls r5, r3, #2",
        "stm r1!, {{r4, r5}}",
        "2:",
        load_bias!("r2"),
        "ldrb r6, [r0, #1]",
        "ldrb r7, [r0]",
        "ldrb r4, [r0, #2]",
        "lsls r6, r6, #8",
        "orrs r6, r7",
        "lsls r6, r6, #16",
        "orrs r6, r4",
        "stm r1!, {{r5, r6}}",
        "adds r0, #3",
        "subs r3, #1",
        "bne 2b",
        "bx lr",
        biases = const offset_of!(Outputs, biases),
        requants = const offset_of!(Outputs, requants),
        max = const offset_of!(Outputs, max),
        count = const offset_of!(Outputs, count),
    )
}

/// Computes up to four activations from their sums, as [`finish`] does, for callers in assembly.
///
/// Needs the sums in `r0`, the [`Words`] of the outputs in `r1` and the address of the first activation in `r3`, and leaves
/// the address after the last one there. Changes `r0` to `r8`, `r12` and the flags. Needs no stack. Each output takes the same
/// 22 instructions.
///
/// # Safety
///
/// The sums must be valid for reads, the words must be those of outputs of a layer, and the activations must be valid
/// for writes. It must not be called from Rust, because it changes registers that the C ABI preserves.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn requantize() {
    // r0 sums, r1 words, r2 65,535, r3 activations, r4 value, r5-r7 scratch, r8 end of the sums, r12 largest activation.
    naked_asm!(
        "ldm r1!, {{r4, r5}}",
        "mov r12, r4",
        "adds r5, r5, r0",
        "mov r8, r5",
        largest_halfword!(),
        "2:",
        "ldm r0!, {{r4}}",
        activation!(),
        "cmp r0, r8",
        "bne 2b",
        "bx lr",
    )
}
