//! The errors that decoding a model file can return.

use crate::shape::{MAX_CLASSES, MIN_CLASSES};
use core::fmt;

/// The part of a model that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[expect(missing_docs, reason = "the network's layers, and the requant of the confidence")]
pub enum Layer {
    Conv1,
    Conv2,
    Fc1,
    Fc2,
    Fc3,
    Confidence,
}

impl Layer {
    /// Whether the format allows ternary weights in this layer.
    pub(crate) const fn may_be_ternary(self) -> bool {
        matches!(self, Self::Fc1 | Self::Fc2)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conv1 => "conv1",
            Self::Conv2 => "conv2",
            Self::Fc1 => "fc1",
            Self::Fc2 => "fc2",
            Self::Fc3 => "fc3",
            Self::Confidence => "confidence",
        })
    }
}

/// The field of a layer that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[expect(missing_docs, reason = "named as in the format")]
pub enum Field {
    Weights,
    Biases,
    Requants,
    Padding,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weights => "weights",
            Self::Biases => "biases",
            Self::Requants => "requants",
            Self::Padding => "padding",
        })
    }
}

/// The reason why bytes are not a model file.
///
/// The `Display` message says what was expected, what was found and how to fix it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The file is shorter than one with an empty body.
    TooShort {
        /// The length of a file with an empty body, in bytes.
        expected: usize,
        /// The length of the file, in bytes.
        found: usize,
    },
    /// The file does not start with [`MAGIC`](crate::format::MAGIC).
    Magic {
        /// The first four bytes of the file.
        found: [u8; 4],
    },
    /// The file has another format version.
    Version {
        /// The version that this code reads.
        expected: u16,
        /// The version that the file names.
        found: u16,
    },
    /// The length in the header is not the length of the body.
    Length {
        /// The length of the body that the header states, in bytes.
        expected: u32,
        /// The length of the body, in bytes.
        found: usize,
    },
    /// The checksum in the file does not match its bytes.
    Crc {
        /// The checksum that is computed from the bytes.
        expected: u32,
        /// The checksum that the file states.
        found: u32,
    },
    /// The body, or the metadata in it, is not the postcard encoding of the fields of a model.
    Body,
    /// There are bytes after the last layer in the body.
    TrailingBytes {
        /// The number of these bytes.
        found: usize,
    },
    /// The number of classes is out of range.
    ClassCount {
        /// The number of classes found; a model has 2 to 64.
        found: usize,
    },
    /// The list of class names does not name every class.
    ClassNames {
        /// The number of classes in the file.
        expected: u8,
        /// The number of names in the list.
        found: usize,
    },
    /// The weights of a layer have an unknown width.
    WeightBits {
        /// The layer.
        layer: Layer,
        /// The width found, in bits: a weight has 8, 4, or, in `fc1` and `fc2`, 2.
        found: u8,
    },
    /// The activations of a layer have a width out of range.
    ActivationBits {
        /// The layer.
        layer: Layer,
        /// The width found, in bits; an activation has 4 to 8.
        found: u8,
    },
    /// A field of a layer has the wrong size.
    FieldSize {
        /// The layer.
        layer: Layer,
        /// The field.
        field: Field,
        /// The size that the shape of the network requires, in bytes.
        expected: usize,
        /// The size in the file, in bytes.
        found: usize,
    },
    /// A byte of the padding before a layer's weights is not 0.
    PaddingByte {
        /// The layer.
        layer: Layer,
        /// The byte found.
        found: u8,
    },
    /// A bias is so large that an accumulator could overflow.
    Bias {
        /// The layer.
        layer: Layer,
        /// The output channel, counted from 0.
        channel: usize,
        /// The bias found; its magnitude is at most [`MAX_BIAS`](crate::model::MAX_BIAS).
        found: i32,
    },
    /// A requant has a shift of more than 15.
    PreShift {
        /// The layer.
        layer: Layer,
        /// The output channel, counted from 0.
        channel: usize,
        /// The shift found.
        found: u8,
    },
}

impl Error {
    /// Returns the reason in one sentence without numbers, for places that cannot format any, such as the compiler or
    /// C.
    #[must_use]
    pub const fn summary(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "model file is cut short; copy or export it again",
            Self::Magic { .. } => "not a model file: it does not start with LNET",
            Self::Version { .. } => {
                "model file has another format version; export it again with the lenet-train of this release"
            }
            Self::Length { .. } => "model file is shorter than its header says; copy or export it again",
            Self::Crc { .. } => "model file is damaged: its checksum is wrong; copy or export it again",
            Self::FieldSize { field: Field::Padding, .. } | Self::PaddingByte { .. } => {
                "model file is misaligned: the padding before a layer's weights is wrong; export it again"
            }
            Self::ClassCount { .. } => "model file has fewer than 2 or more than 64 classes; export it again",
            Self::ClassNames { .. } => "model file does not name every class; export it again",
            _ => "model file holds no model of this network; export it again",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { expected, found } => write!(
                f,
                "model file is cut short: expected at least {expected} bytes, found {found}; export it again"
            ),
            Self::Magic { found } => {
                write!(
                    f,
                    "not a model file: expected it to start with \"LNET\", found the bytes {found:02x?}"
                )
            }
            Self::Version { expected, found } => write!(
                f,
                "model file has format version {found}, this program reads version {expected}; \
                 export the model again with the lenet-train of this release"
            ),
            Self::Length { expected, found } => write!(
                f,
                "model file has the wrong length: its header says a body of {expected} bytes, found {found}; \
                 copy or export it again"
            ),
            Self::Crc { expected, found } => write!(
                f,
                "model file is damaged: CRC-32 of its bytes is {expected:08x}, the file says {found:08x}; \
                 copy or export it again"
            ),
            Self::Body => f.write_str("model file has a body that is not a model; export it again"),
            Self::TrailingBytes { found } => {
                write!(f, "model file has {found} bytes after its last layer, expected none; export it again")
            }
            Self::ClassCount { found } => {
                write!(
                    f,
                    "model has {found} classes, expected {MIN_CLASSES} to {MAX_CLASSES}; export it again"
                )
            }
            Self::ClassNames { expected, found } => write!(
                f,
                "model file names {found} of its {expected} classes, expected all or none; export it again"
            ),
            Self::WeightBits { layer, found } => {
                write!(f, "{layer} of the model file has weights of {found} bits, expected ")?;
                match found {
                    4 => f.write_str("8; build this program with the feature `int4`, or export it again"),
                    2 if layer.may_be_ternary() => f.write_str(
                        "others; build this program with the feature `ternary`, or export it again",
                    ),
                    _ if layer.may_be_ternary() => f.write_str("8, 4 or 2; export it again"),
                    _ => f.write_str("8 or 4; export it again"),
                }
            }
            Self::ActivationBits { layer, found } => write!(
                f,
                "{layer} of the model file has activations of {found} bits, expected 4 to 8; export it again"
            ),
            Self::FieldSize { layer, field, expected, found } => write!(
                f,
                "{layer}.{field} of the model file has {found} bytes, expected {expected}; export it again"
            ),
            Self::PaddingByte { layer, found } => write!(
                f,
                "{layer}.padding of the model file has the byte {found:#04x}, expected zeros; export it again"
            ),
            Self::Bias { layer, channel, found } => write!(
                f,
                "{layer}.biases[{channel}] of the model file is {found}, expected a magnitude of at most 2^30; export it again"
            ),
            Self::PreShift { layer, channel, found } => write!(
                f,
                "{layer}.requants[{channel}] of the model file shifts by {found}, expected at most 15; export it again"
            ),
        }
    }
}

impl core::error::Error for Error {}
