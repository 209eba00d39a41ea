#![doc = include_str!("../README.md")]

use crate::error::Error;
use crate::model::{
    Biases, Conv, ConvWeights, Dense, DenseWeights, Logits, MAX_BIAS, Metadata, Model, Requants, Weights,
};
use crate::quant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS, Requant};
use crate::reader::Reader;
use crate::shape::{MAX_CLASSES, MIN_CLASSES};

/// The first four bytes of every model file.
pub const MAGIC: [u8; 4] = *b"LNET";
/// The format version that this code writes and reads.
pub const VERSION: u16 = 2;
/// Magic, version and body length.
pub const HEADER_BYTES: usize = 10;
/// The checksum at the end.
pub const CRC_BYTES: usize = 4;
/// A layer's weights start at a multiple of this, counted from the start of the file.
pub const WEIGHT_ALIGNMENT: usize = 4;

/// A board takes the checksum a bit at a time: that costs time once, at start-up, where a table would cost flash.
#[cfg(not(feature = "alloc"))]
type CrcTable = crc::NoTable;
/// A host has room for tables.
#[cfg(feature = "alloc")]
type CrcTable = crc::Table<16>;

/// CRC-32/ISO-HDLC, as in zlib and PNG.
pub(crate) static CRC: crc::Crc<u32, CrcTable> = crc::Crc::<u32, CrcTable>::new(&crc::CRC_32_ISO_HDLC);

/// The frame around a model: what can be said of a file before its body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Format version, always [`VERSION`].
    pub version: u16,
    /// The postcard bytes.
    pub body: &'a [u8],
    /// The checksum, found equal to that of the bytes.
    pub crc: u32,
}

impl<'a> Frame<'a> {
    /// Checks magic, version, length and checksum, in this order.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`], [`Error::Magic`], [`Error::Version`], [`Error::Length`] or [`Error::Crc`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let too_short = Error::TooShort { expected: HEADER_BYTES + CRC_BYTES, found: bytes.len() };
        let (magic, rest) = bytes.split_first_chunk().ok_or(too_short)?;
        if *magic != MAGIC {
            return Err(Error::Magic { found: *magic });
        }
        let (version, rest) = rest.split_first_chunk().ok_or(too_short)?;
        let version = u16::from_le_bytes(*version);
        if version != VERSION {
            return Err(Error::Version { expected: VERSION, found: version });
        }
        let (length, rest) = rest.split_first_chunk().ok_or(too_short)?;
        let length = u32::from_le_bytes(*length);
        let (body, stored) = rest.split_last_chunk().ok_or(too_short)?;
        if u64::from(length) != body.len() as u64 {
            let expected = u64::from(length) + (HEADER_BYTES + CRC_BYTES) as u64;
            return Err(Error::Length { expected, found: bytes.len() });
        }
        let (checked, _) = bytes.split_last_chunk::<CRC_BYTES>().ok_or(too_short)?;
        let (expected, found) = (CRC.checksum(checked), u32::from_le_bytes(*stored));
        if expected != found {
            return Err(Error::Crc { expected, found });
        }
        Ok(Self { version, body, crc: found })
    }
}

/// Reads a model of ten classes out of a file's bytes, borrowing its weights in place. Total: any bytes give `Ok` or
/// `Err`. For another number of classes there is [`Model::decode`].
///
/// # Errors
///
/// The [`Error`] that names the first thing found wrong.
///
/// # Example
///
/// ```
/// assert!(matches!(lenet_core::decode(b"LNET"), Err(lenet_core::Error::TooShort { .. })));
/// ```
pub fn decode(bytes: &[u8]) -> Result<Model<'_>, Error> {
    Model::decode(bytes)
}

impl<'a, const C: usize> Model<'a, C> {
    /// Reads a model of `C` classes, 2 to 64, out of a file's bytes, as [`decode`] does for ten.
    ///
    /// # Errors
    ///
    /// The [`Error`] that names the first thing found wrong.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        const { assert!(MIN_CLASSES <= C && C <= MAX_CLASSES) };
        let Body { classes, mut fields, .. } = Body::read(bytes)?;
        if usize::from(classes) != C {
            return Err(Error::Classes { expected: C as u8, found: classes });
        }
        let confidence = fields.array()?;
        let [_, _, found] = confidence;
        let confidence = Requant::from_bytes(confidence).ok_or(Error::PreShift {
            layer: "confidence",
            channel: 0,
            found,
        })?;
        let confidence_threshold = u16::from_le_bytes(fields.array()?);
        let conv1 = Hidden::read(&mut fields, "conv1")?.conv()?;
        let conv2 = Hidden::read(&mut fields, "conv2")?.conv()?;
        let fc1 = Hidden::read(&mut fields, "fc1")?.dense()?;
        let fc2 = Hidden::read(&mut fields, "fc2")?.dense()?;
        let fc3 = Affine::read(&mut fields, "fc3")?.logits()?;
        let Reader(rest) = fields;
        if !rest.is_empty() {
            return Err(Error::TrailingBytes { found: rest.len() });
        }
        Ok(Self { conv1, conv2, fc1, fc2, fc3, confidence, confidence_threshold })
    }
}

/// The number of classes of a file, for a program that takes any: what to choose `C` of [`Model::decode`] by.
///
/// # Errors
///
/// As [`decode`], as far as the class count goes.
pub fn classes(bytes: &[u8]) -> Result<usize, Error> {
    Ok(usize::from(Body::read(bytes)?.classes))
}

/// What a file says of its model. Inference needs none of it, so [`decode`] steps over it.
///
/// # Errors
///
/// As [`decode`] for the frame, [`Error::Body`] or [`Error::ClassNames`].
pub fn metadata(bytes: &[u8]) -> Result<Metadata<'_>, Error> {
    let body = Body::read(bytes)?;
    let metadata: Metadata<'_> = postcard::from_bytes(body.metadata).map_err(|_| Error::Body)?;
    let found = metadata.class_names.split('\n').count();
    if !metadata.class_names.is_empty() && found != usize::from(body.classes) {
        return Err(Error::ClassNames { expected: body.classes, found });
    }
    Ok(metadata)
}

/// The start of a body, and the fields that are still to be read.
struct Body<'a> {
    metadata: &'a [u8],
    classes: u8,
    fields: Reader<'a>,
}

impl<'a> Body<'a> {
    fn read(file: &'a [u8]) -> Result<Self, Error> {
        let mut fields = Reader(Frame::read(file)?.body);
        Ok(Self { metadata: fields.bytes()?, classes: fields.byte()?, fields })
    }
}

/// A layer whose outputs are requantised.
struct Hidden<'a> {
    activation_bits: u8,
    requants: &'a [u8],
    affine: Affine<'a>,
}

struct Affine<'a> {
    layer: &'static str,
    biases: &'a [u8],
    weight_bits: u8,
    weights: &'a [u8],
}

impl<'a> Hidden<'a> {
    fn read(fields: &mut Reader<'a>, layer: &'static str) -> Result<Self, Error> {
        let found = fields.byte()?;
        if !(MIN_ACTIVATION_BITS..=MAX_ACTIVATION_BITS).contains(&found) {
            return Err(Error::ActivationBits { layer, found });
        }
        Ok(Self { activation_bits: found, requants: fields.bytes()?, affine: Affine::read(fields, layer)? })
    }

    fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        &self,
    ) -> Result<Conv<'a, TAPS, PAIRS, OUT>, Error> {
        const { assert!(OUT == 2 * PAIRS) };
        Ok(Conv {
            weights: self.affine.conv_weights()?,
            biases: self.affine.biases()?,
            requants: self.requants()?,
            activation_bits: self.activation_bits,
        })
    }

    fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
    ) -> Result<Dense<'a, IN, HALF, OUT>, Error> {
        Ok(Dense {
            weights: self.affine.dense_weights()?,
            biases: self.affine.biases()?,
            requants: self.requants()?,
            activation_bits: self.activation_bits,
        })
    }

    fn requants<const OUT: usize>(&self) -> Result<Requants<'a, OUT>, Error> {
        let layer = self.affine.layer;
        let rows: &[_; OUT] = rows(self.requants, layer, "requants")?;
        check_requants(rows, layer)?;
        Ok(Requants::new(rows))
    }
}

impl<'a> Affine<'a> {
    fn read(fields: &mut Reader<'a>, layer: &'static str) -> Result<Self, Error> {
        let biases = fields.bytes()?;
        let weight_bits = fields.byte()?;
        let padding = fields.bytes()?.len();
        if padding >= WEIGHT_ALIGNMENT {
            return Err(Error::FieldSize { layer, field: "padding", expected: 0, found: padding });
        }
        Ok(Self { layer, biases, weight_bits, weights: fields.bytes()? })
    }

    fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
    ) -> Result<Logits<'a, IN, HALF, OUT>, Error> {
        Ok(Logits { weights: self.dense_weights()?, biases: self.biases()? })
    }

    fn conv_weights<const TAPS: usize, const PAIRS: usize>(
        &self,
    ) -> Result<ConvWeights<'a, TAPS, PAIRS>, Error> {
        let Self { layer, weight_bits, weights, .. } = *self;
        match weight_bits {
            8 => {
                let (taps, _) = weights.as_chunks();
                let (pairs, _) = taps.as_chunks();
                let (expected, found) = (2 * TAPS * PAIRS, weights.len());
                match pairs.try_into() {
                    Ok(pairs) if found == expected => Ok(Weights::Int8(pairs)),
                    _ => Err(Error::FieldSize { layer, field: "weights", expected, found }),
                }
            }
            4 => Ok(Weights::Int4(rows(weights, layer, "weights")?)),
            found => Err(Error::WeightBits { layer, found }),
        }
    }

    fn dense_weights<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
    ) -> Result<DenseWeights<'a, IN, HALF, OUT>, Error> {
        const { assert!(IN == 2 * HALF) };
        let Self { layer, weight_bits, weights, .. } = *self;
        match weight_bits {
            8 => Ok(Weights::Int8(rows(weights, layer, "weights")?)),
            4 => Ok(Weights::Int4(rows(weights, layer, "weights")?)),
            found => Err(Error::WeightBits { layer, found }),
        }
    }

    fn biases<const OUT: usize>(&self) -> Result<Biases<'a, OUT>, Error> {
        let rows: &[_; OUT] = rows(self.biases, self.layer, "biases")?;
        check_biases(rows, self.layer)?;
        Ok(Biases::new(rows))
    }
}

/// `bytes` as exactly `ROWS` rows of `ROW` bytes.
fn rows<'a, const ROW: usize, const ROWS: usize>(
    bytes: &'a [u8],
    layer: &'static str,
    field: &'static str,
) -> Result<&'a [[u8; ROW]; ROWS], Error> {
    let (rows, rest) = bytes.as_chunks();
    match rows.try_into() {
        Ok(rows) if rest.is_empty() => Ok(rows),
        _ => Err(Error::FieldSize { layer, field, expected: ROW * ROWS, found: bytes.len() }),
    }
}

fn check_biases(biases: &[[u8; 4]], layer: &'static str) -> Result<(), Error> {
    for (channel, bias) in biases.iter().enumerate() {
        let found = i32::from_le_bytes(*bias);
        if !(-MAX_BIAS..=MAX_BIAS).contains(&found) {
            return Err(Error::Bias { layer, channel, found });
        }
    }
    Ok(())
}

fn check_requants(requants: &[[u8; Requant::BYTES]], layer: &'static str) -> Result<(), Error> {
    for (channel, &[low, high, found]) in requants.iter().enumerate() {
        if Requant::from_bytes([low, high, found]).is_none() {
            return Err(Error::PreShift { layer, channel, found });
        }
    }
    Ok(())
}
