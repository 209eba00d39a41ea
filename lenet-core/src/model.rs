//! A model as the engine reads it: weights borrowed from the file, lengths in the types.

use crate::quant::Requant;
use crate::shape::{
    CLASSES, CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, FC1_OUTPUTS,
    FC2_OUTPUTS, POOL2_LEN,
};
use serde::{Deserialize, Serialize};

/// Largest magnitude of a bias, in accumulator units: 256 products of int8 and u8 on top stay within `i32`.
pub const MAX_BIAS: i32 = 1 << 30;

/// One bias an output channel, in accumulator units, each a little-endian `i32` read where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Biases<'a, const OUT: usize>(pub(crate) &'a [[u8; 4]; OUT]);

impl<'a, const OUT: usize> Biases<'a, OUT> {
    /// The biases from their file form, as the exporter holds them.
    pub const fn new(bytes: &'a [[u8; 4]; OUT]) -> Self {
        Self(bytes)
    }

    /// The biases in their file form.
    #[inline(always)]
    pub const fn as_bytes(self) -> &'a [[u8; 4]; OUT] {
        self.0
    }

    /// The biases in the order of the channels.
    #[inline(always)]
    pub fn iter(self) -> impl ExactSizeIterator<Item = i32> + 'a {
        self.0.iter().map(|bytes| i32::from_le_bytes(*bytes))
    }

    /// All biases at once.
    #[inline(always)]
    pub fn to_array(self) -> [i32; OUT] {
        self.0.map(i32::from_le_bytes)
    }
}

/// One [`Requant`] an output channel, read where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requants<'a, const OUT: usize>(pub(crate) &'a [[u8; Requant::BYTES]; OUT]);

impl<'a, const OUT: usize> Requants<'a, OUT> {
    /// The requants from their file form, as the exporter holds them.
    pub const fn new(bytes: &'a [[u8; Requant::BYTES]; OUT]) -> Self {
        Self(bytes)
    }

    /// The requants in their file form.
    #[inline(always)]
    pub const fn as_bytes(self) -> &'a [[u8; Requant::BYTES]; OUT] {
        self.0
    }

    /// The requants in the order of the channels. A shift out of range, which [`decode`](crate::decode)
    /// refuses, reads as a factor of 0.
    #[inline(always)]
    pub fn iter(self) -> impl ExactSizeIterator<Item = Requant> + 'a {
        self.0.iter().map(|bytes| match Requant::from_bytes(*bytes) {
            Some(requant) => requant,
            None => ZERO,
        })
    }
}

const ZERO: Requant = match Requant::new(0, 0) {
    Some(zero) => zero,
    None => unreachable!(),
};

/// A layer's weights, two's complement, in the order that the kernels eat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights<'a, Int8, Int4> {
    /// One a byte, -128 to 127.
    Int8(&'a Int8),
    /// Two a byte, each -128 to 112 in steps of 16: see [`unpack`].
    Int4(&'a Int4),
}

impl<Int8, Int4> Weights<'_, Int8, Int4> {
    /// Bits of one weight, 8 or 4.
    pub const fn bits(&self) -> u8 {
        match self {
            Self::Int8(_) => 8,
            Self::Int4(_) => 4,
        }
    }

    /// Bytes that the weights take in the file.
    pub const fn bytes(&self) -> usize {
        match self {
            Self::Int8(_) => size_of::<Int8>(),
            Self::Int4(_) => size_of::<Int4>(),
        }
    }
}

/// The two int4 weights of a byte: the low nibble's, then the high nibble's. An int4 weight is an int8 weight whose
/// low half is 0 and is not stored: -128 to 112 in steps of 16.
#[inline(always)]
pub const fn unpack(byte: u8) -> [i8; 2] {
    [(byte << 4) as i8, (byte & 0xF0) as i8]
}

/// The byte of two int4 weights: the inverse of [`unpack`]. The low half of each is lost.
#[inline(always)]
pub const fn pack([low, high]: [i8; 2]) -> u8 {
    (low as u8 >> 4) | (high as u8 & 0xF0)
}

/// The weights of a convolution: output channels two by two, and for each pair tap after tap the weights of both.
/// An int4 byte holds the even channel's weight in its low nibble.
///
/// The taps count row by row through the receptive field, the input channels of one position side by side, as the
/// activations lie (HWC).
pub type ConvWeights<'a, const TAPS: usize, const PAIRS: usize> =
    Weights<'a, [[[u8; 2]; TAPS]; PAIRS], [[u8; TAPS]; PAIRS]>;

impl<const TAPS: usize, const PAIRS: usize> ConvWeights<'_, TAPS, PAIRS> {
    /// The weights with which `tap` enters the two channels of `pair`.
    ///
    /// # Panics
    ///
    /// If there is no such tap or pair.
    #[inline(always)]
    pub const fn tap(&self, pair: usize, tap: usize) -> [i8; 2] {
        match self {
            Self::Int8(weights) => {
                let [even, odd] = weights[pair][tap];
                [even as i8, odd as i8]
            }
            Self::Int4(weights) => unpack(weights[pair][tap]),
        }
    }
}

/// The weights of a fully-connected layer: output after output the weights of its inputs, `HALF` = `IN` / 2. An int4
/// byte holds the even input's weight in its low nibble.
pub type DenseWeights<'a, const IN: usize, const HALF: usize, const OUT: usize> =
    Weights<'a, [[u8; IN]; OUT], [[u8; HALF]; OUT]>;

/// A convolution with its ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv<'a, const TAPS: usize, const PAIRS: usize, const OUT: usize> {
    /// int8 or int4.
    pub weights: ConvWeights<'a, TAPS, PAIRS>,
    /// One an output channel.
    pub biases: Biases<'a, OUT>,
    /// One an output channel.
    pub requants: Requants<'a, OUT>,
    /// Bits of an activation, 4 to 8.
    pub activation_bits: u8,
}

/// A fully-connected hidden layer with its ReLU; `fc1` counts its inputs as the pooled activations lie (HWC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense<'a, const IN: usize, const HALF: usize, const OUT: usize> {
    /// int8 or int4.
    pub weights: DenseWeights<'a, IN, HALF, OUT>,
    /// One an output.
    pub biases: Biases<'a, OUT>,
    /// One an output.
    pub requants: Requants<'a, OUT>,
    /// Bits of an activation, 4 to 8.
    pub activation_bits: u8,
}

/// The last layer. Its accumulators are the logits, so all its outputs share one weight scale and nothing is
/// requantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logits<'a, const IN: usize, const HALF: usize, const OUT: usize> {
    /// int8 or int4.
    pub weights: DenseWeights<'a, IN, HALF, OUT>,
    /// One a logit.
    pub biases: Biases<'a, OUT>,
}

/// The largest activation of `bits` bits, 1 to 8: 2^bits - 1.
#[inline(always)]
pub const fn largest_activation(bits: u8) -> u8 {
    u8::MAX >> (8_u8.wrapping_sub(bits) & 7)
}

/// What a file says of its model: see [`metadata`](crate::metadata). Inference needs none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata<'a> {
    /// Name of the data set it was trained on.
    pub dataset: &'a str,
    /// Name of the training recipe.
    pub recipe: &'a str,
    /// Seed of the training run.
    pub seed: u64,
    /// The classes' names in their order, one a line; empty where they have none.
    pub class_names: &'a str,
    /// Validation images that the quantised model classified correctly.
    pub validation_correct: u32,
    /// Validation images; 0 when none were held out.
    pub validation_images: u32,
    /// The real value that the largest activation stands for, after `conv1`, `conv2`, `fc1` and `fc2`, in 1/65536.
    pub activation_ranges: [u32; 4],
}

impl<'a> Metadata<'a> {
    /// The name of a class; `None` where the model names none, or has no such class.
    pub fn class_name(&self, class: u8) -> Option<&'a str> {
        if self.class_names.is_empty() { None } else { self.class_names.split('\n').nth(usize::from(class)) }
    }
}

/// A checked model. [`decode`](crate::decode) makes it from a file's bytes; after that inference cannot fail.
///
/// `C` is the number of classes, 2 to 64: 10 unless a model is made for another number, which
/// [`Model::decode`] then reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model<'a, const C: usize = CLASSES> {
    /// 1x28x28 to 6x24x24, pooled to 6x12x12.
    pub conv1: Conv<'a, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    /// 6x12x12 to 16x8x8, pooled to 16x4x4.
    pub conv2: Conv<'a, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    /// 256 to 120.
    pub fc1: Dense<'a, POOL2_LEN, { POOL2_LEN / 2 }, FC1_OUTPUTS>,
    /// 120 to 84.
    pub fc2: Dense<'a, FC1_OUTPUTS, { FC1_OUTPUTS / 2 }, FC2_OUTPUTS>,
    /// 84 to one logit a class.
    pub fc3: Logits<'a, FC2_OUTPUTS, { FC2_OUTPUTS / 2 }, C>,
    /// From a margin between two logits to 1/256 nat, by [`Requant::confidence`].
    pub confidence: Requant,
    /// A prediction whose confidence is at least this, in 1/256 nat, is confident; 0 when no threshold was chosen.
    pub confidence_threshold: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_holds_two_weights_in_steps_of_16_the_first_in_its_low_half() {
        for byte in 0..=u8::MAX {
            assert!(unpack(byte).iter().all(|weight| weight % 16 == 0));
            assert_eq!(pack(unpack(byte)), byte);
        }
        assert_eq!(unpack(0x7F), [-16, 112]);
    }

    #[test]
    fn the_largest_activation_has_all_its_bits_set() {
        assert_eq!([4, 5, 6, 7, 8].map(largest_activation), [15, 31, 63, 127, 255]);
    }

    #[test]
    fn a_class_has_the_name_of_its_line() {
        let mut metadata = Metadata {
            dataset: "",
            recipe: "",
            seed: 0,
            class_names: "cat\ndog\n",
            validation_correct: 0,
            validation_images: 0,
            activation_ranges: [0; 4],
        };
        assert_eq!(
            [0, 1, 2, 3].map(|class| metadata.class_name(class)),
            [Some("cat"), Some("dog"), Some(""), None]
        );
        metadata.class_names = "";
        assert_eq!(metadata.class_name(0), None);
    }
}
