//! Tests of the whole protocol: what is sent is received, and nothing else is.

use std::array;
use std::string::{String, ToString};
use std::vec::Vec;

use lenet_core::shape::MAX_CLASSES;
use proptest::prelude::*;

use super::*;
use crate::picture::{NoDigit, Rect};

/// The reasons for no digit in the order of their bytes.
const REASONS: [NoDigit; 4] = [NoDigit::NoInk, NoDigit::TooSmall, NoDigit::TooLarge, NoDigit::TooMany];

/// A frame on the wire.
fn wire<'a>(sequence: u16, message: &impl Message<'a>) -> Vec<u8> {
    let mut wire = Vec::new();
    send(sequence, message, |bytes| wire.extend_from_slice(bytes)).unwrap();
    wire
}

/// A frame on the wire with these contents and a correct checksum.
fn wire_of(contents: &[u8]) -> Vec<u8> {
    let mut contents = contents.to_vec();
    contents.extend(crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&contents).to_le_bytes());
    let mut wire = Vec::new();
    frame::put_frame(&contents, |bytes| wire.extend_from_slice(bytes));
    wire
}

/// Each request that a board finds in the bytes, as its number and its debug text, or why the board refuses it.
fn requests(receiver: &mut Receiver, wire: &[u8]) -> Vec<Result<(u16, String), Refusal>> {
    let mut found = Vec::new();
    for &byte in wire {
        if let Some(frame) = receiver.push(byte) {
            found.push(frame.and_then(|frame| {
                let request = frame.message::<Request<'_>>()?;
                Ok((frame.sequence, std::format!("{request:?}")))
            }));
        }
    }
    found
}

fn requests_of_new(wire: &[u8]) -> Vec<Result<(u16, String), Refusal>> {
    requests(&mut Receiver::new(Kind::Request), wire)
}

const INFO: Result<(u16, &str), Refusal> = Ok((0x0102, "Info"));

fn info() -> Result<(u16, String), Refusal> {
    INFO.map(|(sequence, request)| (sequence, request.to_string()))
}

fn classification(logits: &[i32]) -> Reply<'static> {
    Reply::Classification(Classification::new(63, u16::MAX, logits, u32::MAX, 1).unwrap())
}

#[test]
fn golden_bytes_pin_the_wire_format() {
    assert_eq!(
        wire(0x0102, &Request::Info),
        [0, 5, 2, b'Q', 2, 1, 5, 0x95, 0x29, 0xCC, 0xD5, 0],
        "the body is one byte 00; the CRC is d5cc2995"
    );
    assert_eq!(wire(3, &Request::Bench { images: 300 })[..9], [0, 4, 2, b'Q', 3, 8, 2, 0xAC, 2]);
    let reply = Reply::Bench(Bench { images: 1, equal: 1, least: 2, most: 3, total: 4 });
    assert_eq!(wire(0x0101, &reply)[..12], [0, 15, 2, b'R', 1, 1, 2, 1, 1, 2, 3, 4]);
    assert_eq!(wire(0x0101, &classification(&[-1, 64]))[..7], [0, 24, 2, b'R', 1, 1, 1]);
    assert_eq!(
        wire(0x0101, &classification(&[-1, 64]))[7..20],
        [63, 0xFF, 0xFF, 3, 2, 1, 0x80, 1, 0xFF, 0xFF, 0xFF, 0xFF, 15]
    );
    assert_eq!(wire(0x0101, &Reply::Refused(Refusal::Body))[..8], [0, 11, 2, b'R', 1, 1, 3, 2]);
}

#[test]
fn golden_bytes_pin_the_messages_about_pictures() {
    let body = |wire: Vec<u8>| wire[6..wire.len() - 5].to_vec();
    let request = |request: &Request<'_>| body(wire(0x0101, request));
    let reply = |reply: &Reply<'_>| body(wire(0x0101, reply));
    assert_eq!(request(&Request::Picture { width: 300, height: 1, wanted: Wanted::All }), [3, 0xAC, 2, 1, 1]);
    assert_eq!(request(&Request::Rows { first: 300, pixels: &[7, 8, 9] }), [4, 0xAC, 2, 3, 7, 8, 9]);
    assert_eq!(request(&Request::Digit { index: 9 }), [5, 9]);
    assert_eq!(request(&Request::Image), [6]);

    assert_eq!(reply(&Reply::Taken { rows: 300 }), [4, 0xAC, 2]);
    let rect = Rect { left: 1, top: 2, right: 300, bottom: 4 };
    let classification = Classification::new(8, 9, &[-1], 10, 11).unwrap();
    let digit = FoundDigit { rect, line: 5, contrast: 200, stroke_width: 6, cycles: 7, classification };
    assert_eq!(reply(&Reply::Digit(digit)), [5, 1, 2, 0xAC, 2, 4, 5, 200, 6, 7, 8, 9, 1, 1, 10, 11]);
    for (byte, reason) in (1..).zip(&REASONS[1..]) {
        assert_eq!(reply(&Reply::NoDigit(*reason)), [6, byte]);
    }
    assert_eq!(reply(&Reply::NoMore), [7]);
    assert_eq!(reply(&Reply::Image(&[1; 784]))[..4], [8, 0x90, 6, 1]);
    assert_eq!(reply(&Reply::Refused(Refusal::Picture)), [3, 3]);
}

#[test]
fn a_reason_that_no_board_gives_is_refused() {
    let mut receiver = Receiver::new(Kind::Reply);
    for byte in wire_of(&[PROTOCOL_VERSION, b'R', 1, 0, 6, 4]) {
        if let Some(frame) = receiver.push(byte) {
            assert_eq!(frame.unwrap().message::<Reply<'_>>(), Err(Refusal::Body));
        }
    }
}

#[test]
fn the_largest_messages_fit_and_an_overlong_name_is_refused() {
    let largest = classification(&[i32::MIN; MAX_CLASSES]);
    let mut receiver = Receiver::new(Kind::Reply);
    let received = wire(1, &largest).iter().filter(|byte| receiver.push(**byte).is_some()).count();
    assert_eq!(received, 1);
    let rows = Request::Rows { first: u16::MAX, pixels: &[7; MAX_ROW_PIXELS] };
    assert_eq!(requests_of_new(&wire(1, &rows)).len(), 1);
    assert_eq!(Classification::new(0, 0, &[0; MAX_CLASSES + 1], 0, 0), None);

    let name = "n".repeat(1_000);
    let with_name = |board| Info {
        board,
        unit: "",
        model_crc: 0,
        classes: 0,
        engine_ram: 0,
        variables: 0,
        flash: 0,
        grid_side: 0,
        frame_side: 0,
    };
    assert!(wire(1, &Reply::Info(with_name(&name[..MAX_NAME]))).len() < MAX_CONTENTS);
    let mut nothing = Vec::new();
    let sent = send(1, &Reply::Info(with_name(&name)), |bytes| nothing.extend_from_slice(bytes));
    assert_eq!((sent, nothing.len()), (Err(TooLong), 0));
}

#[test]
fn text_between_frames_is_refused_once() {
    let frame = wire(0x0102, &Request::Info);
    let bytes = [b"LeNet on a board\n".as_slice(), &frame, b"more", &frame, &[0, 0, 0], &frame].concat();
    let expected = [Err(Refusal::Damaged), info(), Err(Refusal::Damaged), info(), info()];
    assert_eq!(requests_of_new(&bytes), expected);
}

#[test]
fn frames_of_the_other_kind_are_ignored() {
    let echo = wire(7, &Reply::Refused(Refusal::Damaged));
    assert_eq!(requests_of_new(&[echo, wire(0x0102, &Request::Info)].concat()), [info()]);
}

#[test]
fn another_version_and_a_body_that_is_no_message_are_refused_by_number() {
    let cases: [(&[u8], Refusal); 6] = [
        (&[1, b'Q', 7, 0, 0], Refusal::Version),
        (&[2, b'Q', 7, 0], Refusal::Body),
        (&[2, b'Q', 7, 0, 7], Refusal::Body),
        (&[2, b'Q', 7, 0, 0, 0], Refusal::Body),
        (&[2, b'Q', 7, 0, 1, 2, 9, 9], Refusal::Body),
        (&[2, b'Q', 7, 0, 1, 0xFF, 0xFF], Refusal::Body),
    ];
    for (contents, refusal) in cases {
        let mut receiver = Receiver::new(Kind::Request);
        let mut refused = Vec::new();
        for byte in wire_of(contents) {
            if let Some(Ok(frame)) = receiver.push(byte) {
                refused.push((frame.sequence, frame.message::<Request<'_>>().unwrap_err()));
            }
        }
        assert_eq!(refused, [(7, refusal)], "{contents:?}");
    }
}

#[test]
fn contents_that_are_too_short_or_too_long_are_refused_and_the_next_frame_is_found() {
    let frame = wire(0x0102, &Request::Info);
    for length in [1, 3, 7, 8, MAX_CONTENTS - 4, MAX_CONTENTS, 10 * MAX_CONTENTS] {
        for filler in [0, 1, 254] {
            let mut bytes = Vec::new();
            frame::put_frame(&std::vec![filler; length], |piece| bytes.extend_from_slice(piece));
            bytes.extend_from_slice(&frame);
            assert_eq!(requests_of_new(&bytes), [Err(Refusal::Damaged), info()], "{length} of {filler}");
        }
    }
}

/// Flips every bit of a short frame and of a frame with an image.
#[test]
fn a_flipped_bit_is_never_accepted_and_the_next_frame_is_found() {
    let image = array::from_fn(|pixel| (pixel * 7 % 256) as u8);
    let next = wire(0x0102, &Request::Info);
    let rows = Request::Rows { first: 7, pixels: &image[..200] };
    for message in [Request::Bench { images: 9 }, rows, Request::Classify { image: &image }] {
        let frame = wire(0x0304, &message);
        for bit in 0..8 * frame.len() {
            let mut bytes = [frame.as_slice(), &next].concat();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut found = requests_of_new(&bytes);
            assert_eq!(found.pop(), Some(info()), "bit {bit}");
            let outer_delimiter = bit < 8 || bit >= 8 * (frame.len() - 1);
            let accepted = found.iter().filter(|request| request.is_ok()).count();
            assert!(accepted == 0 || outer_delimiter && found.len() == 1, "bit {bit}: {found:?}");
        }
    }
}

fn any_image() -> impl Strategy<Value = [u8; 784]> {
    // Long runs of equal bytes, zeros among them, as drawings have.
    proptest::collection::vec((any::<u8>(), 1..300_usize), 1..40).prop_map(|runs| {
        let mut pixels =
            runs.into_iter().flat_map(|(value, length)| std::iter::repeat_n(value, length)).cycle();
        array::from_fn(|_| pixels.next().unwrap_or_default())
    })
}

proptest! {
    #[test]
    fn a_request_is_received_as_it_was_sent(
        image in any_image(),
        length in 0..=MAX_ROW_PIXELS,
        images in any::<u16>(),
        sequence in any::<u16>(),
    ) {
        for request in [
            Request::Info,
            Request::Classify { image: &image },
            Request::Bench { images },
            Request::Picture { width: images, height: sequence, wanted: Wanted::All },
            Request::Rows { first: images, pixels: &image[..length] },
            Request::Digit { index: images as u8 },
            Request::Image,
        ] {
            let wire = wire(sequence, &request);
            prop_assert_eq!((wire[0], wire[wire.len() - 1]), (0, 0));
            prop_assert!(wire[1..wire.len() - 1].iter().all(|byte| *byte != 0));
            prop_assert_eq!(requests_of_new(&wire), [Ok((sequence, std::format!("{request:?}")))]);
        }
    }

    #[test]
    fn a_reply_is_received_as_it_was_sent(
        logits in proptest::collection::vec(any::<i32>(), 0..=MAX_CLASSES),
        numbers in any::<(u8, u16, u32, u32, u64)>(),
        image in any_image(),
        board in "[ -~]{0,64}",
    ) {
        let (class, confidence, cycles, stack, total) = numbers;
        let replies = [
            Reply::Info(Info {
                board: &board, unit: "cycles", model_crc: cycles, classes: class, engine_ram: stack, variables: 0, flash: 9,
                grid_side: class, frame_side: confidence,
            }),
            Reply::Classification(Classification::new(class, confidence, &logits, cycles, stack).unwrap()),
            Reply::Bench(Bench { images: confidence, equal: 0, least: cycles, most: stack, total }),
            Reply::Refused(Refusal::Damaged),
            Reply::Taken { rows: confidence },
            Reply::Digit(FoundDigit {
                rect: Rect { left: confidence, top: 0, right: !confidence, bottom: 300 },
                line: class, contrast: !class, stroke_width: class, cycles,
                classification: Classification::new(class, confidence, &logits, cycles, stack).unwrap(),
            }),
            Reply::NoDigit(REASONS[usize::from(class) % REASONS.len()]),
            Reply::NoMore,
            Reply::Image(&image),
        ];
        for reply in replies {
            let mut receiver = Receiver::new(Kind::Reply);
            let mut received = 0;
            for byte in wire(confidence, &reply) {
                if let Some(Ok(frame)) = receiver.push(byte) {
                    prop_assert_eq!((frame.sequence, frame.message()), (confidence, Ok(reply.clone())));
                    received += 1;
                }
            }
            prop_assert_eq!(received, 1);
        }
    }

    #[test]
    fn after_any_bytes_the_next_frame_is_found(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let mut receiver = Receiver::new(Kind::Request);
        requests(&mut receiver, &bytes);
        prop_assert_eq!(requests(&mut receiver, &wire(0x0102, &Request::Info)).pop(), Some(info()));
    }
}
