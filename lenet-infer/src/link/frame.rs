//! The encoding of messages as bytes on the wire, and their decoding.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use heapless::Vec;

use super::body;
use super::message::{Kind, MAX_ROW_PIXELS, Message, Refusal};

/// The protocol version that this crate implements.
pub const PROTOCOL_VERSION: u8 = 2;
/// The maximum length of a frame's contents, in bytes: header, body and checksum, before COBS.
pub const MAX_CONTENTS: usize = HEADER_BYTES + MAX_BODY + CRC_BYTES;
/// The sequence number of a refusal of a frame whose own number could not be read. No request has this number.
pub const UNNUMBERED: u16 = 0;

/// Version, kind and sequence number.
const HEADER_BYTES: usize = 4;
/// The largest request, rows of a picture, takes 790 bytes: variant, number, length and pixels.
const MAX_BODY: usize = 800;
const CRC_BYTES: usize = 4;
/// The byte before and after each frame.
const DELIMITER: u8 = 0;
/// The length of a full COBS block, which does not stand for a 00 at its end.
const FULL_BLOCK: usize = 254;

// The largest request fits: its variant, a number of three bytes, a length of two, and the pixels. A block's
// code fits in a byte.
const _: () = assert!(1 + 3 + 2 + MAX_ROW_PIXELS <= MAX_BODY && MAX_ROW_PIXELS < 1 << 14);
const _: () = assert!(FULL_BLOCK == u8::MAX as usize - 1);

/// The checksum of the model file too. It is computed bit by bit because a table would cost flash.
static CHECKSUM: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// The error of [`send`]: the message does not fit in a frame. Only an [`Info`](super::Info) with names longer than
/// [`MAX_NAME`](super::MAX_NAME) can be too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message is too long: expected at most {MAX_BODY} bytes of body; shorten the board's names")
    }
}

impl core::error::Error for TooLong {}

/// Encodes `message` as one frame and passes its bytes to `put`, in order, in several calls.
///
/// # Errors
///
/// Returns [`TooLong`] if the message does not fit. `put` is not called then.
pub fn send<'a, M: Message<'a>>(sequence: u16, message: &M, put: impl FnMut(&[u8])) -> Result<(), TooLong> {
    let mut contents = [0; MAX_CONTENTS];
    let length = write_contents(sequence, message, &mut contents).ok_or(TooLong)?;
    put_frame(contents.get(..length).ok_or(TooLong)?, put);
    Ok(())
}

/// Writes the contents of a frame to the start of `contents` and returns their length.
fn write_contents<'a, M: Message<'a>>(
    sequence: u16,
    message: &M,
    contents: &mut [u8; MAX_CONTENTS],
) -> Option<usize> {
    let (header, rest) = contents.split_first_chunk_mut::<HEADER_BYTES>()?;
    let [low, high] = sequence.to_le_bytes();
    *header = [PROTOCOL_VERSION, M::KIND as u8, low, high];
    let (body, _) = rest.split_first_chunk_mut::<MAX_BODY>()?;
    let checked = HEADER_BYTES + body::write(message, body)?;
    let (checked_bytes, rest) = contents.split_at_mut_checked(checked)?;
    *rest.first_chunk_mut()? = CHECKSUM.checksum(checked_bytes).to_le_bytes();
    Some(checked + CRC_BYTES)
}

/// Passes the COBS encoding of `contents` to `put`, with a delimiter before and after it.
pub(super) fn put_frame(contents: &[u8], mut put: impl FnMut(&[u8])) {
    put(&[DELIMITER]);
    for run in contents.split(|byte| *byte == DELIMITER) {
        let mut rest = run;
        while let Some((block, tail)) = rest.split_first_chunk::<FULL_BLOCK>() {
            put(&[u8::MAX]);
            put(block);
            rest = tail;
        }
        // At most 253 bytes are left, so the code fits in a byte.
        put(&[rest.len() as u8 + 1]);
        put(rest);
    }
    put(&[DELIMITER]);
}

/// A frame that arrived complete and whose checksum matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The sender's protocol version.
    pub version: u8,
    /// The number of the request: of this one, or of the one that this reply answers.
    pub sequence: u16,
    body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Decodes the message in the frame.
    ///
    /// # Errors
    ///
    /// Returns [`Refusal::Version`] if the sender has another protocol version, and [`Refusal::Body`] if the body is not
    /// an `M`.
    pub fn message<M: Message<'a>>(&self) -> Result<M, Refusal> {
        if self.version != PROTOCOL_VERSION {
            return Err(Refusal::Version);
        }
        body::read(self.body).ok_or(Refusal::Body)
    }
}

/// Finds the frames in the bytes that arrive over a wire. Whatever bytes came before, it finds the next frame.
#[derive(Clone, Debug)]
pub struct Receiver {
    kind: Kind,
    /// The part of the current frame that is decoded so far.
    contents: Vec<u8, MAX_CONTENTS>,
    state: State,
}

/// The position of the next byte in the COBS encoding of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first byte.
    Start,
    /// In a block that needs `left` more bytes; if that is 0, before the code of the next block.
    Block { left: u8, zero_after: bool },
    /// The frame is longer than the buffer.
    Overrun,
}

impl Receiver {
    /// Creates a receiver for the frames of one kind. It ignores frames of the other kind.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self { kind, contents: Vec::new(), state: State::Start }
    }

    /// Takes the next byte from the wire. Returns the frame that the byte completes, or [`Refusal::Damaged`] if it
    /// completes something that is not a frame.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame<'_>, Refusal>> {
        if byte == DELIMITER {
            return self.end();
        }
        self.state = match self.state {
            State::Start => {
                self.contents.clear();
                block(byte)
            }
            State::Block { left: 0, zero_after } => {
                if zero_after && self.contents.push(0).is_err() {
                    State::Overrun
                } else {
                    block(byte)
                }
            }
            State::Block { left, zero_after } => match self.contents.push(byte) {
                Ok(()) => State::Block { left: left - 1, zero_after },
                Err(_) => State::Overrun,
            },
            State::Overrun => State::Overrun,
        };
        None
    }

    /// The part of the current frame that is decoded so far.
    #[cfg(any(kani, test))]
    pub(super) fn contents(&self) -> &[u8] {
        &self.contents
    }

    fn end(&mut self) -> Option<Result<Frame<'_>, Refusal>> {
        match core::mem::replace(&mut self.state, State::Start) {
            State::Start => None,
            State::Block { left: 0, .. } => match parse(&self.contents) {
                Some((kind, _)) if kind != self.kind as u8 => None,
                Some((_, frame)) => Some(Ok(frame)),
                None => Some(Err(Refusal::Damaged)),
            },
            State::Block { .. } | State::Overrun => Some(Err(Refusal::Damaged)),
        }
    }
}

/// The state after `code`, the first byte of a block, which is not 0.
const fn block(code: u8) -> State {
    State::Block { left: code.wrapping_sub(1), zero_after: code != u8::MAX }
}

/// Splits contents into kind and frame. Returns `None` if they are too short or the checksum does not match.
fn parse(contents: &[u8]) -> Option<(u8, Frame<'_>)> {
    let (checked, crc) = contents.split_last_chunk()?;
    let (&[version, kind, low, high], body) = checked.split_first_chunk::<HEADER_BYTES>()?;
    let sequence = u16::from_le_bytes([low, high]);
    (CHECKSUM.checksum(checked) == u32::from_le_bytes(*crc))
        .then_some((kind, Frame { version, sequence, body }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn framed(contents: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        put_frame(contents, |bytes| wire.extend_from_slice(bytes));
        wire
    }

    /// Examples from the paper, and contents around the length of a full block.
    #[test]
    fn contents_without_zeros_lie_between_the_delimiters() {
        let hello = b"Hello".as_slice();
        assert_eq!(framed(&[]), [0, 1, 0]);
        assert_eq!(framed(&[0]), [0, 1, 1, 0]);
        assert_eq!(framed(&[hello, &[0], b"you"].concat()), [&[0, 6], hello, &[4], b"you", &[0]].concat());
        let ones = [1; FULL_BLOCK + 1];
        assert_eq!(framed(&ones[..253]), [&[0, 254], &ones[..253], &[0]].concat());
        assert_eq!(framed(&ones[..254]), [&[0, 255], &ones[..254], &[1, 0]].concat());
        assert_eq!(framed(&ones), [&[0, 255], &ones[..254], &[2, 1, 0]].concat());
    }

    #[test]
    fn contents_of_any_length_are_decoded() {
        for length in 0..=MAX_CONTENTS {
            for contents in [vec![0; length], vec![9; length], (0..length).map(|i| i as u8).collect()] {
                let mut receiver = Receiver::new(Kind::Request);
                let wire = framed(&contents);
                for byte in &wire[..wire.len() - 1] {
                    assert_eq!(receiver.push(*byte), None);
                }
                assert!(matches!(receiver.state, State::Block { left: 0, .. }));
                assert_eq!(receiver.contents.as_slice(), contents);
            }
        }
    }
}
