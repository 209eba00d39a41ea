#![doc = include_str!("../README.md")]

use crate::error::Error;
use crate::model::{Biases, Conv, Dense, Logits, MAX_BIAS, Metadata, Model, Requants};
use crate::quant::Requant;
use crate::shape::CLASSES;
use serde::{Deserialize, Serialize};

/// The first four bytes of every model file.
pub const MAGIC: [u8; 4] = *b"LNET";
/// The format version that this code writes and reads.
pub const VERSION: u16 = 1;
/// Magic, version and body length.
pub const HEADER_BYTES: usize = 10;
/// The checksum at the end.
pub const CRC_BYTES: usize = 4;

/// CRC-32/ISO-HDLC (zlib, PNG). No table: a bit at a time costs time once at start-up, a table costs flash.
const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);

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

/// Reads a model out of a file's bytes, borrowing its weights in place. Total: any bytes give `Ok` or `Err`.
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
    let frame = Frame::read(bytes)?;
    let (body, rest) = postcard::take_from_bytes::<Body<'_>>(frame.body).map_err(|_| Error::Body)?;
    if !rest.is_empty() {
        return Err(Error::TrailingBytes { found: rest.len() });
    }
    if usize::from(body.metadata.classes) != CLASSES {
        return Err(Error::Classes { expected: CLASSES as u8, found: body.metadata.classes });
    }
    let model = Model {
        metadata: body.metadata,
        conv1: body.conv1.conv("conv1")?,
        conv2: body.conv2.conv("conv2")?,
        fc1: body.fc1.dense("fc1")?,
        fc2: body.fc2.dense("fc2")?,
        fc3: body.fc3.logits("fc3")?,
        confidence: Requant::from_bytes(body.confidence).ok_or(Error::PreShift {
            layer: "confidence",
            channel: 0,
            found: body.confidence[2],
        })?,
    };
    Ok(model)
}

/// Writes a model as a file's bytes: the inverse of [`decode`].
///
/// # Panics
///
/// Never for a model of this network: its body is far shorter than the 4 GiB that the header can say.
#[cfg(feature = "alloc")]
pub fn encode(model: &Model<'_>) -> alloc::vec::Vec<u8> {
    let body = postcard::to_allocvec(&Body::of(model)).expect("a vector takes any length");
    let length = u32::try_from(body.len()).expect("a model is far shorter than 4 GiB");
    let mut bytes = alloc::vec::Vec::with_capacity(HEADER_BYTES + body.len() + CRC_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&body);
    let crc = CRC.checksum(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    confidence: [u8; Requant::BYTES],
    #[serde(borrow)]
    conv1: HiddenBytes<'a>,
    #[serde(borrow)]
    conv2: HiddenBytes<'a>,
    #[serde(borrow)]
    fc1: HiddenBytes<'a>,
    #[serde(borrow)]
    fc2: HiddenBytes<'a>,
    #[serde(borrow)]
    fc3: LogitsBytes<'a>,
}

#[derive(Serialize, Deserialize)]
struct HiddenBytes<'a> {
    requants: &'a [u8],
    biases: &'a [u8],
    weights: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct LogitsBytes<'a> {
    biases: &'a [u8],
    weights: &'a [u8],
}

impl<'a> HiddenBytes<'a> {
    fn conv<const TAPS: usize, const OUT: usize>(
        &self,
        layer: &'static str,
    ) -> Result<Conv<'a, TAPS, OUT>, Error> {
        Ok(Conv {
            weights: chunks(self.weights, layer, "weights")?,
            biases: biases(self.biases, layer)?,
            requants: requants(self.requants, layer)?,
        })
    }

    fn dense<const IN: usize, const OUT: usize>(
        &self,
        layer: &'static str,
    ) -> Result<Dense<'a, IN, OUT>, Error> {
        Ok(Dense {
            weights: chunks(self.weights, layer, "weights")?,
            biases: biases(self.biases, layer)?,
            requants: requants(self.requants, layer)?,
        })
    }
}

impl<'a> LogitsBytes<'a> {
    fn logits<const IN: usize, const OUT: usize>(
        &self,
        layer: &'static str,
    ) -> Result<Logits<'a, IN, OUT>, Error> {
        Ok(Logits { weights: chunks(self.weights, layer, "weights")?, biases: biases(self.biases, layer)? })
    }
}

/// `bytes` as exactly `ROWS` rows of `ROW` bytes.
fn chunks<'a, const ROW: usize, const ROWS: usize>(
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
    let biases = Biases::new(chunks(bytes, layer, "biases")?);
    match biases.iter().enumerate().find(|(_, bias)| !(-MAX_BIAS..=MAX_BIAS).contains(bias)) {
        Some((channel, found)) => Err(Error::Bias { layer, channel, found }),
        None => Ok(biases),
    }
}

fn requants<'a, const OUT: usize>(bytes: &'a [u8], layer: &'static str) -> Result<Requants<'a, OUT>, Error> {
    let rows: &[[u8; Requant::BYTES]; OUT] = chunks(bytes, layer, "requants")?;
    match rows.iter().enumerate().find(|(_, row)| Requant::from_bytes(**row).is_none()) {
        Some((channel, &[_, _, found])) => Err(Error::PreShift { layer, channel, found }),
        None => Ok(Requants::new(rows)),
    }
}

#[cfg(feature = "alloc")]
impl<'a> Body<'a> {
    fn of(model: &Model<'a>) -> Self {
        Self {
            metadata: model.metadata,
            confidence: model.confidence.to_bytes(),
            conv1: HiddenBytes::of(model.conv1.weights, model.conv1.biases, model.conv1.requants),
            conv2: HiddenBytes::of(model.conv2.weights, model.conv2.biases, model.conv2.requants),
            fc1: HiddenBytes::of(model.fc1.weights, model.fc1.biases, model.fc1.requants),
            fc2: HiddenBytes::of(model.fc2.weights, model.fc2.biases, model.fc2.requants),
            fc3: LogitsBytes {
                biases: model.fc3.biases.0.as_flattened(),
                weights: model.fc3.weights.as_flattened(),
            },
        }
    }
}

#[cfg(feature = "alloc")]
impl<'a> HiddenBytes<'a> {
    fn of<const ROW: usize, const ROWS: usize, const OUT: usize>(
        weights: &'a [[u8; ROW]; ROWS],
        biases: Biases<'a, OUT>,
        requants: Requants<'a, OUT>,
    ) -> Self {
        Self {
            requants: requants.0.as_flattened(),
            biases: biases.0.as_flattened(),
            weights: weights.as_flattened(),
        }
    }
}
