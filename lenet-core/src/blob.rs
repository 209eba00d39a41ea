#![doc = include_str!("../README.md")]

use crate::error::{Error, Field, Layer};
use crate::model::{Biases, Conv, Dense, Logits, MAX_BIAS, Metadata, Model, Requants, Weights};
use crate::quant::{MAX_ACTIVATION_BITS, MIN_ACTIVATION_BITS, Requant};
use crate::reader::Reader;
use crate::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, MAX_CLASSES,
    MIN_CLASSES, POOL2_LEN,
};
use bytemuck::AnyBitPattern;

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
        if length as usize != body.len() {
            return Err(Error::Length { expected: length, found: body.len() });
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
    // Out of line, so that a program can ask for small code here and for fast code where it classifies.
    #[inline(never)]
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        const { assert!(MIN_CLASSES <= C && C <= MAX_CLASSES) };
        let Body { classes, fields, .. } = Body::read(bytes)?;
        if usize::from(classes) != C {
            return Err(Error::Classes { expected: C as u8, found: classes });
        }
        let mut layers = [Raw::EMPTY; LAYERS];
        let (confidence, confidence_threshold) = read_layers(fields, C, &mut layers)?;
        let [conv1, conv2, fc1, fc2, fc3] = &layers;
        // Every length has been checked, so nothing is refused from here on.
        Ok(Self {
            conv1: conv1.conv()?,
            conv2: conv2.conv()?,
            fc1: fc1.dense()?,
            fc2: fc2.dense()?,
            fc3: fc3.logits()?,
            confidence,
            confidence_threshold,
        })
    }
}

/// Reads all that inference needs of a body, from the `fields` after the number of classes, and checks lengths and
/// values. Gives the requant and the threshold of the confidence.
pub(crate) fn read_layers<'a>(
    mut fields: Reader<'a>,
    classes: usize,
    layers: &mut [Raw<'a>; LAYERS],
) -> Result<(Requant, u16), Error> {
    let confidence = fields.array()?;
    let [_, _, found] = confidence;
    let pre_shift = Error::PreShift { layer: Layer::Confidence, channel: 0, found };
    let confidence = Requant::from_bytes(confidence).ok_or(pre_shift)?;
    let confidence_threshold = u16::from_le_bytes(fields.array()?);
    for (raw, (layer, outputs, taps)) in layers.iter_mut().zip(SHAPES) {
        let outputs = if outputs == 0 { classes } else { outputs };
        raw.read(&mut fields, layer, outputs, taps)?;
    }
    let Reader(rest) = fields;
    if rest.is_empty() {
        Ok((confidence, confidence_threshold))
    } else {
        Err(Error::TrailingBytes { found: rest.len() })
    }
}

/// Layers of the network.
pub(crate) const LAYERS: usize = 5;

/// The layers in the order of the file, with their outputs, 0 for one a class, and the weights of each output.
const SHAPES: [(Layer, usize, usize); LAYERS] = [
    (Layer::Conv1, CONV1_CHANNELS, CONV1_TAPS),
    (Layer::Conv2, CONV2_CHANNELS, CONV2_TAPS),
    (Layer::Fc1, FC1_OUTPUTS, POOL2_LEN),
    (Layer::Fc2, FC2_OUTPUTS, FC1_OUTPUTS),
    (Layer::Fc3, 0, FC2_OUTPUTS),
];

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
pub(crate) struct Body<'a> {
    metadata: &'a [u8],
    pub(crate) classes: u8,
    pub(crate) fields: Reader<'a>,
}

impl<'a> Body<'a> {
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, Error> {
        let mut fields = Reader(Frame::read(file)?.body);
        Ok(Self { metadata: fields.bytes()?, classes: fields.byte()?, fields })
    }
}

/// A layer's fields, their lengths and values checked, not yet of the types that say so.
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a> {
    pub(crate) activation_bits: u8,
    pub(crate) requants: &'a [u8],
    pub(crate) biases: &'a [u8],
    pub(crate) weight_bits: u8,
    pub(crate) weights: &'a [u8],
}

impl<'a> Raw<'a> {
    pub(crate) const EMPTY: Self =
        Self { activation_bits: 0, requants: &[], biases: &[], weight_bits: 0, weights: &[] };

    /// Reads a layer in place, where copying it would cost a board more code than reading it does.
    #[inline(never)]
    fn read(
        &mut self,
        fields: &mut Reader<'a>,
        layer: Layer,
        outputs: usize,
        taps: usize,
    ) -> Result<(), Error> {
        if layer != Layer::Fc3 {
            self.activation_bits = fields.byte()?;
            if !(MIN_ACTIVATION_BITS..=MAX_ACTIVATION_BITS).contains(&self.activation_bits) {
                return Err(Error::ActivationBits { layer, found: self.activation_bits });
            }
            self.requants = fields.bytes()?;
            check_size(self.requants, layer, Field::Requants, outputs * Requant::BYTES)?;
            check_requants(self.requants, layer)?;
        }
        self.biases = fields.bytes()?;
        check_size(self.biases, layer, Field::Biases, outputs * size_of::<i32>())?;
        check_biases(self.biases, layer)?;
        self.weight_bits = fields.byte()?;
        let weights = outputs * taps;
        let bytes = match self.weight_bits {
            8 => weights,
            4 => weights / 2,
            found => return Err(Error::WeightBits { layer, found }),
        };
        let padding = fields.bytes()?.len();
        if padding >= WEIGHT_ALIGNMENT {
            return Err(Error::FieldSize { layer, field: Field::Padding, expected: 0, found: padding });
        }
        self.weights = fields.bytes()?;
        check_size(self.weights, layer, Field::Weights, bytes)
    }

    pub(crate) fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        &self,
    ) -> Result<Conv<'a, TAPS, PAIRS, OUT>, Error> {
        const { assert!(OUT == 2 * PAIRS) };
        Ok(Conv {
            weights: self.weights()?,
            biases: self.biases()?,
            requants: self.requants()?,
            activation_bits: self.activation_bits,
        })
    }

    pub(crate) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
    ) -> Result<Dense<'a, IN, HALF, OUT>, Error> {
        const { assert!(IN == 2 * HALF) };
        Ok(Dense {
            weights: self.weights()?,
            biases: self.biases()?,
            requants: self.requants()?,
            activation_bits: self.activation_bits,
        })
    }

    pub(crate) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
    ) -> Result<Logits<'a, IN, HALF, OUT>, Error> {
        Ok(Logits { weights: self.weights()?, biases: self.biases()? })
    }

    fn weights<Int8: AnyBitPattern, Int4: AnyBitPattern>(&self) -> Result<Weights<'a, Int8, Int4>, Error> {
        if self.weight_bits == 8 {
            Ok(Weights::Int8(typed(self.weights)?))
        } else {
            Ok(Weights::Int4(typed(self.weights)?))
        }
    }

    fn biases<const OUT: usize>(&self) -> Result<Biases<'a, OUT>, Error> {
        Ok(Biases::new(typed(self.biases)?))
    }

    fn requants<const OUT: usize>(&self) -> Result<Requants<'a, OUT>, Error> {
        Ok(Requants::new(typed(self.requants)?))
    }
}

/// A field as the array that the network's shape makes of it, if it has the size.
fn typed<Array: AnyBitPattern>(bytes: &[u8]) -> Result<&Array, Error> {
    bytemuck::try_from_bytes(bytes).map_err(|_| Error::Body)
}

pub(crate) fn check_size(bytes: &[u8], layer: Layer, field: Field, expected: usize) -> Result<(), Error> {
    let found = bytes.len();
    if found == expected { Ok(()) } else { Err(Error::FieldSize { layer, field, expected, found }) }
}

pub(crate) fn check_biases(biases: &[u8], layer: Layer) -> Result<(), Error> {
    for (channel, bias) in biases.as_chunks().0.iter().enumerate() {
        let found = i32::from_le_bytes(*bias);
        if !(-MAX_BIAS..=MAX_BIAS).contains(&found) {
            return Err(Error::Bias { layer, channel, found });
        }
    }
    Ok(())
}

fn check_requants(requants: &[u8], layer: Layer) -> Result<(), Error> {
    // The shift is each requant's last byte.
    for (channel, &found) in requants.iter().skip(Requant::BYTES - 1).step_by(Requant::BYTES).enumerate() {
        if found > Requant::MAX_PRE_SHIFT {
            return Err(Error::PreShift { layer, channel, found });
        }
    }
    Ok(())
}
