//! A quantized model that owns the bytes of its model file.

use crate::model::bits::WeightBits;
use crate::model::integers::IntegerLayer;
use lenet_core::error::Layer;
use lenet_core::model::{Confidence, Fc3, Hidden, Weights, pack, pack_ternary, ternary_row};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, FC1_OUTPUTS,
    FC2_OUTPUTS, KERNEL_SIDE, POOL2_LEN, POOL2_SIDE,
};
use lenet_core::{Error, Metadata, Model, Requant};
use std::array::from_fn;
use std::convert::Infallible;
use std::ops::Deref;

/// The weights of a layer as bytes of the file. `Int8`, `Int4` and `Ternary` are the owned forms of the arrays in
/// [`Weights`].
#[derive(Clone, Debug, PartialEq)]
enum WeightBytes<Int8, Int4, Ternary = Infallible> {
    Int8(Int8),
    Int4(Int4),
    Ternary(Ternary),
}

/// The owned form of the ternary weights of a layer: [`Infallible`] in a layer that cannot have any.
trait TernaryBytes {
    /// What [`Weights::Ternary`] holds.
    type Borrowed<'a>: Copy
    where
        Self: 'a;

    fn borrow(&self) -> Self::Borrowed<'_>;
}

impl TernaryBytes for Infallible {
    type Borrowed<'a> = Infallible;

    fn borrow(&self) -> Infallible {
        *self
    }
}

impl<Rows> TernaryBytes for Box<Rows> {
    type Borrowed<'a>
        = &'a Rows
    where
        Self: 'a;

    fn borrow(&self) -> &Rows {
        self
    }
}

impl<Int8: Deref, Int4: Deref, Ternary: TernaryBytes> WeightBytes<Int8, Int4, Ternary> {
    fn borrow(&self) -> Weights<'_, Int8::Target, Int4::Target, Ternary::Borrowed<'_>> {
        match self {
            Self::Int8(weights) => Weights::Int8(weights),
            Self::Int4(weights) => Weights::Int4(weights),
            Self::Ternary(weights) => Weights::Ternary(weights.borrow()),
        }
    }
}

/// A hidden layer as bytes of the file.
#[derive(Clone, Debug, PartialEq)]
struct HiddenBytes<Int8, Int4, Ternary, const OUT: usize> {
    weights: WeightBytes<Box<Int8>, Box<Int4>, Ternary>,
    biases: [[u8; 4]; OUT],
    requants: [[u8; Requant::BYTES]; OUT],
    activation_bits: u8,
}

/// A convolution as bytes of the file.
type ConvBytes<const TAPS: usize, const PAIRS: usize, const OUT: usize> =
    HiddenBytes<[[[u8; 2]; TAPS]; PAIRS], [[u8; TAPS]; PAIRS], Infallible, OUT>;
/// A hidden fully-connected layer as bytes of the file.
type DenseBytes<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize> =
    HiddenBytes<[[u8; IN]; OUT], [[u8; HALF]; OUT], Box<[[u8; FIFTH]; OUT]>, OUT>;

/// The last layer as bytes of the file. It has one output per class.
#[derive(Clone, Debug, PartialEq)]
struct Fc3Bytes {
    weights: WeightBytes<Vec<[u8; FC2_OUTPUTS]>, Vec<[u8; FC2_OUTPUTS / 2]>>,
    biases: Vec<[u8; 4]>,
}

/// A quantized model that can be run by the engine or encoded as a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedModel {
    /// The confidence threshold, in 1/256 nat. 0 if none was chosen: then every prediction is confident.
    pub confidence_threshold: u16,
    activation_ranges: [u32; 4],
    confidence: Requant,
    conv1: ConvBytes<CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    conv2: ConvBytes<CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    fc1: DenseBytes<POOL2_LEN, { POOL2_LEN / 2 }, { ternary_row(POOL2_LEN) }, FC1_OUTPUTS>,
    fc2: DenseBytes<FC1_OUTPUTS, { FC1_OUTPUTS / 2 }, { ternary_row(FC1_OUTPUTS) }, FC2_OUTPUTS>,
    fc3: Fc3Bytes,
}

impl QuantizedModel {
    /// Creates a model from quantized layers.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] if a value is outside the range that a model file allows, or if the weights of a layer other
    /// than `fc1` and `fc2` are ternary.
    pub(super) fn new(
        activation_ranges: [u32; 4],
        confidence: Requant,
        [conv1, conv2, fc1, fc2, fc3]: &[IntegerLayer; 5],
    ) -> Result<Self, Error> {
        let model = Self {
            confidence_threshold: 0,
            activation_ranges,
            confidence,
            conv1: ConvBytes::conv(Layer::Conv1, conv1)?,
            conv2: ConvBytes::conv(Layer::Conv2, conv2)?,
            fc1: DenseBytes::dense(fc1, feature),
            fc2: DenseBytes::dense(fc2, |input| input),
            fc3: Fc3Bytes::new(fc3)?,
        };
        model.checked()?;
        Ok(model)
    }

    fn checked(&self) -> Result<Model<'_>, Error> {
        Ok(Model::new(
            self.conv1.layer(Layer::Conv1)?,
            self.conv2.layer(Layer::Conv2)?,
            self.fc1.layer(Layer::Fc1)?,
            self.fc2.layer(Layer::Fc2)?,
            Fc3::new(self.fc3.weights.borrow(), &self.fc3.biases)?,
            Confidence { requant: self.confidence, threshold: self.confidence_threshold },
        ))
    }

    /// Returns the model as the engine takes it.
    pub fn model(&self) -> Model<'_> {
        self.checked().expect("the layers were checked when the model was created")
    }

    /// Encodes the model file, with `metadata` and the activation ranges of this model.
    ///
    /// # Errors
    ///
    /// Returns [`Error::ClassNames`] if the metadata name some classes, but not as many as the model has.
    pub fn encode(&self, metadata: &Metadata<'_>) -> Result<Vec<u8>, Error> {
        let metadata = Metadata { activation_ranges: self.activation_ranges, ..*metadata };
        lenet_core::encode(&self.model(), &metadata)
    }
}

/// Converts the index of a convolution's tap from the file's order, HWC, to PyTorch's, CHW.
fn conv_tap<const TAPS: usize>(tap: usize) -> usize {
    let positions = KERNEL_SIDE * KERNEL_SIDE;
    let channels = TAPS / positions;
    tap % channels * positions + tap / channels
}

/// Converts the index of a flattened feature from the engine's order, HWC, to PyTorch's, CHW.
fn feature(index: usize) -> usize {
    (index % CONV2_CHANNELS) * POOL2_SIDE * POOL2_SIDE + index / CONV2_CHANNELS
}

/// The error for ternary weights in a layer that cannot have any.
fn ternary_refused(layer: Layer) -> Error {
    Error::WeightBits { layer, found: WeightBits::Ternary.count() }
}

impl<Int8, Int4, Ternary: TernaryBytes, const OUT: usize> HiddenBytes<Int8, Int4, Ternary, OUT> {
    fn new(layer: &IntegerLayer, weights: WeightBytes<Box<Int8>, Box<Int4>, Ternary>) -> Self {
        Self {
            weights,
            biases: from_fn(|output| layer.biases[output].to_le_bytes()),
            requants: from_fn(|output| layer.requants[output].to_bytes()),
            activation_bits: layer.activation_bits,
        }
    }

    fn layer(
        &self,
        name: Layer,
    ) -> Result<Hidden<'_, Weights<'_, Int8, Int4, Ternary::Borrowed<'_>>, OUT>, Error> {
        Hidden::new(name, self.weights.borrow(), &self.biases, &self.requants, self.activation_bits)
    }
}

impl<const TAPS: usize, const PAIRS: usize, const OUT: usize> ConvBytes<TAPS, PAIRS, OUT> {
    fn conv(name: Layer, layer: &IntegerLayer) -> Result<Self, Error> {
        let weight = |channel: usize, tap: usize| layer.weights[channel * TAPS + conv_tap::<TAPS>(tap)];
        let pair = |pair: usize, tap: usize| [weight(2 * pair, tap), weight(2 * pair + 1, tap)];
        let weights = match layer.bits {
            WeightBits::Eight => {
                WeightBytes::Int8(Box::new(from_fn(|p| from_fn(|t| pair(p, t).map(|w| w as u8)))))
            }
            WeightBits::Four => WeightBytes::Int4(Box::new(from_fn(|p| from_fn(|t| pack(pair(p, t)))))),
            WeightBits::Ternary => return Err(ternary_refused(name)),
        };
        Ok(Self::new(layer, weights))
    }
}

impl<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>
    DenseBytes<IN, HALF, FIFTH, OUT>
{
    /// Creates a layer. `input` converts the index of an input from the file's order to PyTorch's.
    fn dense(layer: &IntegerLayer, input: fn(usize) -> usize) -> Self {
        let weight = |output: usize, index: usize| layer.weights[output * IN + input(index)];
        let weights = match layer.bits {
            WeightBits::Eight => WeightBytes::Int8(Box::new(from_fn(|o| from_fn(|i| weight(o, i) as u8)))),
            WeightBits::Four => WeightBytes::Int4(Box::new(from_fn(|o| {
                from_fn(|i| pack([weight(o, 2 * i), weight(o, 2 * i + 1)]))
            }))),
            // A byte holds the weights of inputs that are FIFTH apart. Those past the last input are 0.
            WeightBits::Ternary => WeightBytes::Ternary(Box::new(from_fn(|o| {
                let digit = |index: usize| if index < IN { weight(o, index) } else { 0 };
                from_fn(|k| pack_ternary(from_fn(|place| digit(place * FIFTH + k))))
            }))),
        };
        Self::new(layer, weights)
    }
}

impl Fc3Bytes {
    fn new(layer: &IntegerLayer) -> Result<Self, Error> {
        let (rows, _) = layer.weights.as_chunks::<FC2_OUTPUTS>();
        let weights = match layer.bits {
            WeightBits::Eight => {
                WeightBytes::Int8(rows.iter().map(|row| row.map(|weight| weight as u8)).collect())
            }
            WeightBits::Four => WeightBytes::Int4(
                rows.iter().map(|row| from_fn(|i| pack([row[2 * i], row[2 * i + 1]]))).collect(),
            ),
            WeightBits::Ternary => return Err(ternary_refused(Layer::Fc3)),
        };
        Ok(Self { weights, biases: layer.biases.iter().map(|bias| bias.to_le_bytes()).collect() })
    }
}
