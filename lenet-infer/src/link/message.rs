//! The requests of a host and the replies of a board.

use heapless::Vec;
use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest name of a board or of its unit, in bytes of UTF-8.
pub const MAX_NAME: usize = 64;

/// The direction of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// From the host to the board.
    Request = b'Q',
    /// From the board to the host.
    Reply = b'R',
}

/// A body that a frame can carry: [`Request`] or [`Reply`]. No other type can implement it.
pub trait Message<'a>: Serialize + Deserialize<'a> + sealed::Sealed {
    /// The kind of the frames that carry it.
    const KIND: Kind;
}

mod sealed {
    /// Only the types of this module implement it.
    pub trait Sealed {}

    impl Sealed for super::Request<'_> {}
    impl Sealed for super::Reply<'_> {}
}

impl<'a> Message<'a> for Request<'a> {
    const KIND: Kind = Kind::Request;
}

impl<'a> Message<'a> for Reply<'a> {
    const KIND: Kind = Kind::Reply;
}

/// What the host asks.
///
/// A board answers every request, so a request is added only with another
/// [`PROTOCOL_VERSION`](super::PROTOCOL_VERSION). The same holds for the variants and fields of [`Reply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Asks the board to describe itself. The answer is [`Reply::Info`].
    Info,
    /// Asks the board to classify an image. The answer is [`Reply::Classification`].
    Classify {
        /// 28x28 pixels, row by row, from 0 for paper to 255 for ink; a byte array on the wire.
        #[serde(borrow, with = "image")]
        image: &'a [u8; IMAGE_PIXELS],
    },
    /// Asks the board to classify its golden digits, from the first on, and again from the first after the last. The
    /// answer is [`Reply::Bench`].
    Bench {
        /// The number of digits to classify; it may be 0.
        images: u16,
    },
}

/// What the board answers.
// Boxing the logits would take a heap.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply<'a> {
    /// The board's description of itself.
    Info(#[serde(borrow)] Info<'a>),
    /// The class of an image, and the cost of finding it.
    Classification(Classification),
    /// The cost of classifying the golden digits.
    Bench(Bench),
    /// The board did not understand the frame.
    Refused(Refusal),
}

/// A board and the model that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info<'a> {
    /// The board's name, at most [`MAX_NAME`] bytes.
    pub board: &'a str,
    /// The unit of [`Classification::cycles`]: "cycles" on silicon, "instructions" in an emulator; at most
    /// [`MAX_NAME`] bytes.
    pub unit: &'a str,
    /// The checksum at the end of the board's model file. It tells one model from another.
    pub model_crc: u32,
    /// The number of classes of the model.
    pub classes: u8,
    /// The RAM that the engine holds, in bytes, without the image.
    pub engine_ram: u32,
    /// The RAM of static variables, in bytes, without the stack.
    pub variables: u32,
    /// The flash of the whole firmware, in bytes.
    pub flash: u32,
}

/// The class of an image, its logits, and the cost of finding them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// The class with the largest logit.
    pub class: u8,
    /// The margin over the runner-up in 1/256 nat: the odds against the runner-up are e^(confidence / 256).
    pub confidence: u16,
    logits: Vec<i32, MAX_CLASSES>,
    /// The time, in the unit that [`Info::unit`] names.
    pub cycles: u32,
    /// The stack that the classification used, in bytes.
    pub stack: u32,
}

impl Classification {
    /// Creates a classification with a copy of `logits`, one per class. Returns `None` if there are more than
    /// [`MAX_CLASSES`] logits.
    ///
    /// # Example
    ///
    /// ```
    /// use lenet_infer::link::Classification;
    ///
    /// let classification = Classification::new(1, 256, &[-40, 90], 871_651, 608).unwrap();
    /// assert_eq!(classification.logits(), [-40, 90]);
    /// ```
    #[must_use]
    pub fn new(class: u8, confidence: u16, logits: &[i32], cycles: u32, stack: u32) -> Option<Self> {
        let logits = Vec::from_slice(logits).ok()?;
        Some(Self { class, confidence, logits, cycles, stack })
    }

    /// The logits, one per class, in accumulator units of the model's last layer.
    #[must_use]
    pub fn logits(&self) -> &[i32] {
        &self.logits
    }
}

/// The cost of classifying golden digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bench {
    /// The number of digits that were classified.
    pub images: u16,
    /// The number of digits whose logits all had the values that every core must give.
    pub equal: u16,
    /// The cycles of the fastest classification; 0 if there was none.
    pub least: u32,
    /// The cycles of the slowest classification; 0 if there was none.
    pub most: u32,
    /// The cycles of all classifications together.
    pub total: u64,
}

/// Why a board refused a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// The contents are too long, too short or not COBS, or the checksum does not match.
    Damaged,
    /// The frame has another protocol version than this refusal.
    Version,
    /// The body is not a message of the frame's kind.
    Body,
}

/// An image as a byte array of exactly [`IMAGE_PIXELS`] bytes.
mod image {
    use super::*;

    pub(super) fn serialize<S: Serializer>(image: &[u8; IMAGE_PIXELS], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(image)
    }

    pub(super) fn deserialize<'de, D>(from: D) -> Result<&'de [u8; IMAGE_PIXELS], D::Error>
    where
        D: Deserializer<'de>,
    {
        let bytes = <&[u8]>::deserialize(from)?;
        bytes.try_into().map_err(|_| de::Error::invalid_length(bytes.len(), &"784 bytes"))
    }
}
