//! What host and board say to each other.

use heapless::Vec;
use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The most bytes that a board's name, or its unit's, may have.
pub const MAX_NAME: usize = 64;

/// Who sends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The host.
    Request = b'Q',
    /// The board.
    Reply = b'R',
}

/// A body that a frame can carry: [`Request`] or [`Reply`].
pub trait Message<'a>: Serialize + Deserialize<'a> {
    /// The kind of frame for it.
    const KIND: Kind;
}

impl<'a> Message<'a> for Request<'a> {
    const KIND: Kind = Kind::Request;
}

impl<'a> Message<'a> for Reply<'a> {
    const KIND: Kind = Kind::Reply;
}

/// What the host asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Who are you? Answered by [`Reply::Info`].
    Info,
    /// What does this picture show? Answered by [`Reply::Classification`].
    Classify {
        /// 28x28 grey levels row by row, 0 for paper to 255 for ink; a byte array on the wire.
        #[serde(borrow, with = "image")]
        image: &'a [u8; IMAGE_PIXELS],
    },
    /// Classify so many golden digits, from the first on and around again. Answered by [`Reply::Bench`].
    Bench {
        /// How many; none asks for none.
        images: u16,
    },
}

/// What the board answers.
// Boxing the logits would take a heap.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply<'a> {
    /// The board describes itself.
    Info(#[serde(borrow)] Info<'a>),
    /// What a picture shows, and what it took.
    Classification(Classification),
    /// What the golden digits took.
    Bench(Bench),
    /// The frame was not understood.
    Refused(Refusal),
}

/// What a board is and holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info<'a> {
    /// The board's name, at most [`MAX_NAME`] bytes.
    pub board: &'a str,
    /// What it counts: "cycles" on silicon, "instructions" in an emulator.
    pub unit: &'a str,
    /// The checksum at the end of its model file, which tells one model from another.
    pub model_crc: u32,
    /// Classes of the model.
    pub classes: u8,
    /// Bytes of RAM that the engine holds, beside the image.
    pub engine_ram: u32,
    /// Bytes of RAM for variables that live as long as the program; not the stack.
    pub variables: u32,
    /// Bytes of flash, all in all.
    pub flash: u32,
}

/// What a picture shows, and what it took to see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// The class with the largest logit.
    pub class: u8,
    /// The odds against the runner-up are e^(confidence / 256).
    pub confidence: u16,
    /// All logits.
    pub logits: Logits,
    /// Cycles, or instructions in an emulator.
    pub cycles: u32,
    /// Bytes of stack, by painting.
    pub stack: u32,
}

/// What classifying golden digits took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bench {
    /// How many were classified.
    pub images: u16,
    /// How many of them had all the logits that every core must give.
    pub equal: u16,
    /// The fewest cycles that one took; 0 for no images.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// Those of all together.
    pub total: u64,
}

/// Why a frame was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Its contents are too long, too short or not COBS, or its checksum does not fit them.
    Damaged,
    /// It is of another protocol version than the frame that says so.
    Version,
    /// Its body is no message of its kind.
    Body,
}

/// The logits of one picture, one a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logits(Vec<i32, MAX_CLASSES>);

impl Logits {
    /// A copy of `logits`, or `None` when there are more than [`MAX_CLASSES`].
    pub fn new(logits: &[i32]) -> Option<Self> {
        Vec::from_slice(logits).ok().map(Self)
    }

    /// One a class.
    pub fn as_slice(&self) -> &[i32] {
        &self.0
    }
}

/// An image as a byte array of just its length.
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
