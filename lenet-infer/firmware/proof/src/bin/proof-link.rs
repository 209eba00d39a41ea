//! A board's end of the link: `push` of any bytes, the request in a frame, and `send` of any reply.
#![no_std]
#![no_main]

use core::hint::black_box;
use lenet_infer::link::{Kind, Receiver, Refusal, Reply, Request, TooLong, send};
use proof as _;

static mut RECEIVER: Receiver = Receiver::new(Kind::Request);

/// Takes any byte from the wire, and understands the frame that it ends.
#[unsafe(no_mangle)]
fn proof_receive(byte: u8, request: &mut Option<Result<Request<'static>, Refusal>>) {
    let receiver = black_box(&raw mut RECEIVER);
    // SAFETY: nothing runs this program.
    let receiver = unsafe { &mut *receiver };
    #[cfg(feature = "counter-overflow")]
    let byte = byte + 1;
    *request = receiver.push(byte).map(|frame| frame.and_then(|frame| frame.message()));
}

/// Sends any reply.
#[unsafe(no_mangle)]
fn proof_send(sequence: u16, reply: &Reply<'_>) -> Result<(), TooLong> {
    send(sequence, reply, |bytes| {
        black_box(bytes);
    })
}
