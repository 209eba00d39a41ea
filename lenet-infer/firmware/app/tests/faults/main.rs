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
use lenet_infer::host::client::{Client, LinkError, Retry};
use lenet_infer::{Engine, SHIPPED};

use wire::{Faults, Stray, Wire};

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
