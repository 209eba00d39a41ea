//! From the sums of one pooling window to activations.

use core::arch::naked_asm;
use core::mem::offset_of;
use lenet_core::Requant;
use lenet_core::model::Hidden;

/// What [`finish`] needs to know of the outputs that it makes.
#[repr(C)]
pub(super) struct Outputs {
    /// The first output's bias, at any address.
    biases: *const u8,
    /// The first output's requant, at any address.
    requants: *const u8,
    /// Where the first activation goes.
    activations: *mut u8,
    /// The largest activation.
    max: u32,
    /// Outputs to make, 1 to 4.
    count: usize,
}

impl Outputs {
    /// Offset of the first output's bias.
    pub(super) const BIASES: usize = offset_of!(Self, biases);
    /// Offset of the first output's requant.
    pub(super) const REQUANTS: usize = offset_of!(Self, requants);
    /// Offset of the first output's activation.
    pub(super) const ACTIVATIONS: usize = offset_of!(Self, activations);

    /// The first `count` outputs of a layer.
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

    /// The outputs `count` further on.
    #[inline(always)]
    pub(super) const fn advance(&mut self, count: usize) {
        self.biases = self.biases.wrapping_add(4 * count);
        self.requants = self.requants.wrapping_add(Requant::BYTES * count);
        self.activations = self.activations.wrapping_add(count);
    }
}

/// The sums of up to four outputs at the four positions of a window: `[position][output]`. A fully-connected layer
/// has the same sums at all four.
pub(super) type Window = [[i32; 4]; 4];

/// Replaces `$a` by the larger of `$a` and `$b`, without a branch; `$b` and `$spare` are lost. Right while the two
/// are less than 2^31 apart.
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

/// Adds to `r4` the bias at `r1`, which may lie at any address; `r5` and `r6` are lost.
macro_rules! add_bias {
    () => {
        concat!(
            "ldrb r5, [r1, #3]\n",
            ".irp byte, 2, 1, 0\n",
            "ldrb r6, [r1, #\\byte]\n",
            "lsls r5, r5, #8\n",
            "orrs r5, r6\n",
            ".endr\n",
            "adds r4, r4, r5\n",
            "adds r1, #4\n",
        )
    };
}

/// Up to four logits from their sums and biases.
///
/// # Safety
///
/// `biases` is valid for reads of `count` biases, 1 to 4, `logits` for writes of as many.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn logits(
    _sums: *const Window,
    _biases: *const u8,
    _logits: *mut i32,
    _count: usize,
) {
    naked_asm!(
        "push {{r4-r6, lr}}",
        "2:",
        "ldm r0!, {{r4}}",
        add_bias!(),
        "stm r2!, {{r4}}",
        "subs r3, #1",
        "bne 2b",
        "pop {{r4-r6, pc}}",
    )
}

/// Maximum over the window, bias, ReLU and requantisation, as [`lenet_core::Requant::activation`] has them.
///
/// # Safety
///
/// `outputs` is what [`Outputs::new`] made of a layer, moved on within it; its activations are valid for writes.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish(_window: *const Window, _outputs: &Outputs) {
    naked_asm!(
        "mov r2, r8",
        "push {{r2, r4-r7, lr}}",
        "ldr r3, [r1, #{activations}]",
        "bl {finish}",
        "pop {{r2, r4-r7}}",
        "mov r8, r2",
        "pop {{pc}}",
        activations = const Outputs::ACTIVATIONS,
        finish = sym finish_from_assembly,
    )
}

/// [`finish`] for callers written in assembly, with the activations' address in `r3`: it takes no stack, and loses `r0`
/// to `r8` and `r12`. Every output takes the same 54 instructions.
///
/// # Safety
///
/// Not to be called from Rust; else as [`finish`].
#[unsafe(naked)]
pub(super) unsafe extern "C" fn finish_from_assembly() {
    // r0 window, r1 biases, r2 requants, r3 activations, r4 the value, r5-r7 spare; r8 where the sums end, r12 the
    // largest activation.
    naked_asm!(
        "ldr r4, [r1, #{max}]",
        "mov r12, r4",
        "ldr r4, [r1, #{count}]",
        "lsls r4, r4, #2",
        "add r4, r0",
        "mov r8, r4",
        "ldr r2, [r1, #{requants}]",
        "ldr r1, [r1, #{biases}]",
        "2:",
        // The largest sum of the window.
        "ldr r4, [r0]",
        ".irp position, 16, 32, 48",
        "ldr r5, [r0, #\\position]",
        max!("r4", "r5", "r6"),
        ".endr",
        add_bias!(),
        // Clamped to 0 to 65,535 after the first shift.
        "ldrb r5, [r2, #2]",
        "asrs r4, r5",
        "asrs r5, r4, #31",
        "bics r4, r5",
        "lsrs r5, r4, #16",
        "rsbs r5, r5, #0",
        "asrs r5, r5, #31",
        "orrs r4, r5",
        "uxth r4, r4",
        // Times the multiplier, which may lie at any address.
        "ldrb r5, [r2]",
        "ldrb r6, [r2, #1]",
        "lsls r6, r6, #8",
        "orrs r5, r6",
        "muls r4, r5, r4",
        "lsrs r4, r4, #23",
        // At most the largest activation.
        "mov r7, r12",
        "subs r5, r7, r4",
        "asrs r6, r5, #31",
        "ands r5, r6",
        "adds r4, r4, r5",
        "strb r4, [r3]",
        "adds r0, #4",
        "adds r2, #3",
        "adds r3, #1",
        "cmp r0, r8",
        "bne 2b",
        "bx lr",
        biases = const offset_of!(Outputs, biases),
        requants = const offset_of!(Outputs, requants),
        max = const offset_of!(Outputs, max),
        count = const offset_of!(Outputs, count),
    )
}
