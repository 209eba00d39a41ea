//! Frames between a host and a board: the link protocol, version 1. This text is normative; golden bytes pin it.
//!
//! 1. Host and board exchange frames over any wire that carries bytes both ways, such as a UART. The host sends
//!    requests, one at a time; the board answers each with one reply and says nothing unasked.
//!
//! 2. A frame lies on the wire as the byte 00, the [COBS] encoding of its contents (which has no byte 00), and the byte
//!    00. A full block of COBS (code FF) is always followed by another block. Whatever lies between two bytes 00 and is
//!    no frame, text that the firmware prints for example, is skipped. So is nothing at all: bytes 00 may be repeated.
//!
//! 3. The contents of a frame, integers little-endian, are at most [`MAX_CONTENTS`] bytes:
//!
//!    | offset | bytes | field |
//!    |---|---|---|
//!    | 0 | 1 | protocol version, 1 |
//!    | 1 | 1 | kind: `Q` for a request, `R` for a reply |
//!    | 2 | 2 | sequence number |
//!    | 4 | n | body, at most 800 bytes |
//!    | 4 + n | 4 | CRC-32/ISO-HDLC of all bytes before it |
//!
//!    These fields keep their places in every version; the body may change with it.
//!
//! 4. The body is the [postcard](https://postcard.jamesmunns.com/wire-format) encoding of a [`Request`] or a
//!    [`Reply`], and no byte follows it. The variants and fields are numbered in the order in which they are declared.
//!
//! 5. A reply carries the sequence number of its request. The host numbers its requests one after the other and never
//!    with 0. It sends a request again, under the same number, when no reply came in time; the board answers a
//!    repeated request again. The host ignores replies to other requests.
//!
//! 6. The board answers [`Reply::Refused`] to a request whose version or body it cannot read, under its number, and to
//!    contents that are too long, too short, not COBS or damaged, under number [`UNNUMBERED`]: the host may send again
//!    at once. It ignores frames of any kind but `Q`. After any bytes at all it understands the next frame.
//!
//! 7. A frame of kind `R` with another version tells the host that the board's firmware is of another release.
//!
//! Both ends run the same [`Receiver`]. Nothing here allocates or panics, whatever comes over the wire.
//!
//! # Example
//!
//! ```
//! use lenet_infer::link::{Kind, Receiver, Request, send};
//!
//! let mut wire = b"text that the firmware prints".to_vec();
//! send(7, &Request::Classify { image: &[0; 784] }, |bytes| wire.extend_from_slice(bytes)).unwrap();
//!
//! let mut receiver = Receiver::new(Kind::Request);
//! let mut received = Vec::new();
//! for byte in wire {
//!     if let Some(Ok(frame)) = receiver.push(byte) {
//!         received.push((frame.sequence, frame.message::<Request>() == Ok(Request::Classify { image: &[0; 784] })));
//!     }
//! }
//! assert_eq!(received, [(7, true)]);
//! ```
//!
//! [COBS]: https://doi.org/10.1109/90.769765

mod frame;
mod message;
#[cfg(test)]
mod tests;

pub use frame::{Frame, MAX_CONTENTS, PROTOCOL_VERSION, Receiver, TooLong, UNNUMBERED, send};
pub use message::{Bench, Classification, Info, Kind, Logits, MAX_NAME, Message, Refusal, Reply, Request};
