//! The answers of a board to whatever comes over the wire.

use super::*;
use crate::paper::Paper;
use lenet_infer::link::{FoundDigit, Wanted};
use std::vec::Vec;

/// Returns the replies of a new board to the bytes: the number of each, and its contents as text.
fn answers(bytes: &[u8]) -> Vec<(u16, std::string::String)> {
    let mut board = Paper::default();
    board.incoming.extend(bytes);
    answer(&mut board, &mut Engine::new(&SHIPPED.model), &mut Preparer::<SIDE>::new());
    texts(board.outgoing)
}

/// Returns the number of each reply, and its contents as text.
pub(super) fn texts(bytes: Vec<u8>) -> Vec<(u16, std::string::String)> {
    let mut receiver = Receiver::new(Kind::Reply);
    let mut replies = Vec::new();
    for byte in bytes {
        if let Some(frame) = receiver.push(byte) {
            let frame = frame.unwrap();
            replies.push((frame.sequence, std::format!("{:?}", frame.message::<Reply<'_>>().unwrap())));
        }
    }
    replies
}

pub(super) fn request(sequence: u16, request: &Request<'_>) -> Vec<u8> {
    let mut wire = Vec::new();
    link::send(sequence, request, |bytes| wire.extend_from_slice(bytes)).unwrap();
    wire
}

#[test]
fn a_repeated_request_is_answered_again() {
    let (image, logits) = golden::digits().next().unwrap();
    let once = request(9, &Request::Classify { image });
    let replies = answers(&[once.as_slice(), &once].concat());
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0], replies[1]);
    assert!(replies[0].0 == 9 && replies[0].1.contains(&std::format!("{logits:?}")), "{replies:?}");
}

#[test]
fn a_bench_goes_around_the_golden_digits() {
    let expected = "Bench(Bench { images: 101, equal: 101, least: 0, most: 0, total: 0 })";
    assert_eq!(answers(&request(5, &Request::Bench { images: 101 })), [(5, expected.into())]);
    let none = "Bench(Bench { images: 0, equal: 0, least: 0, most: 0, total: 0 })";
    assert_eq!(answers(&request(5, &Request::Bench { images: 0 })), [(5, none.into())]);
}

#[test]
fn a_damaged_frame_is_refused_and_the_next_request_is_answered() {
    let info = request(6, &Request::Info);
    let mut damaged = info.clone();
    damaged[4] ^= 1;
    let replies = answers(&[damaged, info].concat());
    assert_eq!(replies[0], (UNNUMBERED, "Refused(Damaged)".into()));
    assert!(replies[1].0 == 6 && replies[1].1.starts_with("Info(Info { board: \"paper\""), "{replies:?}");
}

/// A frame with two digits on gray paper, 100x60 pixels, prepared on a grid of 48x48 cells.
const SIDE: usize = 48;
const WIDTH: usize = 100;
const HEIGHT: usize = 60;

fn two_digits() -> Vec<u8> {
    let mut pixels = std::vec![180; WIDTH * HEIGHT];
    for ((image, _), (left, top)) in golden::digits().zip([(10, 16), (60, 14)]) {
        for (index, level) in image.iter().enumerate() {
            pixels[(top + index / 28) * WIDTH + left + index % 28] -= level / 2;
        }
    }
    pixels
}

/// The requests that give the picture in pieces of `rows` rows, from number 1 on.
fn picture(wanted: Wanted, rows: usize) -> Vec<Vec<u8>> {
    let (width, height) = (WIDTH as u16, HEIGHT as u16);
    let mut requests = std::vec![request(1, &Request::Picture { width, height, wanted })];
    for (piece, pixels) in two_digits().chunks(rows * WIDTH).enumerate() {
        let first = (piece * rows) as u16;
        requests.push(request(2 + piece as u16, &Request::Rows { first, pixels }));
    }
    requests
}

/// The digits that the library finds here, as text.
fn expected() -> Vec<std::string::String> {
    let mut preparer = Preparer::<SIDE>::new();
    let mut rows = preparer.rows(WIDTH, HEIGHT).unwrap();
    for row in two_digits().chunks(WIDTH) {
        rows.push(row.iter().copied());
    }
    let mut digits = rows.find::<16>().unwrap();
    let mut engine = Engine::new(&SHIPPED.model);
    let mut texts = Vec::new();
    while let Some(digit) = digits.next() {
        let found = engine.classify(&digit.image);
        let classification = Classification::new(found.class, found.confidence, found.logits, 0, 0).unwrap();
        let digit = FoundDigit {
            rect: digit.rect,
            line: digit.line,
            contrast: digit.contrast,
            stroke_width: digit.stroke_width,
            cycles: 1,
            classification,
        };
        texts.push(std::format!("{:?}", Reply::Digit(digit)));
    }
    texts
}

#[test]
fn the_digits_of_a_picture_are_those_that_the_library_finds() {
    let expected = expected();
    assert_eq!(expected.len(), 2);
    for rows in [1, 7] {
        let mut bytes = picture(Wanted::All, rows).concat();
        for (number, index) in [(901, 0), (902, 1), (903, 2)] {
            bytes.extend(request(number, &Request::Digit { index }));
        }
        let replies = answers(&bytes);
        let last = [(901, expected[0].clone()), (902, expected[1].clone()), (903, "NoMore".into())];
        assert_eq!(replies[replies.len() - 3..], last);
        assert!(replies.contains(&(2, std::format!("Taken {{ rows: {rows} }}"))));
    }
}

/// Every request is sent twice, with another kind of request between.
#[test]
fn a_repeated_request_about_a_picture_is_answered_again_and_its_rows_are_taken_once() {
    let mut requests = picture(Wanted::All, 7);
    for (number, index) in [(901, 0), (903, 1), (905, 2)] {
        requests.push(request(number, &Request::Digit { index }));
        requests.push(request(number + 1, &Request::Image));
    }
    requests.pop();
    let bench = request(999, &Request::Bench { images: 0 });
    let once = answers(&requests.concat());
    let twice: Vec<u8> =
        requests.iter().flat_map(|request| [request.as_slice(), &bench, request].concat()).collect();
    let twice = answers(&twice);
    assert_eq!(twice.len(), 3 * once.len());
    for (replies, once) in twice.chunks(3).zip(&once) {
        assert_eq!((&replies[0], &replies[2]), (once, once));
        assert!(replies[1].1.starts_with("Bench"));
    }
}

#[test]
fn two_digits_are_too_many_where_one_is_wanted() {
    let mut bytes = picture(Wanted::One, 3).concat();
    bytes.extend(request(901, &Request::Digit { index: 0 }));
    assert_eq!(answers(&bytes).pop(), Some((901, "NoDigit(TooMany)".into())));
}

#[test]
fn what_does_not_fit_the_picture_is_refused_and_another_picture_can_begin() {
    let begin = |width, height| Request::Picture { width, height, wanted: Wanted::One };
    let pixels = &[9; 784];
    let rows = |first, length| Request::Rows { first, pixels: &pixels[..length] };
    let refused = "Refused(Picture)";
    let script = [
        (rows(0, 10), refused),
        (Request::Digit { index: 0 }, refused),
        (Request::Image, refused),
        (begin(0, 10), refused),
        (begin(10, 193), refused),
        (begin(u16::MAX, 1), refused),
        (rows(0, 10), refused),
        (begin(10, 192), "Taken { rows: 0 }"),
        (begin(10, 5), "Taken { rows: 0 }"),
        (rows(0, 0), refused),
        (rows(0, 15), refused),
        (rows(1, 10), refused),
        (rows(0, 60), refused),
        (rows(0, 20), "Taken { rows: 2 }"),
        (rows(1, 20), "Taken { rows: 3 }"),
        (Request::Digit { index: 0 }, refused),
        (rows(3, 30), refused),
        (rows(3, 20), "Taken { rows: 5 }"),
        (rows(u16::MAX, 10), refused),
        (Request::Image, refused),
        (Request::Digit { index: 1 }, refused),
        (Request::Digit { index: 0 }, "NoDigit(NoInk)"),
        (Request::Digit { index: 0 }, "NoDigit(NoInk)"),
        (Request::Digit { index: 1 }, refused),
        (rows(0, 10), refused),
        (begin(10, 5), "Taken { rows: 0 }"),
    ];
    for ((_, expected), (_, found)) in script
        .iter()
        .zip(answers(&script.iter().flat_map(|(asked, _)| request(1, asked)).collect::<Vec<_>>()))
    {
        assert_eq!(found, *expected);
    }
}
