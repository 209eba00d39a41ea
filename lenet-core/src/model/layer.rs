//! The layers of a model. Only checked constructors make them, so no layer can overflow an accumulator.

use super::weights::{ConvWeights, DenseWeights, Fc3Weights, Weights};
use crate::error::{Error, Field, Layer};
use crate::requant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS, Requant};
use crate::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, FC1_OUTPUTS,
    FC2_OUTPUTS, MAX_CLASSES, MIN_CLASSES, POOL2_LEN,
};
use core::fmt;
use core::hint::black_box;

/// The largest magnitude of a bias, in accumulator units: with the products of 256 int8 weights and u8 activations on top
/// an accumulator stays within `i32`.
pub const MAX_BIAS: i32 = 1 << 30;

const _: () = assert!(POOL2_LEN <= 256 && CONV2_TAPS <= 256 && FC1_OUTPUTS <= 256);
const _: () = assert!(MAX_BIAS as i64 + 256 * 128 * 255 <= i32::MAX as i64);

/// The first convolution: 1x28x28 to 6x24x24, pooled to 6x12x12.
pub type Conv1<'a> = Conv<'a, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>;
/// The second convolution: 6x12x12 to 16x8x8, pooled to 16x4x4.
pub type Conv2<'a> = Conv<'a, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>;
/// The first fully-connected layer: 256 to 120. Its inputs count as the pooled activations lie (HWC).
pub type Fc1<'a> = Dense<'a, POOL2_LEN, { POOL2_LEN / 2 }, FC1_OUTPUTS>;
/// The second fully-connected layer: 120 to 84.
pub type Fc2<'a> = Dense<'a, FC1_OUTPUTS, { FC1_OUTPUTS / 2 }, FC2_OUTPUTS>;

/// A convolution: see [`Conv1`] and [`Conv2`].
pub type Conv<'a, const TAPS: usize, const PAIRS: usize, const OUT: usize> =
    Hidden<'a, ConvWeights<'a, TAPS, PAIRS>, OUT>;
/// A hidden fully-connected layer: see [`Fc1`] and [`Fc2`].
pub type Dense<'a, const IN: usize, const HALF: usize, const OUT: usize> =
    Hidden<'a, DenseWeights<'a, IN, HALF, OUT>, OUT>;

/// One bias per output, in accumulator units, each a little-endian `i32` of magnitude [`MAX_BIAS`] at most.
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

impl<'a, W: Copy, const OUT: usize> Hidden<'a, W, OUT> {
    /// A layer from the bytes of a file. `layer` is the name that an error gives it; `activation_bits` is 4 to 8.
    ///
    /// # Errors
    ///
    /// [`Error::Bias`], [`Error::PreShift`] or [`Error::ActivationBits`].
    pub const fn new(
        layer: Layer,
        weights: W,
        biases: &'a [[u8; 4]; OUT],
        requants: &'a [[u8; Requant::BYTES]; OUT],
        activation_bits: u8,
    ) -> Result<Self, Error> {
        check!(check_biases(layer, biases.as_flattened()));
        check!(check_requants(layer, requants.as_flattened()));
        check!(check_activation_bits(layer, activation_bits));
        Ok(Self::checked(weights, biases, requants, activation_bits))
    }

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

/// The last layer: 84 to one logit per class.
///
/// Its accumulators are the logits, so all its outputs share one weight scale and nothing is requantized.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fc3<'a> {
    weights: Fc3Weights<'a>,
    biases: &'a [[u8; 4]],
}

impl<'a> Fc3<'a> {
    /// A layer from the bytes of a file, with one bias and one row of weights per class.
    ///
    /// # Errors
    ///
    /// [`Error::ClassCount`], [`Error::FieldSize`] or [`Error::Bias`].
    pub const fn new(weights: Fc3Weights<'a>, biases: &'a [[u8; 4]]) -> Result<Self, Error> {
        let classes = biases.len();
        if classes < MIN_CLASSES || classes > MAX_CLASSES {
            return Err(Error::ClassCount { found: classes });
        }
        let (rows, row_bytes) = match weights {
            Weights::Int8(rows) => (rows.len(), FC2_OUTPUTS),
            Weights::Int4(rows) => (rows.len(), FC2_OUTPUTS / 2),
        };
        if rows != classes {
            let (expected, found) = (classes * row_bytes, rows * row_bytes);
            return Err(Error::FieldSize { layer: Layer::Fc3, field: Field::Weights, expected, found });
        }
        check!(check_biases(Layer::Fc3, biases.as_flattened()));
        Ok(Self::checked(weights, biases))
    }

    /// A layer whose values have been checked.
    pub(crate) const fn checked(weights: Fc3Weights<'a>, biases: &'a [[u8; 4]]) -> Self {
        Self { weights, biases }
    }

    /// The number of classes, 2 to 64.
    #[inline(always)]
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.biases.len()
    }

    /// The weights.
    #[inline(always)]
    #[must_use]
    pub const fn weights(&self) -> Fc3Weights<'a> {
        self.weights
    }

    /// The biases as the file has them, one little-endian `i32` per class.
    #[inline(always)]
    #[must_use]
    pub const fn bias_bytes(&self) -> &'a [[u8; 4]] {
        self.biases
    }

    /// The biases in the order of the classes, in accumulator units.
    #[inline(always)]
    #[must_use]
    pub fn biases(&self) -> impl ExactSizeIterator<Item = i32> + 'a {
        self.biases.iter().map(|bytes| i32::from_le_bytes(*bytes))
    }
}

impl fmt::Debug for Fc3<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fc3").field("weights", &self.weights).field("classes", &self.classes()).finish()
    }
}

/// The largest activation of `bits` bits, 1 to 8: 2^bits - 1.
#[inline(always)]
#[must_use]
pub const fn largest_activation(bits: u8) -> u8 {
    u8::MAX >> (8_u8.wrapping_sub(bits) & 7)
}

/// Checks the biases of a layer, four bytes each.
pub(crate) const fn check_biases(layer: Layer, biases: &[u8]) -> Result<(), Error> {
    let mut channel = 0;
    let mut rest = biases;
    while let Some((bytes, tail)) = rest.split_first_chunk() {
        let found = i32::from_le_bytes(*bytes);
        if found < -MAX_BIAS || found > MAX_BIAS {
            return Err(Error::Bias { layer, channel, found });
        }
        channel += 1;
        rest = tail;
    }
    Ok(())
}

/// Checks the requants of a layer, three bytes each.
pub(crate) const fn check_requants(layer: Layer, requants: &[u8]) -> Result<(), Error> {
    let mut channel = 0;
    let mut rest = requants;
    while let Some((&[_, _, found], tail)) = rest.split_first_chunk() {
        if found > Requant::MAX_PRE_SHIFT {
            return Err(Error::PreShift { layer, channel, found });
        }
        // Hidden, or the compiler would count by a division by three, which a small core calls a function for.
        channel = black_box(channel + 1);
        rest = tail;
    }
    Ok(())
}

pub(crate) const fn check_activation_bits(layer: Layer, found: u8) -> Result<(), Error> {
    if found < MIN_ACTIVATION_BITS || found > MAX_ACTIVATION_BITS {
        return Err(Error::ActivationBits { layer, found });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_last_layer_has_a_row_of_weights_per_class() {
        let (weights, biases) = ([[3; FC2_OUTPUTS]; 65], [[0; 4]; 65]);
        let fc3 = |rows, classes| Fc3::new(Weights::Int8(&weights[..rows]), &biases[..classes]).map(|_| ());
        for classes in MIN_CLASSES..=MAX_CLASSES {
            assert_eq!(fc3(classes, classes), Ok(()));
        }
        for found in [0, 1, 65] {
            assert_eq!(fc3(found, found), Err(Error::ClassCount { found }));
        }
        let (layer, field) = (Layer::Fc3, Field::Weights);
        assert_eq!(fc3(9, 10), Err(Error::FieldSize { layer, field, expected: 840, found: 756 }));
        let bias = Fc3::new(Weights::Int8(&weights[..2]), &[[0; 4], i32::MIN.to_le_bytes()]).unwrap_err();
        assert_eq!(bias, Error::Bias { layer, channel: 1, found: i32::MIN });
    }

    #[test]
    fn the_largest_activation_has_all_its_bits_set() {
        assert_eq!([4, 5, 6, 7, 8].map(largest_activation), [15, 31, 63, 127, 255]);
    }
}
