//! From messages to bytes on the wire and back.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use heapless::Vec;

use super::message::{Kind, Message, Refusal};

/// The protocol version that this code speaks.
pub const PROTOCOL_VERSION: u8 = 1;
/// The most bytes that a frame's contents may have: header, body and checksum.
pub const MAX_CONTENTS: usize = HEADER_BYTES + MAX_BODY + CRC_BYTES;
/// The sequence number of a refusal of a frame whose own number could not be read; no request has it.
pub const UNNUMBERED: u16 = 0;

/// Version, kind and sequence number.
const HEADER_BYTES: usize = 4;
/// An image needs 787 bytes: its variant, its length, its pixels.
const MAX_BODY: usize = 800;
const CRC_BYTES: usize = 4;
/// The byte that ends a frame and begins the next.
const DELIMITER: u8 = 0;
/// Bytes in a full COBS block, which stands for no 00 at its end.
const FULL_BLOCK: usize = 254;

/// As in the model file; a bit at a time, for a table would cost a board its flash.
static CHECKSUM: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// A message that no frame can hold: only an [`Info`](super::Info) with overlong names is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message is too long: expected at most {MAX_BODY} bytes of body; shorten the board's names")
    }
}

impl core::error::Error for TooLong {}

/// Sends `message` as one frame, by calls of `put` with the bytes in order, a few at a time.
///
/// # Errors
///
/// [`TooLong`], and then nothing is put.
pub fn send<'a, M: Message<'a>>(sequence: u16, message: &M, put: impl FnMut(&[u8])) -> Result<(), TooLong> {
    let mut contents = [0; MAX_CONTENTS];
    let length = write_contents(sequence, message, &mut contents).ok_or(TooLong)?;
    put_frame(contents.get(..length).ok_or(TooLong)?, put);
    Ok(())
}

/// Fills the start of `contents`, and says how much of it.
fn write_contents<'a, M: Message<'a>>(
    sequence: u16,
    message: &M,
    contents: &mut [u8; MAX_CONTENTS],
) -> Option<usize> {
    let (header, rest) = contents.split_first_chunk_mut::<HEADER_BYTES>()?;
    let [low, high] = sequence.to_le_bytes();
    *header = [PROTOCOL_VERSION, M::KIND as u8, low, high];
    let (body, _) = rest.split_first_chunk_mut::<MAX_BODY>()?;
    let checked = HEADER_BYTES + postcard::to_slice(message, body).ok()?.len();
    let (checked_bytes, rest) = contents.split_at_mut_checked(checked)?;
    *rest.first_chunk_mut()? = CHECKSUM.checksum(checked_bytes).to_le_bytes();
    Some(checked + CRC_BYTES)
}

/// The delimiters, and between them the COBS encoding.
pub(super) fn put_frame(contents: &[u8], mut put: impl FnMut(&[u8])) {
    put(&[DELIMITER]);
    for run in contents.split(|byte| *byte == DELIMITER) {
        let mut rest = run;
        while let Some((block, tail)) = rest.split_first_chunk::<FULL_BLOCK>() {
            put(&[u8::MAX]);
            put(block);
            rest = tail;
        }
        // Shorter than a full block, so its code, one more than its length, is a byte.
        put(&[rest.len() as u8 + 1]);
        put(rest);
    }
    put(&[DELIMITER]);
}

/// A whole frame, its checksum right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The protocol version of the sender.
    pub version: u8,
    /// Which request this is, or answers.
    pub sequence: u16,
    body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The message in it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Version`] or [`Refusal::Body`].
    pub fn message<M: Message<'a>>(&self) -> Result<M, Refusal> {
        if self.version != PROTOCOL_VERSION {
            return Err(Refusal::Version);
        }
        match postcard::take_from_bytes(self.body) {
            Ok((message, [])) => Ok(message),
            _ => Err(Refusal::Body),
        }
    }
}

/// Takes the bytes of a wire one by one and finds the frames among them. Whatever comes, the next frame is found.
#[derive(Clone, Debug)]
pub struct Receiver {
    kind: Kind,
    /// What is decoded of the frame that is coming.
    contents: Vec<u8, MAX_CONTENTS>,
    state: State,
}

/// Where in the COBS encoding of a frame the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before its first byte.
    Start,
    /// In a block with so many bytes still to come; with none, before the next block's code.
    Block { left: u8, zero_after: bool },
    /// Beyond the end of the buffer.
    Overrun,
}

impl Receiver {
    /// A receiver for the frames of one kind, which ignores those of the other.
    pub const fn new(kind: Kind) -> Self {
        Self { kind, contents: Vec::new(), state: State::Start }
    }

    /// Takes the next byte from the wire: the frame that it ends, or [`Refusal::Damaged`] when it ends something else.
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

/// The block that `code`, which is not 0, begins.
const fn block(code: u8) -> State {
    State::Block { left: code.wrapping_sub(1), zero_after: code != u8::MAX }
}

/// The kind and the frame, if the contents are long enough and the checksum fits.
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

    /// From the paper, and at the block's edge.
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
