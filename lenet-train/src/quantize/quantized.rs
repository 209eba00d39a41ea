//! A quantised model that owns its bytes, in the order of the file.

use super::{IntegerLayer, WeightBits};
use lenet_core::model::{Biases, Conv, Dense, Metadata, Requants, Weights, pack};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, FC1_OUTPUTS,
    FC2_OUTPUTS, KERNEL_SIDE, POOL2_LEN, POOL2_SIDE,
};
use lenet_core::{AnyLogits, AnyModel, Requant};
use std::array::from_fn;

/// Where a model comes from, for its metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Name of the data set.
    pub dataset: String,
    /// Name of the recipe.
    pub recipe: String,
    /// Seed of the run.
    pub seed: u64,
    /// Validation images that the quantised model classifies correctly.
    pub validation_correct: u32,
    /// Validation images; 0 when none were held out.
    pub validation_images: u32,
    /// The classes' names, one a line; empty where they have none.
    pub class_names: String,
    /// The confidence from which a prediction is confident, in 1/256 nat; 0 when none was chosen.
    pub confidence_threshold: u16,
}

/// A layer's weights as bytes of the file.
#[derive(Clone, Debug, PartialEq)]
enum WeightBytes<Int8, Int4> {
    Int8(Box<Int8>),
    Int4(Box<Int4>),
}

impl<Int8, Int4> WeightBytes<Int8, Int4> {
    fn borrow(&self) -> Weights<'_, Int8, Int4> {
        match self {
            Self::Int8(weights) => Weights::Int8(weights),
            Self::Int4(weights) => Weights::Int4(weights),
        }
    }
}

/// What a layer has one of for each output.
#[derive(Clone, Debug, PartialEq)]
struct PerOutput<const OUT: usize> {
    biases: [[u8; 4]; OUT],
    requants: [[u8; Requant::BYTES]; OUT],
}

impl<const OUT: usize> PerOutput<OUT> {
    fn new(layer: &IntegerLayer) -> Self {
        let mut requants = [[0; Requant::BYTES]; OUT];
        for (bytes, requant) in requants.iter_mut().zip(&layer.requants) {
            *bytes = requant.to_bytes();
        }
        Self { biases: std::array::from_fn(|o| layer.biases[o].to_le_bytes()), requants }
    }
}

/// Bytes of a convolution.
#[derive(Clone, Debug, PartialEq)]
struct ConvBytes<const TAPS: usize, const PAIRS: usize, const OUT: usize> {
    weights: WeightBytes<[[[u8; 2]; TAPS]; PAIRS], [[u8; TAPS]; PAIRS]>,
    outputs: PerOutput<OUT>,
    activation_bits: u8,
}

/// Bytes of a fully-connected layer.
#[derive(Clone, Debug, PartialEq)]
struct DenseBytes<const IN: usize, const HALF: usize, const OUT: usize> {
    weights: WeightBytes<[[u8; IN]; OUT], [[u8; HALF]; OUT]>,
    outputs: PerOutput<OUT>,
    activation_bits: u8,
}

/// Bytes of the last layer, whose number of outputs is that of the classes.
#[derive(Clone, Debug, PartialEq)]
struct LogitBytes {
    weight_bits: u8,
    weights: Vec<u8>,
    biases: Vec<u8>,
}

/// A quantised model, ready to run or to encode.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedModel {
    /// Where it comes from.
    pub provenance: Provenance,
    activation_ranges: [u32; 4],
    confidence: Requant,
    conv1: ConvBytes<CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    conv2: ConvBytes<CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    fc1: DenseBytes<POOL2_LEN, { POOL2_LEN / 2 }, FC1_OUTPUTS>,
    fc2: DenseBytes<FC1_OUTPUTS, { FC1_OUTPUTS / 2 }, FC2_OUTPUTS>,
    fc3: LogitBytes,
}

impl QuantizedModel {
    pub(super) fn new(
        provenance: Provenance,
        activation_ranges: [u32; 4],
        confidence: Requant,
        [conv1, conv2, fc1, fc2, fc3]: &[IntegerLayer; 5],
    ) -> Self {
        Self {
            provenance,
            activation_ranges,
            confidence,
            conv1: ConvBytes::new(conv1),
            conv2: ConvBytes::new(conv2),
            fc1: DenseBytes::new(fc1, feature),
            fc2: DenseBytes::new(fc2, |input| input),
            fc3: LogitBytes::new(fc3),
        }
    }

    /// The model as the engine takes it.
    pub fn model(&self) -> AnyModel<'_> {
        AnyModel {
            conv1: self.conv1.conv(),
            conv2: self.conv2.conv(),
            fc1: self.fc1.dense(),
            fc2: self.fc2.dense(),
            fc3: self.fc3.logits(),
            confidence: self.confidence,
            confidence_threshold: self.provenance.confidence_threshold,
        }
    }

    /// What its file says of it.
    pub fn metadata(&self) -> Metadata<'_> {
        let provenance = &self.provenance;
        Metadata {
            dataset: &provenance.dataset,
            recipe: &provenance.recipe,
            seed: provenance.seed,
            class_names: &provenance.class_names,
            validation_correct: provenance.validation_correct,
            validation_images: provenance.validation_images,
            activation_ranges: self.activation_ranges,
        }
    }

    /// The bytes of the model file.
    pub fn encode(&self) -> Vec<u8> {
        self.model().encode(&self.metadata())
    }
}

/// From the file's tap of a convolution, HWC, to PyTorch's, CHW.
fn conv_tap<const TAPS: usize>(tap: usize) -> usize {
    let positions = KERNEL_SIDE * KERNEL_SIDE;
    let channels = TAPS / positions;
    tap % channels * positions + tap / channels
}

/// From the engine's order of the flattened features, HWC, to PyTorch's, CHW.
fn feature(index: usize) -> usize {
    (index % CONV2_CHANNELS) * POOL2_SIDE * POOL2_SIDE + index / CONV2_CHANNELS
}

impl<const TAPS: usize, const PAIRS: usize, const OUT: usize> ConvBytes<TAPS, PAIRS, OUT> {
    fn new(layer: &IntegerLayer) -> Self {
        let weight = |channel: usize, tap: usize| layer.weights[channel * TAPS + conv_tap::<TAPS>(tap)];
        let pair = |pair: usize, tap: usize| [weight(2 * pair, tap), weight(2 * pair + 1, tap)];
        let weights = match layer.bits {
            WeightBits::Eight => {
                WeightBytes::Int8(Box::new(from_fn(|p| from_fn(|t| pair(p, t).map(|w| w as u8)))))
            }
            WeightBits::Four => WeightBytes::Int4(Box::new(from_fn(|p| from_fn(|t| pack(pair(p, t)))))),
        };
        Self { weights, outputs: PerOutput::new(layer), activation_bits: layer.activation_bits }
    }

    fn conv(&self) -> Conv<'_, TAPS, PAIRS, OUT> {
        Conv {
            weights: self.weights.borrow(),
            biases: Biases::new(&self.outputs.biases),
            requants: Requants::new(&self.outputs.requants),
            activation_bits: self.activation_bits,
        }
    }
}

impl<const IN: usize, const HALF: usize, const OUT: usize> DenseBytes<IN, HALF, OUT> {
    /// `input` gives PyTorch's input for the file's.
    fn new(layer: &IntegerLayer, input: fn(usize) -> usize) -> Self {
        let weight = |output: usize, index: usize| layer.weights[output * IN + input(index)];
        let weights = match layer.bits {
            WeightBits::Eight => WeightBytes::Int8(Box::new(from_fn(|o| from_fn(|i| weight(o, i) as u8)))),
            WeightBits::Four => WeightBytes::Int4(Box::new(from_fn(|o| {
                from_fn(|i| pack([weight(o, 2 * i), weight(o, 2 * i + 1)]))
            }))),
        };
        Self { weights, outputs: PerOutput::new(layer), activation_bits: layer.activation_bits }
    }

    fn dense(&self) -> Dense<'_, IN, HALF, OUT> {
        Dense {
            weights: self.weights.borrow(),
            biases: Biases::new(&self.outputs.biases),
            requants: Requants::new(&self.outputs.requants),
            activation_bits: self.activation_bits,
        }
    }
}

impl LogitBytes {
    fn new(layer: &IntegerLayer) -> Self {
        let weights = match layer.bits {
            WeightBits::Eight => layer.weights.iter().map(|&weight| weight as u8).collect(),
            WeightBits::Four => layer.weights.as_chunks().0.iter().map(|&pair| pack(pair)).collect(),
        };
        let biases = layer.biases.iter().flat_map(|bias| bias.to_le_bytes()).collect();
        Self { weight_bits: layer.bits.count(), weights, biases }
    }

    fn logits(&self) -> AnyLogits<'_> {
        AnyLogits::new(self.weight_bits, &self.weights, &self.biases).expect("2 to 64 rows of 84 weights")
    }
}
