//! A model whose number of classes is known at run time only (feature `alloc`): what a host's tools read and write.

use crate::blob::{Body, LAYERS, Raw, check_biases, check_size, read_layers};
use crate::encode::dense_bytes;
use crate::error::{Error, Field, Layer};
use crate::model::{Conv, Dense, Logits, Model};
use crate::quant::Requant;
use crate::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, FC1_OUTPUTS,
    FC2_OUTPUTS, MAX_CLASSES, MIN_CLASSES, POOL2_LEN,
};

/// [`Model`] of any number of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyModel<'a> {
    /// 1x28x28 to 6x24x24, pooled to 6x12x12.
    pub conv1: Conv<'a, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    /// 6x12x12 to 16x8x8, pooled to 16x4x4.
    pub conv2: Conv<'a, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    /// 256 to 120.
    pub fc1: Dense<'a, POOL2_LEN, { POOL2_LEN / 2 }, FC1_OUTPUTS>,
    /// 120 to 84.
    pub fc2: Dense<'a, FC1_OUTPUTS, { FC1_OUTPUTS / 2 }, FC2_OUTPUTS>,
    /// 84 to one logit a class.
    pub fc3: AnyLogits<'a>,
    /// From a margin between two logits to 1/256 nat, by [`Requant::confidence`].
    pub confidence: Requant,
    /// A prediction whose confidence is at least this, in 1/256 nat, is confident; 0 when no threshold was chosen.
    pub confidence_threshold: u16,
}

/// [`Logits`] of any number of classes: the bytes of the file, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyLogits<'a> {
    pub(crate) weight_bits: u8,
    pub(crate) weights: &'a [u8],
    pub(crate) biases: &'a [u8],
}

impl<'a> AnyLogits<'a> {
    /// A last layer from its file form: `weight_bits` is 8 or 4, `biases` has four bytes a class.
    ///
    /// # Errors
    ///
    /// [`Error::ClassCount`], [`Error::WeightBits`], [`Error::FieldSize`] or [`Error::Bias`].
    pub fn new(weight_bits: u8, weights: &'a [u8], biases: &'a [u8]) -> Result<Self, Error> {
        let layer = Layer::Fc3;
        let classes = biases.len() / size_of::<i32>();
        if !(MIN_CLASSES..=MAX_CLASSES).contains(&classes) {
            return Err(Error::ClassCount { found: classes });
        }
        check_size(biases, layer, Field::Biases, classes * size_of::<i32>())?;
        check_biases(biases, layer)?;
        let bytes = match weight_bits {
            8 => classes * FC2_OUTPUTS,
            4 => classes * FC2_OUTPUTS / 2,
            found => return Err(Error::WeightBits { layer, found }),
        };
        check_size(weights, layer, Field::Weights, bytes)?;
        Ok(Self { weight_bits, weights, biases })
    }

    /// Number of classes, 2 to 64.
    pub const fn classes(&self) -> usize {
        self.biases.len() / size_of::<i32>()
    }

    /// Bits of one weight, 8 or 4.
    pub const fn weight_bits(&self) -> u8 {
        self.weight_bits
    }

    /// Bytes that weights and biases take in the file.
    pub const fn bytes(&self) -> usize {
        self.weights.len() + self.biases.len()
    }
}

impl<'a> AnyModel<'a> {
    /// Reads a model out of a file's bytes, as [`decode`](crate::decode) does one of ten classes.
    ///
    /// # Errors
    ///
    /// The [`Error`] that names the first thing found wrong.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let Body { classes, fields, .. } = Body::read(bytes)?;
        let classes = usize::from(classes);
        if !(MIN_CLASSES..=MAX_CLASSES).contains(&classes) {
            return Err(Error::ClassCount { found: classes });
        }
        let mut layers = [Raw::EMPTY; LAYERS];
        let (confidence, confidence_threshold) = read_layers(fields, classes, &mut layers)?;
        let [conv1, conv2, fc1, fc2, fc3] = &layers;
        let Raw { weight_bits, weights, biases, .. } = *fc3;
        // Every length has been checked, so nothing is refused from here on.
        Ok(Self {
            conv1: conv1.conv()?,
            conv2: conv2.conv()?,
            fc1: fc1.dense()?,
            fc2: fc2.dense()?,
            fc3: AnyLogits { weight_bits, weights, biases },
            confidence,
            confidence_threshold,
        })
    }

    /// Number of classes, 2 to 64.
    pub const fn classes(&self) -> usize {
        self.fc3.classes()
    }

    /// The model as one of `C` classes; `None` if it has another number of them.
    pub fn model<const C: usize>(&self) -> Option<Model<'a, C>> {
        let Self { conv1, conv2, fc1, fc2, fc3, confidence, confidence_threshold } = *self;
        let AnyLogits { weight_bits, weights, biases } = fc3;
        let fc3 = Raw { weight_bits, weights, biases, ..Raw::EMPTY }.logits().ok()?;
        Some(Model { conv1, conv2, fc1, fc2, fc3, confidence, confidence_threshold })
    }
}

impl<'a, const C: usize> From<Model<'a, C>> for AnyModel<'a> {
    fn from(model: Model<'a, C>) -> Self {
        const { assert!(MIN_CLASSES <= C && C <= MAX_CLASSES) };
        let Model { conv1, conv2, fc1, fc2, fc3, confidence, confidence_threshold } = model;
        let Logits { weights, biases } = fc3;
        let fc3 = AnyLogits {
            weight_bits: weights.bits(),
            weights: dense_bytes(&weights),
            biases: biases.as_bytes().as_flattened(),
        };
        Self { conv1, conv2, fc1, fc2, fc3, confidence, confidence_threshold }
    }
}
