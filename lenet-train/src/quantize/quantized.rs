//! A quantised model that owns its bytes, in the order of the file.

use super::Layer;
use lenet_core::model::{Biases, Conv, Dense, Logits, Metadata, Requants};
use lenet_core::shape::{
    CLASSES, CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN,
};
use lenet_core::{Model, Requant};

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
}

/// Bytes of a layer whose outputs are requantised.
#[derive(Clone, Debug, PartialEq)]
struct Bytes<const ROW: usize, const ROWS: usize, const OUT: usize> {
    weights: Box<[[u8; ROW]; ROWS]>,
    biases: [[u8; 4]; OUT],
    requants: [[u8; Requant::BYTES]; OUT],
}

/// A quantised model, ready to run or to encode.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedModel {
    /// Where it comes from.
    pub provenance: Provenance,
    activation_ranges: [u32; 4],
    confidence: Requant,
    conv1: Bytes<CONV1_CHANNELS, CONV1_TAPS, CONV1_CHANNELS>,
    conv2: Bytes<CONV2_CHANNELS, CONV2_TAPS, CONV2_CHANNELS>,
    fc1: Bytes<POOL2_LEN, FC1_OUTPUTS, FC1_OUTPUTS>,
    fc2: Bytes<FC1_OUTPUTS, FC2_OUTPUTS, FC2_OUTPUTS>,
    fc3: Bytes<FC2_OUTPUTS, CLASSES, CLASSES>,
}

impl QuantizedModel {
    pub(super) fn new(
        provenance: Provenance,
        activation_ranges: [u32; 4],
        confidence: Requant,
        [conv1, conv2, fc1, fc2, fc3]: [&Layer; 5],
    ) -> Self {
        Self {
            provenance,
            activation_ranges,
            confidence,
            conv1: Bytes::by_tap(conv1),
            conv2: Bytes::by_tap(conv2),
            fc1: Bytes::by_output(fc1),
            fc2: Bytes::by_output(fc2),
            fc3: Bytes::by_output(fc3),
        }
    }

    /// The model as the engine takes it.
    pub fn model(&self) -> Model<'_> {
        let provenance = &self.provenance;
        Model {
            metadata: Metadata {
                dataset: &provenance.dataset,
                recipe: &provenance.recipe,
                seed: provenance.seed,
                classes: CLASSES as u8,
                validation_correct: provenance.validation_correct,
                validation_images: provenance.validation_images,
                activation_ranges: self.activation_ranges,
            },
            conv1: self.conv1.conv(),
            conv2: self.conv2.conv(),
            fc1: self.fc1.dense(),
            fc2: self.fc2.dense(),
            fc3: Logits { weights: &self.fc3.weights, biases: Biases::new(&self.fc3.biases) },
            confidence: self.confidence,
        }
    }

    /// The bytes of the model file.
    pub fn encode(&self) -> Vec<u8> {
        lenet_core::encode(&self.model())
    }
}

impl<const ROW: usize, const ROWS: usize, const OUT: usize> Bytes<ROW, ROWS, OUT> {
    /// `weight(row, column)` in place; the last layer's missing requants stay 0 and are never read.
    fn new(layer: &Layer, weight: impl Fn(usize, usize) -> i8) -> Self {
        let mut weights = Box::new([[0; ROW]; ROWS]);
        for (row, bytes) in weights.iter_mut().enumerate() {
            for (column, byte) in bytes.iter_mut().enumerate() {
                *byte = weight(row, column) as u8;
            }
        }
        let mut requants = [[0; Requant::BYTES]; OUT];
        for (bytes, requant) in requants.iter_mut().zip(&layer.requants) {
            *bytes = requant.to_bytes();
        }
        Self { weights, biases: std::array::from_fn(|o| layer.biases[o].to_le_bytes()), requants }
    }
}

impl<const TAPS: usize, const OUT: usize> Bytes<OUT, TAPS, OUT> {
    fn by_tap(layer: &Layer) -> Self {
        Self::new(layer, |tap, output| layer.weights[output * TAPS + tap])
    }

    fn conv(&self) -> Conv<'_, TAPS, OUT> {
        Conv {
            weights: &self.weights,
            biases: Biases::new(&self.biases),
            requants: Requants::new(&self.requants),
        }
    }
}

impl<const IN: usize, const OUT: usize> Bytes<IN, OUT, OUT> {
    fn by_output(layer: &Layer) -> Self {
        Self::new(layer, |output, input| layer.weights[output * IN + input])
    }

    fn dense(&self) -> Dense<'_, IN, OUT> {
        Dense {
            weights: &self.weights,
            biases: Biases::new(&self.biases),
            requants: Requants::new(&self.requants),
        }
    }
}
