//! Why bytes are not a model.

use crate::shape::{MAX_CLASSES, MIN_CLASSES};
use core::fmt;

/// A part of a model that an error can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the network's layers, and the requant of the confidence")]
pub enum Layer {
    Conv1,
    Conv2,
    Fc1,
    Fc2,
    Fc3,
    Confidence,
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

/// A layer's field in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Why [`decode`](crate::decode) refused the bytes. Every message says what was expected, what was found, and
/// the mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Fewer bytes than the frame around a body needs.
    TooShort {
        /// Bytes that a frame with an empty body has.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// The first four bytes are not [`MAGIC`](crate::blob::MAGIC).
    Magic {
        /// The first four bytes given.
        found: [u8; 4],
    },
    /// The file is of another format version.
    Version {
        /// The version this code reads.
        expected: u16,
        /// The version the file names.
        found: u16,
    },
    /// The length in the header is not the length of the file.
    Length {
        /// Bytes of the body, by the header.
        expected: u32,
        /// Bytes there.
        found: usize,
    },
    /// The checksum does not fit the bytes.
    Crc {
        /// The checksum computed from the bytes.
        expected: u32,
        /// The checksum that the file carries.
        found: u32,
    },
    /// The body, or the metadata in it, is not the postcard encoding of a model's fields.
    Body,
    /// Bytes follow the model inside the body.
    TrailingBytes {
        /// How many.
        found: usize,
    },
    /// The model is for another number of classes.
    Classes {
        /// The classes asked for.
        expected: u8,
        /// The classes of the file.
        found: u8,
    },
    /// The model has fewer or more classes than any model can have.
    ClassCount {
        /// The classes found; a model has 2 to 64.
        found: usize,
    },
    /// The list of class names has not one name a class.
    ClassNames {
        /// The classes of the file.
        expected: u8,
        /// Names in the list.
        found: usize,
    },
    /// A layer's weights have a width that no kernel knows.
    WeightBits {
        /// The layer.
        layer: Layer,
        /// The bits found; a weight has 4 or 8.
        found: u8,
    },
    /// A layer's activations have a width out of range.
    ActivationBits {
        /// The layer.
        layer: Layer,
        /// The bits found; an activation has 4 to 8.
        found: u8,
    },
    /// A layer's field has the wrong number of bytes.
    FieldSize {
        /// The layer.
        layer: Layer,
        /// Which of its fields.
        field: Field,
        /// Bytes that the network's shape asks for.
        expected: usize,
        /// Bytes in the file.
        found: usize,
    },
    /// A bias so large that an accumulator could overflow.
    Bias {
        /// The layer.
        layer: Layer,
        /// The output channel, counted from 0.
        channel: usize,
        /// The bias found; its magnitude may be at most [`MAX_BIAS`](crate::model::MAX_BIAS).
        found: i32,
    },
    /// A requantisation shift of more than 15.
    PreShift {
        /// The layer.
        layer: Layer,
        /// The output channel, counted from 0.
        channel: usize,
        /// The shift found.
        found: u8,
    },
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
            Self::Classes { expected, found } => {
                write!(
                    f,
                    "model file is for {found} classes, expected {expected}; choose a model of {expected}"
                )
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
            Self::WeightBits { layer, found } => write!(
                f,
                "{layer} of the model file has weights of {found} bits, expected 4 or 8; export it again"
            ),
            Self::ActivationBits { layer, found } => write!(
                f,
                "{layer} of the model file has activations of {found} bits, expected 4 to 8; export it again"
            ),
            Self::FieldSize { layer, field, expected, found } => {
                write!(f, "{layer}.{field} of the model file has {found} bytes, expected {expected}")
            }
            Self::Bias { layer, channel, found } => write!(
                f,
                "{layer}.biases[{channel}] of the model file is {found}, expected a magnitude of at most 2^30"
            ),
            Self::PreShift { layer, channel, found } => write!(
                f,
                "{layer}.requants[{channel}] of the model file shifts by {found}, expected at most 15"
            ),
        }
    }
}

impl core::error::Error for Error {}
