//! Writing a model file (feature `alloc`).

use crate::any::AnyModel;
use crate::blob::{CRC, HEADER_BYTES, MAGIC, VERSION, WEIGHT_ALIGNMENT};
use crate::model::{ConvWeights, DenseWeights, Metadata, Model, Requants, Weights};
use alloc::vec::Vec;
use serde::Serialize;

/// Writes a model and what is to be said of it as a file's bytes: the inverse of [`decode`](crate::decode) and
/// [`metadata`](crate::metadata).
///
/// # Panics
///
/// Never for a model of this network: its body is far shorter than the 4 GiB that the header can say.
pub fn encode<const C: usize>(model: &Model<'_, C>, metadata: &Metadata<'_>) -> Vec<u8> {
    AnyModel::from(*model).encode(metadata)
}

impl AnyModel<'_> {
    /// The model and what is to be said of it as a file's bytes: the inverse of [`AnyModel::decode`] and
    /// [`metadata`](crate::metadata).
    ///
    /// # Panics
    ///
    /// Never for a model of this network: its body is far shorter than the 4 GiB that the header can say.
    pub fn encode(&self, metadata: &Metadata<'_>) -> Vec<u8> {
        let Self { conv1, conv2, fc1, fc2, fc3, confidence, confidence_threshold } = self;
        let mut file = File::new();
        file.field(&postcard::to_allocvec(metadata).expect("a vector takes any length").as_slice());
        file.field(&(fc3.classes() as u8));
        file.field(&confidence.to_bytes());
        file.field(&confidence_threshold.to_le_bytes());
        file.hidden(conv1.activation_bits, conv1.requants);
        file.affine(conv1.biases.as_bytes().as_flattened(), conv1.weights.bits(), conv_bytes(&conv1.weights));
        file.hidden(conv2.activation_bits, conv2.requants);
        file.affine(conv2.biases.as_bytes().as_flattened(), conv2.weights.bits(), conv_bytes(&conv2.weights));
        file.hidden(fc1.activation_bits, fc1.requants);
        file.affine(fc1.biases.as_bytes().as_flattened(), fc1.weights.bits(), dense_bytes(&fc1.weights));
        file.hidden(fc2.activation_bits, fc2.requants);
        file.affine(fc2.biases.as_bytes().as_flattened(), fc2.weights.bits(), dense_bytes(&fc2.weights));
        file.affine(fc3.biases, fc3.weight_bits, fc3.weights);
        file.finish()
    }
}

fn conv_bytes<'a, const TAPS: usize, const PAIRS: usize>(weights: &ConvWeights<'a, TAPS, PAIRS>) -> &'a [u8] {
    match weights {
        Weights::Int8(weights) => weights.as_flattened().as_flattened(),
        Weights::Int4(weights) => weights.as_flattened(),
    }
}

pub(crate) fn dense_bytes<'a, const IN: usize, const HALF: usize, const OUT: usize>(
    weights: &DenseWeights<'a, IN, HALF, OUT>,
) -> &'a [u8] {
    match weights {
        Weights::Int8(weights) => weights.as_flattened(),
        Weights::Int4(weights) => weights.as_flattened(),
    }
}

/// A file as it grows: the header with a length still to come, then postcard field after postcard field.
struct File(Vec<u8>);

impl File {
    fn new() -> Self {
        let mut bytes = Vec::with_capacity(64 * 1024);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        Self(bytes)
    }

    fn field(&mut self, value: &impl Serialize) {
        self.0.extend(postcard::to_allocvec(value).expect("a vector takes any length"));
    }

    fn hidden<const OUT: usize>(&mut self, activation_bits: u8, requants: Requants<'_, OUT>) {
        self.field(&activation_bits);
        self.field(&requants.0.as_flattened());
    }

    fn affine(&mut self, biases: &[u8], weight_bits: u8, weights: &[u8]) {
        self.field(&biases);
        self.field(&weight_bits);
        let length = postcard::to_allocvec(&weights.len()).expect("a vector takes any length");
        // One byte for the padding's own length.
        let unpadded = self.0.len() + 1 + length.len();
        let padding = [0; WEIGHT_ALIGNMENT];
        self.field(&&padding[..unpadded.next_multiple_of(WEIGHT_ALIGNMENT) - unpadded]);
        self.0.extend(length);
        self.0.extend_from_slice(weights);
    }

    fn finish(self) -> Vec<u8> {
        let mut bytes = self.0;
        let length = u32::try_from(bytes.len() - HEADER_BYTES).expect("a model is far shorter than 4 GiB");
        bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
        let crc = CRC.checksum(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }
}
