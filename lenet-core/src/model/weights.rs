//! The weights of a layer, in the order that the kernels read them.

use super::ternary::ternary_row;
use crate::shape::FC2_OUTPUTS;
use core::convert::Infallible;
use core::fmt;

/// Whether models with int4 weights are read: feature `int4`.
pub const INT4: bool = cfg!(feature = "int4");
/// Whether models with ternary weights are read: feature `ternary`.
pub const TERNARY: bool = cfg!(feature = "ternary");

/// The weights of a layer, borrowed from a file.
///
/// `Int8`, `Int4` and `Ternary` are the arrays that hold them: see [`ConvWeights`], [`DenseWeights`] and [`Fc3Weights`]. There
/// are no other widths until the format has another version, so a kernel may match on these. Only the hidden
/// fully-connected layers may have ternary weights.
#[derive(PartialEq, Eq)]
pub enum Weights<'a, Int8: ?Sized, Int4: ?Sized, Ternary = Infallible> {
    /// One weight per byte, two's complement, -128 to 127.
    Int8(&'a Int8),
    /// Two weights per byte, two's complement, each -128 to 112 in steps of 16: see [`unpack`].
    Int4(&'a Int4),
    /// Five weights per byte, each -64, 0 or 64: see [`unpack_ternary`](super::unpack_ternary).
    Ternary(Ternary),
}

impl<Int8: ?Sized, Int4: ?Sized, Ternary: Copy> Clone for Weights<'_, Int8, Int4, Ternary> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Int8: ?Sized, Int4: ?Sized, Ternary: Copy> Copy for Weights<'_, Int8, Int4, Ternary> {}

/// Short, since the weights themselves would fill screens.
impl<Int8: ?Sized, Int4: ?Sized, Ternary> fmt::Debug for Weights<'_, Int8, Int4, Ternary> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int8(weights) => write!(f, "Int8({} bytes)", size_of_val(*weights)),
            Self::Int4(weights) => write!(f, "Int4({} bytes)", size_of_val(*weights)),
            Self::Ternary(_) => f.write_str("Ternary"),
        }
    }
}

/// The weights of a layer of any shape.
pub trait LayerWeights: Copy {
    /// Bits per weight, as [`Weights::bits`].
    fn bits(&self) -> u8;
}

impl<Int8: ?Sized, Int4: ?Sized, Ternary: Copy> LayerWeights for Weights<'_, Int8, Int4, Ternary> {
    fn bits(&self) -> u8 {
        self.bits()
    }
}

impl<Int8: ?Sized, Int4: ?Sized, Ternary> Weights<'_, Int8, Int4, Ternary> {
    /// Bits per weight: 8, 4, or 2 for ternary weights.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        match self {
            Self::Int8(_) => 8,
            Self::Int4(_) => 4,
            Self::Ternary(_) => 2,
        }
    }

    /// Whether the weights are int4. A constant `false` without feature `int4`, so that the code for them drops out.
    #[inline(always)]
    #[must_use]
    pub const fn is_int4(&self) -> bool {
        INT4 && matches!(self, Self::Int4(_))
    }
}

/// The weights of a convolution: `[pair of output channels][tap][channel of the pair]`.
///
/// The taps count row by row through the receptive field, the input channels of one position side by side, as the
/// activations lie (HWC). An int4 byte holds the weight of the even channel in its low nibble.
pub type ConvWeights<'a, const TAPS: usize, const PAIRS: usize> =
    Weights<'a, [[[u8; 2]; TAPS]; PAIRS], [[u8; TAPS]; PAIRS]>;

/// The weights of a hidden fully-connected layer: `[output][input]`, with `HALF` = `IN` / 2 and `FIFTH` =
/// [`ternary_row(IN)`](super::ternary_row). An int4 byte holds the weight of the even input in its low nibble, and ternary
/// byte `k` those of the inputs `k`, `k + FIFTH`, up to `k + 4 * FIFTH`.
pub type DenseWeights<'a, const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize> =
    Weights<'a, [[u8; IN]; OUT], [[u8; HALF]; OUT], &'a [[u8; FIFTH]; OUT]>;

/// The weights of the outputs of a fully-connected layer, their number not in the type: see [`DenseWeights::as_rows`].
pub type DenseRows<'a, const IN: usize, const HALF: usize, const FIFTH: usize> =
    Weights<'a, [[u8; IN]], [[u8; HALF]], &'a [[u8; FIFTH]]>;

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
    pub const fn tap(self, pair: usize, tap: usize) -> [i8; 2] {
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
    pub const fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Int8(weights) => weights.as_flattened().as_flattened(),
            Self::Int4(weights) => weights.as_flattened(),
        }
    }
}

impl<'a, const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>
    DenseWeights<'a, IN, HALF, FIFTH, OUT>
{
    /// The same weights, their number of outputs not in the type.
    #[inline(always)]
    #[must_use]
    pub const fn as_rows(self) -> DenseRows<'a, IN, HALF, FIFTH> {
        match self {
            Self::Int8(weights) => Weights::Int8(weights),
            Self::Int4(weights) => Weights::Int4(weights),
            Self::Ternary(weights) => Weights::Ternary(weights),
        }
    }

    /// The bytes of the file.
    #[inline(always)]
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Int8(weights) => weights.as_flattened(),
            Self::Int4(weights) => weights.as_flattened(),
            Self::Ternary(weights) => weights.as_flattened(),
        }
    }
}

impl<'a> Fc3Weights<'a> {
    /// The same weights as those of a hidden layer.
    #[inline(always)]
    #[must_use]
    pub const fn as_rows(
        self,
    ) -> DenseRows<'a, FC2_OUTPUTS, { FC2_OUTPUTS / 2 }, { ternary_row(FC2_OUTPUTS) }> {
        match self {
            Self::Int8(weights) => Weights::Int8(weights),
            Self::Int4(weights) => Weights::Int4(weights),
        }
    }

    /// The bytes of the file.
    #[inline(always)]
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
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
