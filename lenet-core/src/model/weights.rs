//! The weights of a layer, in the order that the kernels read them.

use crate::shape::FC2_OUTPUTS;
use core::fmt;

/// The weights of a layer, two's complement, borrowed from a file.
///
/// `Int8` and `Int4` are the arrays that hold them: see [`ConvWeights`], [`DenseWeights`] and [`Fc3Weights`]. There are no
/// other widths until the format has another version, so a kernel may match on these two.
#[derive(PartialEq, Eq)]
pub enum Weights<'a, Int8: ?Sized, Int4: ?Sized> {
    /// One weight per byte, -128 to 127.
    Int8(&'a Int8),
    /// Two weights per byte, each -128 to 112 in steps of 16: see [`unpack`].
    Int4(&'a Int4),
}

impl<Int8: ?Sized, Int4: ?Sized> Clone for Weights<'_, Int8, Int4> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Int8: ?Sized, Int4: ?Sized> Copy for Weights<'_, Int8, Int4> {}

/// Short, since the weights themselves would fill screens.
impl<Int8: ?Sized, Int4: ?Sized> fmt::Debug for Weights<'_, Int8, Int4> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int8(weights) => write!(f, "Int8({} bytes)", size_of_val(*weights)),
            Self::Int4(weights) => write!(f, "Int4({} bytes)", size_of_val(*weights)),
        }
    }
}

impl<Int8: ?Sized, Int4: ?Sized> Weights<'_, Int8, Int4> {
    /// Bits per weight, 8 or 4.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        match self {
            Self::Int8(_) => 8,
            Self::Int4(_) => 4,
        }
    }
}

/// The weights of a convolution: `[pair of output channels][tap][channel of the pair]`.
///
/// The taps count row by row through the receptive field, the input channels of one position side by side, as the
/// activations lie (HWC). An int4 byte holds the weight of the even channel in its low nibble.
pub type ConvWeights<'a, const TAPS: usize, const PAIRS: usize> =
    Weights<'a, [[[u8; 2]; TAPS]; PAIRS], [[u8; TAPS]; PAIRS]>;

/// The weights of a hidden fully-connected layer: `[output][input]`, with `HALF` = `IN` / 2. An int4 byte holds the weight
/// of the even input in its low nibble.
pub type DenseWeights<'a, const IN: usize, const HALF: usize, const OUT: usize> =
    Weights<'a, [[u8; IN]; OUT], [[u8; HALF]; OUT]>;

/// The weights of the last layer: `[class][input]`, otherwise as [`DenseWeights`].
pub type Fc3Weights<'a> = Weights<'a, [[u8; FC2_OUTPUTS]], [[u8; FC2_OUTPUTS / 2]]>;

impl<'a, const TAPS: usize, const PAIRS: usize> ConvWeights<'a, TAPS, PAIRS> {
    /// The weights of `tap` for the two channels of `pair`.
    ///
    /// # Panics
    ///
    /// If there is no such tap or pair.
    #[inline(always)]
    #[must_use]
    pub const fn tap(&self, pair: usize, tap: usize) -> [i8; 2] {
        match self {
            Self::Int8(weights) => {
                let [even, odd] = weights[pair][tap];
                [even as i8, odd as i8]
            }
            Self::Int4(weights) => unpack(weights[pair][tap]),
        }
    }

    /// The bytes of the file.
    #[inline(always)]
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Int8(weights) => weights.as_flattened().as_flattened(),
            Self::Int4(weights) => weights.as_flattened(),
        }
    }
}

impl<'a, const IN: usize, const HALF: usize, const OUT: usize> DenseWeights<'a, IN, HALF, OUT> {
    /// The same weights, their number of outputs not in the type: as [`Fc3Weights`] are.
    #[inline(always)]
    #[must_use]
    pub const fn as_rows(&self) -> Weights<'a, [[u8; IN]], [[u8; HALF]]> {
        match self {
            Self::Int8(weights) => Weights::Int8(*weights),
            Self::Int4(weights) => Weights::Int4(*weights),
        }
    }

    /// The bytes of the file.
    #[inline(always)]
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Int8(weights) => weights.as_flattened(),
            Self::Int4(weights) => weights.as_flattened(),
        }
    }
}

impl<'a> Fc3Weights<'a> {
    /// The bytes of the file.
    #[inline(always)]
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Int8(weights) => weights.as_flattened(),
            Self::Int4(weights) => weights.as_flattened(),
        }
    }
}

/// The two int4 weights of a byte as int8 weights: first that of the low nibble, then that of the high nibble.
///
/// An int4 weight is an int8 weight whose low nibble is 0 and is not stored: -128 to 112 in steps of 16.
#[inline(always)]
#[must_use]
pub const fn unpack(byte: u8) -> [i8; 2] {
    [(byte << 4) as i8, (byte & 0xF0) as i8]
}

/// The byte of two int4 weights: the inverse of [`unpack`]. The low nibble of each weight is lost.
#[inline(always)]
#[must_use]
pub const fn pack([low, high]: [i8; 2]) -> u8 {
    (low as u8 >> 4) | (high as u8 & 0xF0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_holds_two_weights_in_steps_of_16_the_first_in_its_low_nibble() {
        for byte in 0..=u8::MAX {
            assert!(unpack(byte).iter().all(|weight| weight % 16 == 0));
            assert_eq!(pack(unpack(byte)), byte);
        }
        assert_eq!(unpack(0x7F), [-16, 112]);
    }
}
