//! What holds of every factor and accumulator: proved by Kani, tried by proptest.

use super::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS, Requant};
use crate::model::largest_activation;

/// The activation and the confidence are those of the formula in wide arithmetic, within their ranges.
fn the_rule_is_the_formula(multiplier: u16, pre_shift: u8, accumulator: i32, max: u8) {
    let Some(requant) = Requant::new(multiplier, pre_shift) else {
        assert!(pre_shift > Requant::MAX_PRE_SHIFT);
        return;
    };
    let product = (i64::from(accumulator) >> pre_shift).clamp(0, 65_535) * i64::from(multiplier);
    let activation = requant.activation(accumulator, max);
    assert!(i64::from(activation) == (product >> Requant::ACTIVATION_SHIFT).min(i64::from(max)));
    assert!(activation <= max);
    assert!(i64::from(requant.confidence(accumulator)) == product >> Requant::CONFIDENCE_SHIFT);
}

/// A factor comes back from its bytes, and bytes that are a factor come back from it.
fn the_bytes_are_the_factor(bytes: [u8; Requant::BYTES]) {
    match Requant::from_bytes(bytes) {
        Some(requant) => assert!(requant.to_bytes() == bytes && requant.rounding() >= 0),
        None => assert!(bytes[2] > Requant::MAX_PRE_SHIFT),
    }
}

/// The largest activation of each width that a layer may have is all ones.
fn the_largest_activation_is_all_ones(bits: u8) {
    if (MIN_ACTIVATION_BITS..=MAX_ACTIVATION_BITS).contains(&bits) {
        assert!(u16::from(largest_activation(bits)) == (1 << bits) - 1);
    }
}

#[cfg(kani)]
mod harnesses {
    #[kani::proof]
    fn the_rule_is_the_formula() {
        super::the_rule_is_the_formula(kani::any(), kani::any(), kani::any(), kani::any());
    }

    #[kani::proof]
    fn the_bytes_are_the_factor() {
        super::the_bytes_are_the_factor(kani::any());
    }

    #[kani::proof]
    fn the_largest_activation_is_all_ones() {
        super::the_largest_activation_is_all_ones(kani::any());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rule_is_the_formula(m: u16, shift in 0..20_u8, accumulator: i32, max: u8) {
            super::the_rule_is_the_formula(m, shift, accumulator, max);
        }

        #[test]
        fn the_bytes_are_the_factor(bytes: [u8; 3]) {
            super::the_bytes_are_the_factor(bytes);
        }
    }

    #[test]
    fn the_largest_activation_is_all_ones() {
        (0..=u8::MAX).for_each(super::the_largest_activation_is_all_ones);
    }
}
