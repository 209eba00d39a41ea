//! The errors of the link.

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::link::PROTOCOL_VERSION;

/// Why a board gave no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The wire does not work: it is unplugged, or what it leads to has gone.
    #[error("the link is broken")]
    Port {
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The other end closed the wire: the board, or its emulator, no longer runs.
    #[error("the other end closed the link")]
    Closed,
    /// No reply arrived: the board does not run a program that serves the link, or the bytes do not get there and back.
    #[error(
        "no answer from the board: sent the request {attempts} times, waited {} ms each time, and received {}",
        timeout.as_millis(),
        Bytes(*received)
    )]
    NoAnswer {
        /// The number of times that the request was sent.
        attempts: u32,
        /// The wait after each.
        timeout: Duration,
        /// The bytes that arrived meanwhile, none of which were the reply: text, or noise.
        received: u64,
    },
    /// The board reported a damaged frame and no reply arrived.
    #[error(
        "no answer from the board: sent the request {attempts} times and waited {} ms each time; at last the board \
         refused a frame as damaged: is the wire too noisy?",
        timeout.as_millis()
    )]
    Noise {
        /// The number of times that the request was sent.
        attempts: u32,
        /// The wait after each.
        timeout: Duration,
    },
    /// The board speaks another version of the protocol.
    #[error(
        "the board speaks version {board} of the link, this program version {PROTOCOL_VERSION}: flash the firmware of this release"
    )]
    Version {
        /// The board's version.
        board: u8,
    },
    /// The board's answer cannot be decoded, or answers another kind of request.
    #[error("the board's answer cannot be read: flash the firmware of this release")]
    Answer,
    /// The board does not take the picture, or has lost what it took.
    #[error(
        "the board refused the picture: is a side longer than it takes, or did it start again meanwhile?"
    )]
    Picture,
    /// The board's answer to a bench does not fit the number of digits asked for.
    #[error(
        "expected the board to classify {asked} digits, found an answer of {equal} equal among {classified}: flash the \
         firmware of this release"
    )]
    Bench {
        /// The number of digits that the board was asked to classify.
        asked: u16,
        /// The number that it says it classified.
        classified: u16,
        /// The number of those whose logits it says were all equal.
        equal: u16,
    },
}

/// The bytes that arrived instead of a reply, in words.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("nothing"),
            1 => f.write_str("1 byte that is no answer"),
            count => write!(f, "{count} bytes that are no answer"),
        }
    }
}
