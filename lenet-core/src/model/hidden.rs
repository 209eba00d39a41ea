//! The four hidden layers.

use super::check::{check_activation_bits, check_biases, check_requants, check_weight_bits};
use super::ternary::ternary_row;
use super::weights::{ConvWeights, DenseWeights, LayerWeights};
use crate::error::{Error, Layer};
use crate::requant::Requant;
use crate::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, FC1_OUTPUTS,
    FC2_OUTPUTS, POOL2_LEN,
};
use core::fmt;

/// The first convolution: 1x28x28 to 6x24x24, pooled to 6x12x12.
pub type Conv1<'a> = Conv<'a, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>;
/// The second convolution: 6x12x12 to 16x8x8, pooled to 16x4x4.
pub type Conv2<'a> = Conv<'a, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>;
/// The first fully-connected layer: 256 to 120. Its inputs count as the pooled activations lie (HWC).
pub type Fc1<'a> = Dense<'a, POOL2_LEN, { POOL2_LEN / 2 }, { ternary_row(POOL2_LEN) }, FC1_OUTPUTS>;
/// The second fully-connected layer: 120 to 84.
pub type Fc2<'a> = Dense<'a, FC1_OUTPUTS, { FC1_OUTPUTS / 2 }, { ternary_row(FC1_OUTPUTS) }, FC2_OUTPUTS>;

/// A convolution: see [`Conv1`] and [`Conv2`].
pub type Conv<'a, const TAPS: usize, const PAIRS: usize, const OUT: usize> =
    Hidden<'a, ConvWeights<'a, TAPS, PAIRS>, OUT>;
/// A hidden fully-connected layer: see [`Fc1`] and [`Fc2`].
pub type Dense<'a, const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize> =
    Hidden<'a, DenseWeights<'a, IN, HALF, FIFTH, OUT>, OUT>;

/// One bias per output, in accumulator units, each a little-endian `i32` of magnitude [`MAX_BIAS`](super::MAX_BIAS) at most.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Biases<'a, const OUT: usize>(&'a [[u8; 4]; OUT]);

impl<'a, const OUT: usize> Biases<'a, OUT> {
    /// The biases as the file has them.
    #[inline(always)]
    #[must_use]
    pub const fn as_bytes(self) -> &'a [[u8; 4]; OUT] {
        self.0
    }

    /// The biases in the order of the outputs.
    #[inline(always)]
    #[must_use]
    pub fn iter(self) -> impl ExactSizeIterator<Item = i32> + 'a {
        self.0.iter().map(|bytes| i32::from_le_bytes(*bytes))
    }
}

impl<const OUT: usize> fmt::Debug for Biases<'_, OUT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Biases({OUT})")
    }
}

/// One [`Requant`] per output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Requants<'a, const OUT: usize>(&'a [[u8; Requant::BYTES]; OUT]);

impl<'a, const OUT: usize> Requants<'a, OUT> {
    /// The requants as the file has them. No shift exceeds [`Requant::MAX_PRE_SHIFT`].
    #[inline(always)]
    #[must_use]
    pub const fn as_bytes(self) -> &'a [[u8; Requant::BYTES]; OUT] {
        self.0
    }

    /// The requants in the order of the outputs.
    #[inline(always)]
    #[must_use]
    pub fn iter(self) -> impl ExactSizeIterator<Item = Requant> + 'a {
        self.0.iter().map(|bytes| Requant::from_checked_bytes(*bytes))
    }
}

impl<const OUT: usize> fmt::Debug for Requants<'_, OUT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Requants({OUT})")
    }
}

/// A hidden layer with its ReLU, borrowed from a file: [`Conv1`], [`Conv2`], [`Fc1`] or [`Fc2`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden<'a, W, const OUT: usize> {
    weights: W,
    biases: Biases<'a, OUT>,
    requants: Requants<'a, OUT>,
    activation_bits: u8,
}

impl<'a, W: LayerWeights, const OUT: usize> Hidden<'a, W, OUT> {
    /// A layer from the bytes of a file. `layer` is the name that an error gives it; `activation_bits` is 4 to 8.
    ///
    /// # Errors
    ///
    /// [`Error::WeightBits`], [`Error::Bias`], [`Error::PreShift`] or [`Error::ActivationBits`].
    pub fn new(
        layer: Layer,
        weights: W,
        biases: &'a [[u8; 4]; OUT],
        requants: &'a [[u8; Requant::BYTES]; OUT],
        activation_bits: u8,
    ) -> Result<Self, Error> {
        check_weight_bits(layer, weights.bits())?;
        check_biases(layer, biases.as_flattened())?;
        check_requants(layer, requants.as_flattened())?;
        check_activation_bits(layer, activation_bits)?;
        Ok(Self::checked(weights, biases, requants, activation_bits))
    }
}

impl<'a, W: Copy, const OUT: usize> Hidden<'a, W, OUT> {
    /// A layer whose values have been checked.
    pub(crate) const fn checked(
        weights: W,
        biases: &'a [[u8; 4]; OUT],
        requants: &'a [[u8; Requant::BYTES]; OUT],
        activation_bits: u8,
    ) -> Self {
        Self { weights, biases: Biases(biases), requants: Requants(requants), activation_bits }
    }

    /// The weights.
    #[inline(always)]
    #[must_use]
    pub const fn weights(&self) -> W {
        self.weights
    }

    /// One bias per output.
    #[inline(always)]
    #[must_use]
    pub const fn biases(&self) -> Biases<'a, OUT> {
        self.biases
    }

    /// One requant per output.
    #[inline(always)]
    #[must_use]
    pub const fn requants(&self) -> Requants<'a, OUT> {
        self.requants
    }

    /// Bits per activation, 4 to 8.
    #[inline(always)]
    #[must_use]
    pub const fn activation_bits(&self) -> u8 {
        self.activation_bits
    }

    /// The largest activation: 2^bits - 1.
    #[inline(always)]
    #[must_use]
    pub const fn largest_activation(&self) -> u8 {
        largest_activation(self.activation_bits)
    }
}

/// The largest activation of `bits` bits, 1 to 8: 2^bits - 1.
#[inline(always)]
#[must_use]
pub const fn largest_activation(bits: u8) -> u8 {
    u8::MAX >> (8_u8.wrapping_sub(bits) & 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MAX_BIAS, Weights};

    const WEIGHTS: [[[u8; 2]; CONV1_TAPS]; CONV1_PAIRS] = [[[1; 2]; CONV1_TAPS]; CONV1_PAIRS];

    fn conv1(bias: i32, requant: [u8; 3], activation_bits: u8) -> Result<(), Error> {
        let (mut biases, mut requants) = ([[0; 4]; CONV1_CHANNELS], [[0; 3]; CONV1_CHANNELS]);
        (biases[4], requants[5]) = (bias.to_le_bytes(), requant);
        Conv1::new(Layer::Conv1, Weights::Int8(&WEIGHTS), &biases, &requants, activation_bits).map(|_| ())
    }

    #[test]
    fn a_hidden_layer_is_made_of_values_in_range_only() {
        let layer = Layer::Conv1;
        assert_eq!(conv1(MAX_BIAS, [0xFF, 0xFF, 15], 8), Ok(()));
        assert_eq!(conv1(-MAX_BIAS, [0; 3], 4), Ok(()));
        for found in [MAX_BIAS + 1, i32::MAX, i32::MIN] {
            assert_eq!(conv1(found, [0; 3], 8), Err(Error::Bias { layer, channel: 4, found }));
        }
        let shift = Error::PreShift { layer, channel: 5, found: 16 };
        assert_eq!(conv1(0, [0xFF, 0xFF, 16], 8), Err(shift));
        for found in [3, 9] {
            assert_eq!(conv1(0, [0; 3], found), Err(Error::ActivationBits { layer, found }));
        }
    }

    #[test]
    fn the_largest_activation_has_all_its_bits_set() {
        assert_eq!([4, 5, 6, 7, 8].map(largest_activation), [15, 31, 63, 127, 255]);
    }
}
