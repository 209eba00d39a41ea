//! Pixels to integers and accumulators to activations: the only rounding in the project.
//!
//! Weights are symmetric int8 and every zero point is 0, so an accumulator stands for
//! `accumulator * input_scale * weight_scale`. The next layer wants that in steps of its own input scale, as
//! a byte. The real factor `input_scale * weight_scale / output_scale` is written as
//! `multiplier * 2^-(23 + pre_shift)`, after the integer-only scheme of Jacob et al. 2018
//! (<https://arxiv.org/abs/1712.05877>, section 2.2), reshaped so that a core without a 64-bit product needs
//! one 32-bit multiply:
//!
//! ```text
//! activation = min(max, (clamp(accumulator >> pre_shift, 0, 65535) * multiplier) >> 23)
//! ```
//!
//! The clamp at 0 is the ReLU; `max` is the layer's largest activation, 2^bits - 1 for 4 to 8 bits. Both shifts truncate: half a step of each is already in the bias
//! ([`Requant::rounding`]), so the result rounds to nearest at no cost on the device.

use core::hint::black_box;

/// What turns one output channel's accumulators into activations: `multiplier * 2^-(23 + pre_shift)`.
///
/// ```
/// use lenet_core::Requant;
///
/// // 2^-10 = 32768 * 2^-(23 + 2)
/// let requant = Requant::new(32_768, 2).unwrap();
/// assert_eq!(requant.activation(10 << 10, 255), 10);
/// assert_eq!(requant.activation(-5, 255), 0);
/// assert_eq!(requant.activation(i32::MAX, 127), 127);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requant {
    multiplier: u16,
    pre_shift: u8,
}

impl Requant {
    /// Bytes in a model file: the multiplier, little-endian, then the shift.
    pub const BYTES: usize = 3;
    /// The largest shift before the multiply: an accumulator has at most 31 bits above its sign, and 16 remain.
    pub const MAX_PRE_SHIFT: u8 = 15;
    /// Shift after the multiply that leaves an 8-bit activation.
    pub const ACTIVATION_SHIFT: u32 = 23;
    /// Shift after the multiply that leaves a 16-bit confidence.
    pub const CONFIDENCE_SHIFT: u32 = 16;

    /// The factor `multiplier * 2^-(23 + pre_shift)`, or `None` when `pre_shift` exceeds
    /// [`Self::MAX_PRE_SHIFT`].
    pub const fn new(multiplier: u16, pre_shift: u8) -> Option<Self> {
        if pre_shift > Self::MAX_PRE_SHIFT { None } else { Some(Self { multiplier, pre_shift }) }
    }

    /// Reads the form of the model file; `None` when the shift is out of range.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Option<Self> {
        Self::new(u16::from_le_bytes([bytes[0], bytes[1]]), bytes[2])
    }

    /// Reads the form of the model file, of which the shift is known to be in range.
    #[inline(always)]
    pub(crate) const fn from_checked_bytes([low, high, pre_shift]: [u8; Self::BYTES]) -> Self {
        Self { multiplier: u16::from_le_bytes([low, high]), pre_shift }
    }

    /// The form of the model file.
    pub const fn to_bytes(self) -> [u8; Self::BYTES] {
        let [low, high] = self.multiplier.to_le_bytes();
        [low, high, self.pre_shift]
    }

    /// Numerator of the factor.
    pub const fn multiplier(self) -> u16 {
        self.multiplier
    }

    /// Right shift before the multiply, 0 to 15.
    pub const fn pre_shift(self) -> u8 {
        self.pre_shift
    }

    /// ReLU and requantisation of an accumulator, any `i32`, to an activation, 0 to `max`.
    #[inline(always)]
    pub fn activation(self, accumulator: i32, max: u8) -> u8 {
        let step = self.product(accumulator, |below| below) >> Self::ACTIVATION_SHIFT;
        if step > u32::from(max) { max } else { step as u8 }
    }

    /// The same rule read out 7 bits finer: a margin between logits to 1/256 nat, saturating at 65,535.
    #[inline(always)]
    pub fn confidence(self, margin: i32) -> u16 {
        // Hidden, or the compiler would compare and branch on a core without a conditional move.
        (self.product(margin, black_box) >> Self::CONFIDENCE_SHIFT) as u16
    }

    /// What the exporter adds to the bias so that both truncating shifts round to nearest: half an output step
    /// and half a unit of the first shift, in accumulator units. 0 to 2^37 + 2^14.
    pub const fn rounding(self) -> i64 {
        let half_unit = (1_i64 << self.pre_shift) >> 1;
        if self.multiplier == 0 {
            return half_unit;
        }
        let multiplier = self.multiplier as i64;
        let step_numerator = 1_i64 << (Self::ACTIVATION_SHIFT + self.pre_shift as u32);
        half_unit + (step_numerator / multiplier) / 2
    }

    /// At most 65,535 * 65,535, so the product of two 16-bit values never leaves 32 bits. The clamps are masks of the
    /// sign, so that every value takes the same instructions; `hide` may keep the compiler from seeing that.
    #[inline(always)]
    fn product(self, accumulator: i32, hide: impl Fn(i32) -> i32) -> u32 {
        let shifted = accumulator.wrapping_shr(u32::from(self.pre_shift));
        let positive = shifted & !(shifted >> 31);
        let below = hide(0xFFFF - positive);
        let narrow = 0xFFFF - (below & !(below >> 31));
        narrow as u32 * u32::from(self.multiplier)
    }
}

/// Fewest bits that a hidden layer's activations can have.
pub const MIN_ACTIVATION_BITS: u8 = 4;
/// Most bits that a hidden layer's activations can have, and what they have unless the model says otherwise.
pub const MAX_ACTIVATION_BITS: u8 = 8;

/// Steps from paper, 0, to ink: the engine takes a pixel's grey level as MNIST has it, the trainer sees it as
/// `grey / PIXEL_STEPS`. So the input scale is exactly 1/255 and no pixel is ever rounded.
pub const PIXEL_STEPS: u8 = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule in exact wide arithmetic, written from the formula.
    fn wide(multiplier: u16, pre_shift: u8, accumulator: i32, max: u8) -> i64 {
        let narrow = (i64::from(accumulator) >> pre_shift).clamp(0, 65_535);
        ((narrow * i64::from(multiplier)) >> 23).min(i64::from(max))
    }

    fn any_requant() -> impl Strategy<Value = Requant> {
        (any::<u16>(), 0..=Requant::MAX_PRE_SHIFT).prop_map(|(m, s)| Requant::new(m, s).unwrap())
    }

    proptest! {
        #[test]
        fn it_equals_the_formula_in_wide_arithmetic(
            r in any_requant(), acc in any::<i32>(), max in any::<u8>(),
        ) {
            let expected = wide(r.multiplier(), r.pre_shift(), acc, max);
            prop_assert_eq!(i64::from(r.activation(acc, max)), expected);
        }

        #[test]
        fn a_larger_accumulator_never_gives_a_smaller_activation(
            r in any_requant(), a in any::<i32>(), b in any::<i32>(),
        ) {
            prop_assert!(r.activation(a.min(b), 255) <= r.activation(a.max(b), 255));
            prop_assert!(r.confidence(a.min(b)) <= r.confidence(a.max(b)));
        }

        #[test]
        fn the_bytes_are_read_back(r in any_requant()) {
            prop_assert_eq!(Requant::from_bytes(r.to_bytes()), Some(r));
        }

        /// For every normalised factor, within 0.51 of the real value up to saturation.
        #[test]
        fn with_the_rounding_in_the_bias_it_rounds_to_nearest(
            m in 32_768_u16..=65_280, s in 0..=8_u8, part in 0..=1_i64 << 16,
        ) {
            let r = Requant::new(m, s).unwrap();
            let one = 1_i64 << (23 + s);
            let acc = ((255 * one / i64::from(m)) * part) >> 16;
            let real = acc * i64::from(m);
            let found = i64::from(r.activation((acc + r.rounding()) as i32, 255)) * one;
            prop_assert!((found - real).abs() * 100 <= 51 * one, "{found} for {real}");
        }
    }

    #[test]
    fn every_extreme_stays_in_range() {
        for multiplier in [0, 1, 32_767, 32_768, u16::MAX] {
            for pre_shift in 0..=Requant::MAX_PRE_SHIFT {
                let r = Requant::new(multiplier, pre_shift).unwrap();
                for acc in [i32::MIN, -1, 0, 1, 65_535, 65_536, i32::MAX] {
                    assert_eq!(i64::from(r.activation(acc, 255)), wide(multiplier, pre_shift, acc, 255));
                }
                assert!(r.rounding() >= 0);
            }
        }
    }

    #[test]
    fn a_shift_past_fifteen_is_refused() {
        assert_eq!(Requant::new(1, 16), None);
        assert_eq!(Requant::from_bytes([1, 0, 255]), None);
    }
}
