//! Checks that any bytes from the wire give frames or refusals, at either end, and that the next frame is found.
//!
//! Random bytes practically never have the right checksum, so each input is also used as the body of a valid frame.
#![no_main]

use lenet_infer::link::{Kind, MAX_CONTENTS, Message, PROTOCOL_VERSION, Receiver, Reply, Request, send};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for kind in [Kind::Request, Kind::Reply] {
        let mut receiver = Receiver::new(kind);
        receive(&mut receiver, bytes);
        receive(&mut receiver, &frame(kind, bytes));
        let ping = match kind {
            Kind::Request => wire(7, &Request::Bench { images: 1 }),
            Kind::Reply => wire(7, &Reply::Bench(Default::default())),
        };
        assert_eq!(receive(&mut receiver, &ping), Some(7));
    }
});

/// Returns the number of the last frame. Each message that is decoded must survive being encoded again.
fn receive(receiver: &mut Receiver, bytes: &[u8]) -> Option<u16> {
    let mut last = None;
    for &byte in bytes {
        if let Some(Ok(frame)) = receiver.push(byte) {
            last = Some(frame.sequence);
            if let Ok(request) = frame.message::<Request<'_>>() {
                check(&request);
            }
            if let Ok(reply) = frame.message::<Reply<'_>>() {
                check(&reply);
            }
        }
    }
    last
}

fn check<'a, M: Message<'a> + core::fmt::Debug>(message: &M) {
    // It always fits: a varint is never encoded longer than it was received.
    let wire = wire(1, message);
    let mut receiver = Receiver::new(M::KIND);
    let frames = wire.iter().filter(|byte| matches!(receiver.push(**byte), Some(Ok(_)))).count();
    assert_eq!(frames, 1, "{message:?}");
}

fn wire<'a, M: Message<'a>>(sequence: u16, message: &M) -> Vec<u8> {
    let mut wire = Vec::new();
    send(sequence, message, |bytes| wire.extend_from_slice(bytes)).expect("a received message fits");
    wire
}

/// A frame with `body` and the right checksum, encoded without the library.
fn frame(kind: Kind, body: &[u8]) -> Vec<u8> {
    let body = &body[..body.len().min(MAX_CONTENTS - 8)];
    let mut contents = [&[PROTOCOL_VERSION, kind as u8, 7, 0], body].concat();
    contents.extend(crc32fast::hash(&contents).to_le_bytes());
    let mut wire = vec![0];
    for run in contents.split(|byte| *byte == 0) {
        for block in run.chunks(254) {
            wire.push(if block.len() == 254 { 255 } else { block.len() as u8 + 1 });
            wire.extend(block);
        }
        if run.len() % 254 == 0 {
            wire.push(1);
        }
    }
    wire.push(0);
    wire
}
