//! Ternary weights: five per byte.
//!
//! A byte is a fraction in units of 1/256 whose first five digits to base three are read by multiplication: three times the
//! fraction has the next digit before the point. A kernel reads the digits of several bytes at a time that way.

/// The number of ternary weights in a byte.
pub const TERNARY_PER_BYTE: usize = 5;
/// The magnitude of a ternary weight that is not 0, as an int8 weight.
pub const TERNARY_STEP: i8 = 64;

/// The bytes of an output's ternary weights: a fifth of `inputs`, rounded up to a multiple of four, so that the weights of
/// four neighboring inputs lie side by side in a word.
#[must_use]
pub const fn ternary_row(inputs: usize) -> usize {
    // Spelled so that the compiler sees that nothing overflows.
    inputs.div_ceil(TERNARY_PER_BYTE).div_ceil(4) * 4
}

/// The five ternary weights of a byte as int8 weights, each -64, 0 or 64.
///
/// Any byte has weights; [`pack_ternary`] gives the canonical one.
#[inline(always)]
#[must_use]
pub const fn unpack_ternary(byte: u8) -> [i8; TERNARY_PER_BYTE] {
    let mut weights = [0; TERNARY_PER_BYTE];
    let (mut fraction, mut index) = (byte as u16, 0);
    while index < TERNARY_PER_BYTE {
        fraction = (fraction & 0xFF) * 3;
        weights[index] = ((fraction >> 8) as i8 - 1) * TERNARY_STEP;
        index += 1;
    }
    weights
}

/// The byte of five ternary weights: the inverse of [`unpack_ternary`]. Only the sign of each weight counts.
#[inline(always)]
#[must_use]
pub const fn pack_ternary(weights: [i8; TERNARY_PER_BYTE]) -> u8 {
    let (mut digits, mut index) = (0_u32, 0);
    while index < TERNARY_PER_BYTE {
        digits = digits * 3 + (weights[index].signum() + 1) as u32;
        index += 1;
    }
    // The smallest fraction that begins with these digits: five of them are less than 3^5 = 243.
    (digits * 256).div_ceil(243) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_holds_five_weights_whatever_they_are() {
        for number in 0..243 {
            let digit = |place: u32| ((number / 3_i32.pow(4 - place) % 3) - 1) as i8;
            let weights = [0, 1, 2, 3, 4].map(|place| digit(place) * TERNARY_STEP);
            assert_eq!(unpack_ternary(pack_ternary(weights)), weights);
        }
    }

    #[test]
    fn any_byte_holds_weights() {
        for byte in 0..=u8::MAX {
            let weights = unpack_ternary(byte);
            assert!(weights.iter().all(|weight| matches!(weight, -64 | 0 | 64)));
            assert_eq!(unpack_ternary(pack_ternary(weights)), weights);
        }
    }

    #[test]
    fn a_row_is_a_whole_number_of_words() {
        assert_eq!([256, 120].map(ternary_row), [52, 24]);
    }
}
