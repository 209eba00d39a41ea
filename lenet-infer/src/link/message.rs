//! The requests of a host and the replies of a board.

use heapless::Vec;
use lenet_core::shape::{IMAGE_PIXELS, MAX_CLASSES};
use serde::{Deserialize, Serialize};

use super::field;
use crate::picture::{NoDigit, Rect};

/// The longest name of a board or of its unit, in bytes of UTF-8.
pub const MAX_NAME: usize = 64;
/// The most pixels in a [`Request::Rows`], and so the widest picture that any board takes.
pub const MAX_ROW_PIXELS: usize = 784;
/// The most digits that a board finds in a picture. If there are more, its answer is [`NoDigit::TooMany`].
pub const MAX_DIGITS: usize = 16;

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
        #[serde(borrow, with = "field::image")]
        image: &'a [u8; IMAGE_PIXELS],
    },
    /// Asks the board to classify its golden digits, from the first on, and again from the first after the last. The
    /// answer is [`Reply::Bench`].
    Bench {
        /// The number of digits to classify; it may be 0.
        images: u16,
    },
    /// Begins a picture, and ends the one before. The answer is [`Reply::Taken`] with no rows, or
    /// [`Refusal::Picture`] if a side is 0 or longer than [`Info::frame_side`].
    Picture {
        /// The number of columns.
        width: u16,
        /// The number of rows.
        height: u16,
        /// What to look for.
        wanted: Wanted,
    },
    /// Gives the board the next rows of the picture. The answer is [`Reply::Taken`], or [`Refusal::Picture`] if these
    /// rows neither follow those that the board has nor are among them.
    Rows {
        /// The first of the rows, from 0 at the top.
        first: u16,
        /// The gray levels of one or more whole rows, at most [`MAX_ROW_PIXELS`] of them; a byte array on the wire.
        #[serde(borrow)]
        pixels: &'a [u8],
    },
    /// Asks for a digit of the picture. The answer is [`Reply::Digit`], [`Reply::NoDigit`] or [`Reply::NoMore`]; it is
    /// [`Refusal::Picture`] if rows are missing, or if `index` is neither that of the last answer nor the next.
    Digit {
        /// The number of the digit in reading order, from 0.
        index: u8,
    },
    /// Asks for the image of the digit that was asked for last. The answer is [`Reply::Image`], or
    /// [`Refusal::Picture`] if there is none.
    Image,
}

/// What a board looks for in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Wanted {
    /// The only digit; another beside it is [`NoDigit::TooMany`].
    One,
    /// All digits, at most [`MAX_DIGITS`].
    All,
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
    /// The board did not understand the frame, or cannot do what it asks.
    Refused(Refusal),
    /// The board has rows of the picture.
    Taken {
        /// The number of rows that it has, from the top.
        rows: u16,
    },
    /// A digit of the picture.
    Digit(FoundDigit),
    /// Why the picture shows no digit.
    NoDigit(#[serde(with = "field::no_digit")] NoDigit),
    /// The picture shows no further digit.
    NoMore,
    /// The image of a digit, as the engine classified it; a byte array on the wire.
    Image(#[serde(borrow, with = "field::image")] &'a [u8; IMAGE_PIXELS]),
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
    /// The side of the work grid on which the board prepares pictures, in cells.
    pub grid_side: u8,
    /// The longest side of a picture that the board takes, in pixels; at most [`MAX_ROW_PIXELS`].
    pub frame_side: u16,
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

/// A digit of a picture, without its image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundDigit {
    /// The pixels of the picture that the digit covers; four integers on the wire: left, top, right, bottom.
    #[serde(with = "field::rect")]
    pub rect: Rect,
    /// The line of digits it stands in, from 0 at the top.
    pub line: u8,
    /// The level of its ink on the paper around it, 1 to 255.
    pub contrast: u8,
    /// The mean width of its strokes, in 1/16 pixel of the image.
    pub stroke_width: u8,
    /// The time from the request to the image, in the unit that [`Info::unit`] names. For the first digit, it includes
    /// finding all.
    pub cycles: u32,
    /// What the engine makes of its image.
    pub classification: Classification,
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
    /// The request does not fit the picture that the board is taking, or there is none.
    Picture,
}
