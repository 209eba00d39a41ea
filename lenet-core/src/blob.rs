#![doc = include_str!("../README.md")]

use crate::error::Error;
use crate::model::{
    Biases, Conv, ConvWeights, Dense, DenseWeights, Logits, MAX_BIAS, Metadata, Model, Requants, Weights,
};
use crate::quant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS, Requant};
use crate::shape::{MAX_CLASSES, MIN_CLASSES};
use serde::Deserialize;

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
        let body = Body::read(bytes)?;
        let (expected, found) = (C as u8, body.metadata.classes);
        if found != expected {
            return Err(Error::Classes { expected, found });
        }
        Ok(Self {
            metadata: body.metadata,
            conv1: body.conv1.conv("conv1")?,
            conv2: body.conv2.conv("conv2")?,
            fc1: body.fc1.dense("fc1")?,
            fc2: body.fc2.dense("fc2")?,
            fc3: body.fc3.logits("fc3")?,
            confidence: body.confidence()?,
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct Body<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Metadata<'a>,
    confidence: [u8; Requant::BYTES],
    #[serde(borrow)]
    pub(crate) conv1: Hidden<'a>,
    #[serde(borrow)]
    pub(crate) conv2: Hidden<'a>,
    #[serde(borrow)]
    pub(crate) fc1: Hidden<'a>,
    #[serde(borrow)]
    pub(crate) fc2: Hidden<'a>,
    #[serde(borrow)]
    pub(crate) fc3: Affine<'a>,
}

impl<'a> Body<'a> {
    /// The fields of a file, and the class names checked.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let frame = Frame::read(bytes)?;
        let (body, rest) = postcard::take_from_bytes::<Self>(frame.body).map_err(|_| Error::Body)?;
        if !rest.is_empty() {
            return Err(Error::TrailingBytes { found: rest.len() });
        }
        let Metadata { classes, class_names, .. } = body.metadata;
        let names = class_names.bytes().filter(|byte| *byte == b'\n').count() + 1;
        if !class_names.is_empty() && names != usize::from(classes) {
            return Err(Error::ClassNames { expected: classes, found: names });
        }
        Ok(body)
    }

    pub(crate) fn confidence(&self) -> Result<Requant, Error> {
        let found = self.confidence[2];
        let wrong = Error::PreShift { layer: "confidence", channel: 0, found };
        Requant::from_bytes(self.confidence).ok_or(wrong)
    }
}

/// A layer whose outputs are requantised.
#[derive(Deserialize)]
pub(crate) struct Hidden<'a> {
    activation_bits: u8,
    requants: &'a [u8],
    #[serde(borrow)]
    affine: Affine<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Affine<'a> {
    pub(crate) biases: &'a [u8],
    pub(crate) weight_bits: u8,
    padding: &'a [u8],
    pub(crate) weights: &'a [u8],
}

impl<'a> Hidden<'a> {
    pub(crate) fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        &self,
        layer: &'static str,
    ) -> Result<Conv<'a, TAPS, PAIRS, OUT>, Error> {
        const { assert!(OUT == 2 * PAIRS) };
        Ok(Conv {
            weights: self.affine.conv_weights(layer)?,
            biases: biases(self.affine.biases, layer)?,
            requants: requants(self.requants, layer)?,
            activation_bits: self.activation_bits(layer)?,
        })
    }

    pub(crate) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
        layer: &'static str,
    ) -> Result<Dense<'a, IN, HALF, OUT>, Error> {
        Ok(Dense {
            weights: self.affine.dense_weights(layer)?,
            biases: biases(self.affine.biases, layer)?,
            requants: requants(self.requants, layer)?,
            activation_bits: self.activation_bits(layer)?,
        })
    }

    fn activation_bits(&self, layer: &'static str) -> Result<u8, Error> {
        let found = self.activation_bits;
        let known = (MIN_ACTIVATION_BITS..=MAX_ACTIVATION_BITS).contains(&found);
        if known { Ok(found) } else { Err(Error::ActivationBits { layer, found }) }
    }
}

impl<'a> Affine<'a> {
    fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
        layer: &'static str,
    ) -> Result<Logits<'a, IN, HALF, OUT>, Error> {
        Ok(Logits { weights: self.dense_weights(layer)?, biases: biases(self.biases, layer)? })
    }

    fn conv_weights<const TAPS: usize, const PAIRS: usize>(
        &self,
        layer: &'static str,
    ) -> Result<ConvWeights<'a, TAPS, PAIRS>, Error> {
        self.check_padding(layer)?;
        match self.weight_bits {
            8 => {
                let (taps, _) = self.weights.as_chunks();
                let (pairs, _) = taps.as_chunks();
                let (expected, found) = (2 * TAPS * PAIRS, self.weights.len());
                match pairs.try_into() {
                    Ok(pairs) if found == expected => Ok(Weights::Int8(pairs)),
                    _ => Err(Error::FieldSize { layer, field: "weights", expected, found }),
                }
            }
            4 => Ok(Weights::Int4(chunks(self.weights, layer, "weights")?)),
            found => Err(Error::WeightBits { layer, found }),
        }
    }

    fn dense_weights<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
        layer: &'static str,
    ) -> Result<DenseWeights<'a, IN, HALF, OUT>, Error> {
        const { assert!(IN == 2 * HALF) };
        self.check_padding(layer)?;
        match self.weight_bits {
            8 => Ok(Weights::Int8(chunks(self.weights, layer, "weights")?)),
            4 => Ok(Weights::Int4(chunks(self.weights, layer, "weights")?)),
            found => Err(Error::WeightBits { layer, found }),
        }
    }

    pub(crate) fn check_padding(&self, layer: &'static str) -> Result<(), Error> {
        let found = self.padding.len();
        let fits = found < WEIGHT_ALIGNMENT;
        if fits { Ok(()) } else { Err(Error::FieldSize { layer, field: "padding", expected: 0, found }) }
    }
}

/// `bytes` as exactly `ROWS` rows of `ROW` bytes.
pub(crate) fn chunks<'a, const ROW: usize, const ROWS: usize>(
    bytes: &'a [u8],
    layer: &'static str,
    field: &'static str,
) -> Result<&'a [[u8; ROW]; ROWS], Error> {
    let wrong_size = Error::FieldSize { layer, field, expected: ROW * ROWS, found: bytes.len() };
    let (rows, rest) = bytes.as_chunks::<ROW>();
    if !rest.is_empty() {
        return Err(wrong_size);
    }
    rows.try_into().map_err(|_| wrong_size)
}

fn biases<'a, const OUT: usize>(bytes: &'a [u8], layer: &'static str) -> Result<Biases<'a, OUT>, Error> {
    let rows = chunks(bytes, layer, "biases")?;
    check_biases(rows, layer)?;
    Ok(Biases::new(rows))
}

pub(crate) fn check_biases(rows: &[[u8; 4]], layer: &'static str) -> Result<(), Error> {
    let biases = rows.iter().map(|row| i32::from_le_bytes(*row)).enumerate();
    match biases.into_iter().find(|(_, bias)| !(-MAX_BIAS..=MAX_BIAS).contains(bias)) {
        Some((channel, found)) => Err(Error::Bias { layer, channel, found }),
        None => Ok(()),
    }
}

fn requants<'a, const OUT: usize>(bytes: &'a [u8], layer: &'static str) -> Result<Requants<'a, OUT>, Error> {
    let rows: &[[u8; Requant::BYTES]; OUT] = chunks(bytes, layer, "requants")?;
    match rows.iter().enumerate().find(|(_, row)| Requant::from_bytes(**row).is_none()) {
        Some((channel, &[_, _, found])) => Err(Error::PreShift { layer, channel, found }),
        None => Ok(Requants::new(rows)),
    }
}
