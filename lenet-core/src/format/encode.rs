//! From a model to the bytes of its file (feature `alloc`).

use super::{FILE_CRC, FORMAT_VERSION, HEADER_BYTES, MAGIC, Metadata, WEIGHT_ALIGNMENT};
use crate::error::Error;
use crate::model::{Hidden, Model};
use alloc::vec::Vec;
use serde::Serialize;

/// Writes a model and its metadata as the bytes of a file: the inverse of [`decode`](crate::decode).
///
/// # Errors
///
/// [`Error::ClassNames`] when the metadata do not name every class and do not leave all names out.
///
/// # Panics
///
/// Never for metadata of less than 4 GiB.
///
/// # Example
///
/// ```
/// let bytes = include_bytes!("../../../lenet-infer/assets/model.lenet");
/// let file = lenet_core::decode(bytes)?;
/// assert_eq!(lenet_core::encode(&file.model, &file.metadata)?, bytes);
/// # Ok::<(), lenet_core::Error>(())
/// ```
pub fn encode(model: &Model<'_>, metadata: &Metadata<'_>) -> Result<Vec<u8>, Error> {
    metadata.check_class_names(model.classes())?;
    let confidence = model.confidence();
    let mut file = File::new();
    file.field(&postcard::to_allocvec(metadata).expect("a vector takes any length").as_slice());
    file.field(&(model.classes() as u8));
    file.field(&confidence.requant.to_bytes());
    file.field(&confidence.threshold.to_le_bytes());
    let (conv1, conv2) = (model.conv1(), model.conv2());
    file.hidden(conv1, conv1.weights().bits(), conv1.weights().as_bytes());
    file.hidden(conv2, conv2.weights().bits(), conv2.weights().as_bytes());
    let (fc1, fc2, fc3) = (model.fc1(), model.fc2(), model.fc3());
    file.hidden(fc1, fc1.weights().bits(), fc1.weights().as_bytes());
    file.hidden(fc2, fc2.weights().bits(), fc2.weights().as_bytes());
    file.affine(fc3.bias_bytes().as_flattened(), fc3.weights().bits(), fc3.weights().as_bytes());
    Ok(file.finish())
}

/// A file as it grows: the header with a length still to come, then postcard field after postcard field.
struct File(Vec<u8>);

impl File {
    fn new() -> Self {
        let mut bytes = Vec::with_capacity(64 * 1024);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        Self(bytes)
    }

    fn field(&mut self, value: &impl Serialize) {
        self.0.extend(postcard::to_allocvec(value).expect("a vector takes any length"));
    }

    fn hidden<W: Copy, const OUT: usize>(
        &mut self,
        layer: &Hidden<'_, W, OUT>,
        weight_bits: u8,
        weights: &[u8],
    ) {
        self.field(&layer.activation_bits());
        self.field(&layer.requants().as_bytes().as_flattened());
        self.affine(layer.biases().as_bytes().as_flattened(), weight_bits, weights);
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
        let crc = FILE_CRC.checksum(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }
}
