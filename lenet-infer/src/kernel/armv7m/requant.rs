//! From sums to activations.

use lenet_core::Requant;
use lenet_core::model::Hidden;
use lenet_core::requant::MAX_ACTIVATION_BITS;

/// How to clamp to the largest activation: `usat` clamps to eight bits, so a narrower activation is clamped with bits of
/// its fraction below it, which make eight bits in all.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Clamp {
    /// By how many bits to shift a product to the right.
    before: u32,
    /// By how many bits to shift the clamped value to the right.
    after: u32,
}

impl Clamp {
    #[inline(always)]
    pub(super) const fn new<W: Copy, const OUT: usize>(layer: &Hidden<'_, W, OUT>) -> Self {
        // 0 to 4. Wrapping and masked, because the compiler does not see that a layer has 4 to 8 bits.
        let after = (MAX_ACTIVATION_BITS.wrapping_sub(layer.activation_bits()) & 7) as u32;
        Self { before: Requant::ACTIVATION_SHIFT - after, after }
    }
}

/// Neighboring outputs of a layer.
#[repr(C)]
pub(super) struct Outputs {
    /// Offset 0: the bias of the next output, at any address.
    biases: *const [u8; 4],
    /// Offset 4: the requant of the next output, at any address.
    requants: *const [u8; Requant::BYTES],
    /// Offset 8: the place of the next activation.
    activations: *mut u8,
    /// Offset 12: how to clamp to the largest activation.
    clamp: Clamp,
}

impl Outputs {
    /// The outputs from `first` on. `activations` is the place of the first output of the layer.
    #[inline(always)]
    pub(super) const fn new<W: Copy, const OUT: usize>(
        layer: &Hidden<'_, W, OUT>,
        first: usize,
        activations: *mut u8,
    ) -> Self {
        Self {
            biases: layer.biases().as_bytes().as_ptr().wrapping_add(first),
            requants: layer.requants().as_bytes().as_ptr().wrapping_add(first),
            activations: activations.wrapping_add(first),
            clamp: Clamp::new(layer),
        }
    }
}

/// Computes an activation from the accumulator in `$value` by [`Requant::activation`], without a branch. `$shift`,
/// `$multiplier`, and `$before` and `$after` of a [`Clamp`] are registers.
#[rustfmt::skip]
macro_rules! activation {
    ($value:literal, $shift:literal, $multiplier:literal, $before:literal, $after:literal) => {
        concat!(
            "asr ", $value, ", ", $shift, "\n",
            "usat ", $value, ", #16, ", $value, "\n",
            "mul ", $value, ", ", $multiplier, ", ", $value, "\n",
            "lsr ", $value, ", ", $before, "\n",
            "usat ", $value, ", #8, ", $value, "\n",
            "lsr ", $value, ", ", $after, "\n",
        )
    };
}
pub(super) use activation;
