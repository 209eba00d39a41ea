//! Pixels to integers and accumulators to activations: the only rounding in the project.
//!
//! Weights are symmetric int8 and every zero point is 0, so an accumulator stands for the real value
//! `accumulator * input_scale * weight_scale`. The next layer needs that value as a byte, in steps of its own input
//! scale. The real factor `input_scale * weight_scale / output_scale` is written as
//! `multiplier * 2^-(23 + pre_shift)`. This is the integer-only scheme of Jacob et al. 2018
//! (<https://arxiv.org/abs/1712.05877>, section 2.2), changed so that a core without a 64-bit product needs one 32-bit
//! multiply:
//!
//! ```text
//! activation = min(max, (clamp(accumulator >> pre_shift, 0, 65535) * multiplier) >> 23)
//! ```
//!
//! The clamp at 0 is the ReLU. `max` is the largest activation of the layer, 2^bits - 1 for 4 to 8 bits. Both shifts
//! truncate. The bias already contains half a step of each ([`Requant::rounding`]), so the result rounds to nearest at
//! no cost on the device.

use core::hint::black_box;

/// The factor from the accumulators of one output channel to activations: `multiplier * 2^-(23 + pre_shift)`.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Requant {
    multiplier: u16,
    pre_shift: u8,
}

impl Requant {
    /// Bytes in a model file: the multiplier as a little-endian `u16`, then the shift.
    pub const BYTES: usize = 3;
    /// The largest shift before the multiply. A non-negative accumulator has at most 31 bits, of which 16 remain.
    pub const MAX_PRE_SHIFT: u8 = 15;
    /// The shift after the multiply that gives an 8-bit activation.
    pub const ACTIVATION_SHIFT: u32 = 23;
    /// The shift after the multiply that gives a 16-bit confidence.
    pub const CONFIDENCE_SHIFT: u32 = 16;

    /// Returns the factor `multiplier * 2^-(23 + pre_shift)`, or `None` if `pre_shift` exceeds
    /// [`Self::MAX_PRE_SHIFT`].
    #[must_use]
    pub const fn new(multiplier: u16, pre_shift: u8) -> Option<Self> {
        if pre_shift > Self::MAX_PRE_SHIFT { None } else { Some(Self { multiplier, pre_shift }) }
    }

    /// Reads the bytes of a model file. Returns `None` if the shift exceeds [`Self::MAX_PRE_SHIFT`].
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Option<Self> {
        Self::new(u16::from_le_bytes([bytes[0], bytes[1]]), bytes[2])
    }

    /// Reads the bytes of a model file whose shift is known to be in range.
    #[inline(always)]
    pub(crate) const fn from_checked_bytes([low, high, pre_shift]: [u8; Self::BYTES]) -> Self {
        Self { multiplier: u16::from_le_bytes([low, high]), pre_shift }
    }

    /// Returns the bytes of a model file.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Self::BYTES] {
        let [low, high] = self.multiplier.to_le_bytes();
        [low, high, self.pre_shift]
    }

    /// The numerator of the factor.
    #[must_use]
    pub const fn multiplier(self) -> u16 {
        self.multiplier
    }

    /// The right shift before the multiply, 0 to 15.
    #[must_use]
    pub const fn pre_shift(self) -> u8 {
        self.pre_shift
    }

    /// Returns the activation of an accumulator after ReLU and requantization, 0 to `max`. The accumulator may be any
    /// `i32`.
    #[inline(always)]
    #[must_use]
    pub fn activation(self, accumulator: i32, max: u8) -> u8 {
        let step = self.product(accumulator, |below| below) >> Self::ACTIVATION_SHIFT;
        if step > u32::from(max) { max } else { step as u8 }
    }

    /// Returns the confidence of a margin between two logits, in units of 1/256 nat, saturated at 65,535.
    ///
    /// This is the rule of [`Self::activation`], read out with 7 bits more.
    #[inline(always)]
    pub fn confidence(self, margin: i32) -> u16 {
        // Hidden, because the compiler would compare and branch on a core without a conditional move.
        (self.product(margin, black_box) >> Self::CONFIDENCE_SHIFT) as u16
    }

    /// Returns what an exporter adds to the bias so that both truncating shifts round to nearest, 0 to 2^37 + 2^14.
    ///
    /// It is half a step of the output plus half a unit of the first shift, in accumulator units.
    #[must_use]
    pub const fn rounding(self) -> i64 {
        let half_unit = (1_i64 << self.pre_shift) >> 1;
        if self.multiplier == 0 {
            return half_unit;
        }
        let multiplier = self.multiplier as i64;
        let step_numerator = 1_i64 << (Self::ACTIVATION_SHIFT + self.pre_shift as u32);
        half_unit + (step_numerator / multiplier) / 2
    }

    /// The clamped and shifted accumulator times the multiplier: at most 65,535 * 65,535, which fits in 32 bits.
    ///
    /// The clamps use masks made from the sign, so that every value takes the same instructions. `hide` can keep the
    /// compiler from recognizing them.
    #[inline(always)]
    fn product(self, accumulator: i32, hide: impl Fn(i32) -> i32) -> u32 {
        let shifted = accumulator.wrapping_shr(u32::from(self.pre_shift));
        let positive = shifted & !(shifted >> 31);
        let below = hide(0xFFFF - positive);
        let narrow = 0xFFFF - (below & !(below >> 31));
        // Wrapping, because the compiler does not see through `hide` that this is at most 65,535.
        (narrow as u32).wrapping_mul(u32::from(self.multiplier))
    }
}

// The product of two values of 16 bits fits in 32 bits, and what is read out of it in nine and in 16.
const _: () = {
    let largest = u16::MAX as u64 * u16::MAX as u64;
    assert!(largest <= u32::MAX as u64);
    assert!(largest >> Requant::ACTIVATION_SHIFT < 1 << 9);
    assert!(largest >> Requant::CONFIDENCE_SHIFT <= u16::MAX as u64);
    // A non-negative accumulator keeps 16 bits after the largest shift, so the clamp loses none.
    assert!(i32::MAX >> Requant::MAX_PRE_SHIFT <= u16::MAX as i32);
};

/// The smallest width of an activation of a hidden layer, in bits.
pub const MIN_ACTIVATION_BITS: u8 = 4;
/// The largest width of an activation of a hidden layer, in bits, and the one that a layer has by default.
pub const MAX_ACTIVATION_BITS: u8 = 8;

/// Steps from paper, 0, to ink: the engine takes a pixel as its gray level in MNIST, 0 to 255, and the trainer as
/// `gray / PIXEL_STEPS`. So the input scale is exactly 1/255, and no pixel is rounded.
pub const PIXEL_STEPS: u8 = 255;

#[cfg(any(kani, test))]
mod proofs;

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

        /// For every normalized factor, the result is within 0.51 of the real value, up to saturation.
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
