//! From bytes to a checked model.

use super::layer_bytes::LayerBytes;
use super::reader::Reader;
use super::{CRC_BYTES, FILE_CRC, FORMAT_VERSION, HEADER_BYTES, MAGIC, Metadata};
use crate::error::{Error, Layer};
use crate::model::{Confidence, Model};
use crate::requant::Requant;
use crate::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, MAX_CLASSES,
    MIN_CLASSES, POOL2_LEN,
};

/// A checked model file: its model, its metadata and its bytes.
///
/// [`decode`] makes it at run time and [`include_model!`](crate::include_model) while the program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelFile<'a> {
    /// The bytes of the file, from the magic to the checksum.
    pub bytes: &'a [u8],
    /// The model. Its weights lie in [`bytes`](Self::bytes).
    pub model: Model<'a>,
    /// What the file says of its model. Inference needs none of it.
    pub metadata: Metadata<'a>,
}

impl ModelFile<'_> {
    /// The checksum that ends the file. It tells one model from another.
    #[must_use]
    pub const fn crc(&self) -> u32 {
        match self.bytes.last_chunk() {
            Some(crc) => u32::from_le_bytes(*crc),
            None => 0,
        }
    }
}

/// Reads a model file in place: the weights stay where they are.
///
/// `bytes` may be longer than the file, as a flash partition is; the length of [`ModelFile::bytes`] says how long the
/// file was. Any bytes give a model or an error, and a model has exactly one encoding: `encode` of what was read gives
/// back the same bytes.
///
/// A board that does not use the metadata saves flash with [`Model::decode`]. The file may lie at any address. Cores read
/// weights fastest at multiples of [`WEIGHT_ALIGNMENT`](super::WEIGHT_ALIGNMENT).
///
/// # Errors
///
/// The first thing found wrong, in the order magic, version, length, checksum, then field by field.
///
/// # Example
///
/// ```
/// use lenet_core::{Error, decode};
///
/// let partition = include_bytes!("../../../lenet-infer/assets/model.lenet");
/// let file = decode(partition)?;
/// assert_eq!(file.model.classes(), 10);
/// assert_eq!(decode(&partition[..100]), Err(Error::Length { expected: 45_898, found: 86 }));
/// # Ok::<(), Error>(())
/// ```
pub const fn decode(bytes: &[u8]) -> Result<ModelFile<'_>, Error> {
    let envelope = check!(Envelope::split(bytes));
    check!(envelope.check(FILE_CRC.checksum(envelope.checked)));
    envelope.open()
}

impl<'a> Model<'a> {
    /// Reads a model in place, without the metadata, and returns it with the length of its file.
    ///
    /// This is for boards that decode at run time: it takes less flash than [`decode`](fn@decode), which also reads the
    /// metadata.
    ///
    /// # Errors
    ///
    /// Those of [`decode`](fn@decode), but invalid metadata go unnoticed.
    ///
    /// # Example
    ///
    /// ```
    /// use lenet_core::Model;
    ///
    /// let partition = [include_bytes!("../../../lenet-infer/assets/model.lenet"), &[0xFF; 100][..]].concat();
    /// let (model, length) = Model::decode(&partition)?;
    /// assert_eq!((model.classes(), length), (10, partition.len() - 100));
    /// # Ok::<(), lenet_core::Error>(())
    /// ```
    // Out of line, so that a program can ask for small code here and for fast code where it classifies.
    #[inline(never)]
    pub const fn decode(bytes: &'a [u8]) -> Result<(Self, usize), Error> {
        let envelope = check!(Envelope::split(bytes));
        check!(envelope.check(FILE_CRC.checksum(envelope.checked)));
        let (model, _) = check!(envelope.model());
        Ok((model, envelope.file.len()))
    }
}

/// A file whose header has been checked.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    /// The whole file.
    file: &'a [u8],
    /// The bytes that the checksum covers: the header and the body.
    pub(super) checked: &'a [u8],
    /// The postcard fields.
    body: &'a [u8],
    /// The checksum that the file has.
    crc: u32,
}

impl<'a> Envelope<'a> {
    /// Checks magic, version and length, in this order.
    pub(super) const fn split(bytes: &'a [u8]) -> Result<Self, Error> {
        let too_short = Error::TooShort { expected: HEADER_BYTES + CRC_BYTES, found: bytes.len() };
        let Some((magic, rest)) = bytes.split_first_chunk() else { return Err(too_short) };
        if u32::from_le_bytes(*magic) != u32::from_le_bytes(MAGIC) {
            return Err(Error::Magic { found: *magic });
        }
        let Some((version, rest)) = rest.split_first_chunk() else { return Err(too_short) };
        let version = u16::from_le_bytes(*version);
        if version != FORMAT_VERSION {
            return Err(Error::Version { expected: FORMAT_VERSION, found: version });
        }
        let Some((length, rest)) = rest.split_first_chunk() else { return Err(too_short) };
        let length = u32::from_le_bytes(*length);
        let wrong_length = Error::Length { expected: length, found: rest.len().saturating_sub(CRC_BYTES) };
        let Some((body, rest)) = rest.split_at_checked(length as usize) else { return Err(wrong_length) };
        let Some((crc, _)) = rest.split_first_chunk() else { return Err(wrong_length) };
        let end = HEADER_BYTES.wrapping_add(body.len());
        let Some((checked, _)) = bytes.split_at_checked(end) else { return Err(wrong_length) };
        let Some((file, _)) = bytes.split_at_checked(end.wrapping_add(CRC_BYTES)) else {
            return Err(wrong_length);
        };
        Ok(Self { file, checked, body, crc: u32::from_le_bytes(*crc) })
    }

    /// Compares the checksum of [`checked`](Self::checked) with that of the file.
    pub(super) const fn check(&self, expected: u32) -> Result<(), Error> {
        if expected == self.crc { Ok(()) } else { Err(Error::Crc { expected, found: self.crc }) }
    }

    /// Reads the whole body.
    pub(super) const fn open(&self) -> Result<ModelFile<'a>, Error> {
        let (model, metadata) = check!(self.model());
        let metadata = check!(Metadata::read(metadata, model.classes()));
        Ok(ModelFile { bytes: self.file, model, metadata })
    }

    /// Reads the model, and returns it with the bytes of the metadata.
    #[inline(always)]
    const fn model(&self) -> Result<(Model<'a>, &'a [u8]), Error> {
        let mut fields = Reader::new(self.body, HEADER_BYTES);
        let metadata = check!(fields.bytes());
        let classes = check!(fields.byte());
        let found = classes as usize;
        if found < MIN_CLASSES || found > MAX_CLASSES {
            return Err(Error::ClassCount { found });
        }
        let confidence = check!(read_confidence(&mut fields));
        let mut layers = [LayerBytes::EMPTY; SHAPES.len()];
        let mut index = 0;
        while index < SHAPES.len() {
            let (layer, hidden, taps) = SHAPES[index];
            let outputs = if matches!(layer, Layer::Fc3) { classes } else { hidden };
            check!(layers[index].read(&mut fields, layer, outputs, taps));
            index += 1;
        }
        if !fields.rest().is_empty() {
            return Err(Error::TrailingBytes { found: fields.rest().len() });
        }
        let [conv1, conv2, fc1, fc2, fc3] = &layers;
        let (Some(conv1), Some(conv2)) = (conv1.conv(), conv2.conv()) else { return Err(Error::Body) };
        let (Some(fc1), Some(fc2)) = (fc1.dense(), fc2.dense()) else { return Err(Error::Body) };
        let Some(fc3) = fc3.fc3(classes) else { return Err(Error::Body) };
        Ok((Model::new(conv1, conv2, fc1, fc2, fc3, confidence), metadata))
    }
}

const fn read_confidence(fields: &mut Reader<'_>) -> Result<Confidence, Error> {
    let requant = check!(fields.array());
    let threshold = u16::from_le_bytes(check!(fields.array()));
    match Requant::from_bytes(requant) {
        Some(requant) => Ok(Confidence { requant, threshold }),
        None => Err(Error::PreShift { layer: Layer::Confidence, channel: 0, found: requant[2] }),
    }
}

/// The layers in the order of the file, with the number of their outputs and of the weights of each output. `fc3` has one
/// output per class.
const SHAPES: [(Layer, u8, u16); 5] = [
    (Layer::Conv1, CONV1_CHANNELS as u8, CONV1_TAPS as u16),
    (Layer::Conv2, CONV2_CHANNELS as u8, CONV2_TAPS as u16),
    (Layer::Fc1, FC1_OUTPUTS as u8, POOL2_LEN as u16),
    (Layer::Fc2, FC2_OUTPUTS as u8, FC1_OUTPUTS as u16),
    (Layer::Fc3, 0, FC2_OUTPUTS as u16),
];

// No shape is cut by its type, and the largest number of weights fits in a `usize` of 32 bits.
const _: () = {
    assert!(CONV1_CHANNELS <= 255 && CONV2_CHANNELS <= 255 && FC1_OUTPUTS <= 255 && FC2_OUTPUTS <= 255);
    assert!(MAX_CLASSES <= 255 && CONV1_TAPS <= 65_535 && CONV2_TAPS <= 65_535 && POOL2_LEN <= 65_535);
};
