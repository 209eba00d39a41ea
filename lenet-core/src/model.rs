//! A model as the engine reads it: weights borrowed from the file, lengths in the types.

use crate::quant::Requant;
use crate::shape::{
    CLASSES, CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN,
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

/// A convolution with its ReLU. `weights[tap][channel]` is int8; the taps count row by row through the
/// receptive field, the input channels of one position side by side, as the activations lie (HWC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv<'a, const TAPS: usize, const OUT: usize> {
    /// int8, two's complement.
    pub weights: &'a [[u8; OUT]; TAPS],
    /// One an output channel.
    pub biases: Biases<'a, OUT>,
    /// One an output channel.
    pub requants: Requants<'a, OUT>,
}

/// A fully-connected hidden layer with its ReLU. `weights[output][input]` is int8; `fc1` counts its inputs as
/// the pooled activations lie (HWC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense<'a, const IN: usize, const OUT: usize> {
    /// int8, two's complement.
    pub weights: &'a [[u8; IN]; OUT],
    /// One an output.
    pub biases: Biases<'a, OUT>,
    /// One an output.
    pub requants: Requants<'a, OUT>,
}

/// The last layer. Its accumulators are the logits, so all its outputs share one weight scale and nothing is
/// requantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logits<'a, const IN: usize, const OUT: usize> {
    /// int8, two's complement.
    pub weights: &'a [[u8; IN]; OUT],
    /// One a logit.
    pub biases: Biases<'a, OUT>,
}

/// What a model says of itself. Nothing here changes a logit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata<'a> {
    /// Name of the data set it was trained on.
    pub dataset: &'a str,
    /// Name of the training recipe.
    pub recipe: &'a str,
    /// Seed of the training run.
    pub seed: u64,
    /// Number of classes.
    pub classes: u8,
    /// Validation images that the quantised model classified correctly.
    pub validation_correct: u32,
    /// Validation images; 0 when none were held out.
    pub validation_images: u32,
    /// The real value that activation 255 stands for, after `conv1`, `conv2`, `fc1` and `fc2`, in 1/65536.
    pub activation_ranges: [u32; 4],
}

/// A checked model. [`decode`](crate::decode) makes it from a file's bytes; after that inference cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    /// What the model says of itself.
    pub metadata: Metadata<'a>,
    /// 1x28x28 to 6x24x24, pooled to 6x12x12.
    pub conv1: Conv<'a, CONV1_TAPS, CONV1_CHANNELS>,
    /// 6x12x12 to 16x8x8, pooled to 16x4x4.
    pub conv2: Conv<'a, CONV2_TAPS, CONV2_CHANNELS>,
    /// 256 to 120.
    pub fc1: Dense<'a, POOL2_LEN, FC1_OUTPUTS>,
    /// 120 to 84.
    pub fc2: Dense<'a, FC1_OUTPUTS, FC2_OUTPUTS>,
    /// 84 to 10.
    pub fc3: Logits<'a, FC2_OUTPUTS, CLASSES>,
    /// From a margin between two logits to 1/256 nat, by [`Requant::confidence`].
    pub confidence: Requant,
}
