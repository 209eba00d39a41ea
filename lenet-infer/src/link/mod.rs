//! The link protocol, version 2: frames between a host and a board.
//!
//! This text is normative, and the tests pin it with golden bytes.
//!
//! 1. Host and board exchange frames over any wire that carries bytes both ways, such as a UART. The host sends one
//!    request at a time. The board answers each request with one reply and sends no other frames.
//!
//! 2. A frame on the wire is a byte 00, the [COBS] encoding of its contents, which has no byte 00, and a byte 00. A full
//!    COBS block (code FF) is always followed by another block. The receiver skips whatever lies between two bytes 00
//!    and is not a frame, for example text that the firmware prints. Bytes 00 may be repeated.
//!
//! 3. The contents of a frame are at most [`MAX_CONTENTS`] bytes. Integers are little-endian.
//!
//!    | offset | bytes | field |
//!    |---|---|---|
//!    | 0 | 1 | protocol version, 2 |
//!    | 1 | 1 | kind: `Q` for a request, `R` for a reply |
//!    | 2 | 2 | sequence number |
//!    | 4 | n | body, at most 800 bytes |
//!    | 4 + n | 4 | CRC-32/ISO-HDLC of all bytes before it |
//!
//!    These fields keep their places in every version. Another version may have another body.
//!
//! 4. The body is the [postcard](https://postcard.jamesmunns.com/wire-format) encoding of a [`Request`] or a
//!    [`Reply`], and no byte follows it. Variants and fields are numbered in the order of their declaration.
//!
//! 5. A reply carries the sequence number of its request. The host numbers its requests consecutively and never uses 0.
//!    If no reply arrives in time, the host sends the request again under the same number, and the board answers it
//!    again. The host ignores replies to other requests.
//!
//! 6. The board answers [`Reply::Refused`] to a request whose version or body it cannot read, under the number of that
//!    request. To contents that are too long, too short, not COBS or damaged it answers [`Refusal::Damaged`] under
//!    number [`UNNUMBERED`]. Such a refusal does not say which frame was damaged: it may be about stray bytes before
//!    the request, or about an earlier request. The host therefore does not send again because of it, but waits for
//!    the reply until its time-out, as it does without a refusal. (A host that sends again at once lets each stray byte
//!    cause one more request, whose refusal causes the next, without end.) A request that really was damaged
//!    costs one time-out.
//!
//!    The board ignores frames of any kind but `Q`. Whatever bytes it receives, it understands the next frame.
//!
//! 7. A frame of kind `R` with another version tells the host that the board runs the firmware of another release.
//!
//! 8. A picture of any size that the board takes ([`Info::frame_side`]) goes row by row: the board reduces it as it
//!    comes, and never holds it as a whole. The host begins with [`Request::Picture`], gives the rows from the top
//!    with [`Request::Rows`], as many in each as fit, and asks for the digits, from number 0, with
//!    [`Request::Digit`], and for the image of each with [`Request::Image`]. It sends a request only when it has the
//!    reply to the one before. Each reply says how many rows the board has. Rows that it has already, because a
//!    request was repeated, are not taken again. Requests of other kinds do not disturb a picture.
//!
//! Both ends use the same [`Receiver`]. Nothing here allocates or panics, whatever arrives over the wire.
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

mod body;
mod field;
mod frame;
mod message;
#[cfg(any(kani, test))]
mod proofs;
#[cfg(test)]
mod tests;

pub use frame::{Frame, MAX_CONTENTS, PROTOCOL_VERSION, Receiver, TooLong, UNNUMBERED, send};
pub use message::{
    Bench, Classification, FoundDigit, Info, Kind, MAX_DIGITS, MAX_NAME, MAX_ROW_PIXELS, Message, Refusal,
    Reply, Request, Wanted,
};
