//! The host's end and the board's end of the link with a bad wire between them.
//!
//! The frames of all tests together are some millions in release, and a fiftieth of that otherwise. For a longer run:
//!
//! ```text
//! LENET_LINK_FRAMES=1000000000 cargo test --release -p lenet-firmware --test faults -- --ignored --nocapture
//! ```

mod wire;

use std::env;
use std::time::Duration;

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::client::{Client, Gray, LinkError, Retry, Seen};
use lenet_infer::link::Wanted;
use lenet_infer::picture::{NoDigit, Preparer};
use lenet_infer::{Engine, SHIPPED};

use wire::{Faults, SIDE, Stray, Wire};

/// So many attempts that no request is given up on the wires below.
const PATIENT: Retry = Retry { timeout: Duration::from_secs(60), attempts: 1_000 };
/// The delay of a board whose replies come just before the time-out.
const SLOW: Duration = Duration::from_secs(50);
/// The first request, and then one in this many, is an image.
const IMAGE_EVERY: usize = 100;

/// The number of requests that a test makes, given the number in release.
const fn requests(release: usize) -> usize {
    if cfg!(debug_assertions) { release / 50 } else { release }
}

/// An image that differs from one number to the next.
fn image(number: usize) -> [u8; IMAGE_PIXELS] {
    std::array::from_fn(|pixel| if pixel * (number + 3) % 11 < 3 { (pixel + number) as u8 } else { 0 })
}

/// Asks the board to classify an image, and asserts that the answer is that of the engine here.
fn assert_classifies(client: &mut Client<&mut Wire>, engine: &mut Engine<'_>, number: usize) {
    let image = image(number);
    let said = client.classify(&image).unwrap();
    let expected = engine.classify(&image);
    assert_eq!(said.logits(), expected.logits);
    assert_eq!((said.class, said.confidence), (expected.class, expected.confidence));
}

/// Asks the board to classify images and asserts that each answer is that of the engine here.
fn assert_answers(client: &mut Client<&mut Wire>, images: usize) {
    let mut engine = Engine::new(&SHIPPED.model);
    for number in 0..images {
        assert_classifies(client, &mut engine, number);
    }
}

/// A picture that differs from one number to the next: up to 3 bars on paper, perhaps blank.
fn picture(number: usize) -> (Vec<u8>, usize) {
    let (width, height) = (20 + number * 37 % 130, 20 + number * 23 % 90);
    let bars = number % 4;
    let is_ink = |x: usize, y: usize| {
        (1..=bars).any(|bar| x / 4 == bar * width / (4 * bars + 4) && y > height / 4 && y < height * 3 / 4)
    };
    let pixels = (0..width * height).map(|at| if is_ink(at % width, at / width) { 40 } else { 190 });
    (pixels.collect(), width)
}

/// The line, the image and the logits of each digit that the library finds here.
type Found = Result<Vec<(u8, [u8; IMAGE_PIXELS], Vec<i32>)>, NoDigit>;

fn expected(pixels: &[u8], width: usize) -> Found {
    let mut preparer = Preparer::<SIDE>::new();
    let mut engine = Engine::new(&SHIPPED.model);
    let mut rows = preparer.rows(width, pixels.len() / width).unwrap();
    pixels.chunks(width).for_each(|row| rows.push(row.iter().copied()));
    let mut digits = rows.find::<16>()?;
    let mut found = Vec::new();
    while let Some(digit) = digits.next() {
        found.push((digit.line, digit.image, engine.classify(&digit.image).logits.to_vec()));
    }
    Ok(found)
}

/// Sends pictures, and asserts that the board finds what the library finds here.
fn assert_reads(client: &mut Client<&mut Wire>, pictures: usize) {
    for number in 0..pictures {
        let (pixels, width) = picture(number);
        let read = client.read(Gray { pixels: &pixels, width: width as u16 }, Wanted::All).unwrap();
        let read = read.map(|digits| {
            let found =
                |seen: Seen| (seen.digit.line, seen.image, seen.digit.classification.logits().to_vec());
            digits.into_iter().map(found).collect::<Vec<_>>()
        });
        assert_eq!(read, expected(&pixels, width), "picture {number}");
    }
}

/// Makes short requests, and an image now and then, and asserts that each answer is right.
fn assert_mixed_answers(client: &mut Client<&mut Wire>, requests: usize) {
    let mut engine = Engine::new(&SHIPPED.model);
    let crc = SHIPPED.crc();
    for number in 0..requests {
        if number % IMAGE_EVERY == 0 {
            assert_classifies(client, &mut engine, number);
        } else if number % 3 == 0 {
            let bench = client.bench(0).unwrap();
            assert_eq!((bench.images, bench.equal, bench.total), (0, 0, 0));
        } else {
            let about = client.info(|info| (info.board == "fake", info.model_crc, info.classes, info.flash));
            assert_eq!(about.unwrap(), (true, crc, 10, 1));
        }
    }
}

#[test]
fn on_a_good_wire_nothing_is_sent_twice() {
    let mut wire = Wire::new(Faults::new(1, Stray::Nothing, 0, Duration::ZERO));
    let mut client = Client::new(&mut wire, PATIENT, u16::MAX - 3);
    assert_eq!(client.info(|info| info.board.to_owned()).unwrap(), "fake");
    assert_answers(&mut client, 8);
    let bench = client.bench(3).unwrap();
    assert_eq!((bench.images, bench.equal), (3, 3));
    assert_eq!(client.resent(), 0);
    assert_eq!(wire.sent, 10);
}

/// One attempt for each request: none may fail, and none may be sent twice.
#[test]
fn what_lies_between_whole_frames_neither_fails_nor_repeats_a_request() {
    let once = Retry { attempts: 1, ..PATIENT };
    for stray in [Stray::Byte, Stray::Garbage, Stray::Refusals(1), Stray::Refusals(4), Stray::Refusals(9)] {
        for delay in [Duration::ZERO, SLOW] {
            let mut wire = Wire::new(Faults::new(5, stray, 0, delay));
            let requests = requests(80_000);
            assert_mixed_answers(&mut Client::new(&mut wire, once, 1), requests);
            assert_eq!(wire.sent, requests as u64, "{stray:?}, {delay:?}");
            assert_eq!(wire.faults.injected, requests as u64, "{stray:?}, {delay:?}");
            assert!(wire.frames >= 2 * requests as u64, "{stray:?}: {} frames", wire.frames);
        }
    }
}

#[test]
fn on_a_bad_wire_no_wrong_answer_is_accepted_and_the_session_recovers() {
    for (seed, one_in) in [(1, 3_000), (2, 1_000), (3, 300)] {
        for stray in [Stray::Nothing, Stray::Byte, Stray::Garbage] {
            let mut wire = Wire::new(Faults::new(seed, stray, one_in, Duration::ZERO));
            let mut client = Client::new(&mut wire, PATIENT, 1);
            assert_mixed_answers(&mut client, requests(50_000));
            let resent = client.resent();

            assert!(resent > 10, "one in {one_in}, {stray:?}: {resent} sent again");
            assert!(wire.faults.injected > 10, "one in {one_in}: {} faults", wire.faults.injected);

            // A frame that was held back or damaged before the faults end may cost one repetition.
            (wire.faults.one_in, wire.faults.stray) = (0, Stray::Nothing);
            let mut client = Client::new(&mut wire, Retry { attempts: 2, ..PATIENT }, 10_000);
            assert_answers(&mut client, 5);
            assert!(client.resent() <= 1);
        }
    }
}

#[test]
fn on_a_good_wire_pictures_are_read_and_nothing_is_sent_twice() {
    let mut wire = Wire::new(Faults::new(1, Stray::Nothing, 0, Duration::ZERO));
    let mut client = Client::new(&mut wire, PATIENT, 1);
    assert_reads(&mut client, requests(400));
    assert_eq!(client.resent(), 0);
}

#[test]
fn on_a_bad_wire_every_picture_is_read_as_it_is() {
    for (seed, one_in) in [(4, 10_000), (5, 2_000), (6, 800)] {
        for stray in [Stray::Nothing, Stray::Byte, Stray::Garbage] {
            let mut wire = Wire::new(Faults::new(seed, stray, one_in, Duration::ZERO));
            let mut client = Client::new(&mut wire, PATIENT, 1);
            assert_reads(&mut client, requests(150));
            assert!(client.resent() > 0, "one in {one_in}, {stray:?}");
        }
    }
}

#[test]
fn a_picture_that_is_larger_than_the_board_takes_is_refused() {
    let mut wire = Wire::new(Faults::new(1, Stray::Nothing, 0, Duration::ZERO));
    let limit = Client::new(&mut wire, PATIENT, 1).info(|info| info.frame_side).unwrap();
    assert_eq!(usize::from(limit), 4 * SIDE);
    for (width, height) in [(limit + 1, 1), (1, limit + 1), (0, 0)] {
        let pixels = vec![0; usize::from(width) * usize::from(height)];
        let picture = Gray { pixels: &pixels, width };
        let error = Client::new(&mut wire, PATIENT, 1).read(picture, Wanted::One).unwrap_err();
        assert!(matches!(error, LinkError::Picture), "{error}");
    }
}

#[test]
fn a_board_that_understands_nothing_is_given_up() {
    let mut wire = Wire::new(Faults::new(1, Stray::Nothing, 2, Duration::ZERO));
    let mut client = Client::new(&mut wire, Retry { attempts: 5, ..PATIENT }, 1);
    let error = client.classify(&image(0)).unwrap_err();
    assert!(matches!(error, LinkError::NoAnswer { .. } | LinkError::Noise { .. }), "{error}");
    assert_eq!(wire.sent, 5);
}

/// Goes on with new seeds until as many frames as LENET_LINK_FRAMES says have been on the wire.
#[test]
#[ignore = "takes minutes; the environment variable LENET_LINK_FRAMES sets the number of frames"]
fn a_long_run_on_bad_wires_accepts_no_wrong_answer() {
    let wanted = env::var("LENET_LINK_FRAMES").map_or(100_000_000, |frames| {
        frames.parse().expect("LENET_LINK_FRAMES: expected a number of frames")
    });
    let (mut frames, mut injected, mut seed) = (0, 0, 100);
    while frames < wanted {
        for (stray, one_in) in [(Stray::Nothing, 3_000), (Stray::Garbage, 1_000), (Stray::Byte, 300)] {
            seed += 1;
            let mut wire = Wire::new(Faults::new(seed, stray, one_in, Duration::ZERO));
            assert_mixed_answers(&mut Client::new(&mut wire, PATIENT, seed as u16), 10_000);
            frames += wire.frames;
            injected += wire.faults.injected;
        }
    }
    println!("{frames} frames, {injected} faults, no wrong answer");
}
