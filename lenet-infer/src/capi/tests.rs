//! What C can do wrong, and what it gets when it does nothing wrong.

use super::*;
use crate::SHIPPED_MODEL;
use core::ptr::{null, null_mut};

extern crate std;
use std::vec::Vec;

const DIGITS: &[u8] = include_bytes!("../../assets/golden-digits.bin");
const LOGITS: &[u8] = include_bytes!("../../assets/golden-logits.bin");

fn zeroed() -> LenetEngine {
    LenetEngine { words: [0; LENET_ENGINE_WORDS] }
}

fn decode_into(engine: &mut LenetEngine, file: &[u8]) -> LenetStatus {
    // SAFETY: an engine and a slice, and every test keeps its file.
    unsafe { lenet_decode(engine, file.as_ptr(), file.len()) }
}

fn classify(engine: &mut LenetEngine, image: &[u8; LENET_PIXELS]) -> Result<LenetPrediction, LenetStatus> {
    let mut prediction = MaybeUninit::uninit();
    // SAFETY: an engine that was zero at first, a picture, and room for a prediction.
    match unsafe { lenet_classify(engine, image.as_ptr(), prediction.as_mut_ptr()) } {
        // SAFETY: it was written.
        LenetStatus::Ok => Ok(unsafe { prediction.assume_init() }),
        status => Err(status),
    }
}

#[test]
fn c_gets_the_golden_logits() {
    let mut engine = zeroed();
    assert_eq!(decode_into(&mut engine, SHIPPED_MODEL), LenetStatus::Ok);
    let mut expected = LOGITS.as_chunks::<4>().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
    // Miri takes seconds for a picture.
    let pictures = if cfg!(miri) { 1 } else { DIGITS.len() / LENET_PIXELS };
    for image in DIGITS.as_chunks().0.iter().take(pictures) {
        let prediction = classify(&mut engine, image).unwrap();
        let logits: Vec<_> = expected.by_ref().take(LENET_CLASSES).collect();
        assert_eq!(logits, prediction.logits);
        let same = Engine::new(decode(SHIPPED_MODEL).unwrap()).classify(image);
        assert_eq!(prediction.digit, same.class);
        assert_eq!(prediction.margin, same.margin);
        assert_eq!(prediction.confidence, same.confidence);
        assert_eq!(prediction.confident, same.is_confident());
    }
}

#[test]
fn an_engine_without_a_model_says_so() {
    let mut engine = zeroed();
    assert_eq!(classify(&mut engine, &[0; LENET_PIXELS]), Err(LenetStatus::NotDecoded));
    assert_eq!(decode_into(&mut engine, SHIPPED_MODEL), LenetStatus::Ok);
    assert_eq!(decode_into(&mut engine, b"LNET"), LenetStatus::TooShort);
    assert_eq!(classify(&mut engine, &[0; LENET_PIXELS]), Err(LenetStatus::NotDecoded));
}

#[test]
fn a_null_pointer_is_a_status() {
    let mut engine = zeroed();
    let (file, length) = (SHIPPED_MODEL.as_ptr(), SHIPPED_MODEL.len());
    let (image, mut prediction) = ([0; LENET_PIXELS], MaybeUninit::uninit());
    // SAFETY: null pointers, and valid ones.
    unsafe {
        assert_eq!(lenet_decode(null_mut(), file, length), LenetStatus::BadPointer);
        assert_eq!(lenet_decode(&mut engine, null(), length), LenetStatus::BadPointer);
        assert_eq!(lenet_decode(&mut engine, file, length), LenetStatus::Ok);
        assert_eq!(
            lenet_classify(null_mut(), image.as_ptr(), prediction.as_mut_ptr()),
            LenetStatus::BadPointer
        );
        assert_eq!(lenet_classify(&mut engine, null(), prediction.as_mut_ptr()), LenetStatus::BadPointer);
        assert_eq!(lenet_classify(&mut engine, image.as_ptr(), null_mut()), LenetStatus::BadPointer);
    }
}

#[test]
fn a_misplaced_engine_is_a_status() {
    let mut room = [0_usize; LENET_ENGINE_WORDS + 1];
    let engine = room.as_mut_ptr().cast::<u8>().wrapping_add(1).cast();
    // SAFETY: room for an engine, but for the alignment.
    let found = unsafe { lenet_decode(engine, SHIPPED_MODEL.as_ptr(), SHIPPED_MODEL.len()) };
    assert_eq!(found, LenetStatus::BadPointer);
}

#[test]
fn a_bad_file_is_a_status() {
    let mut engine = zeroed();
    for length in 0..SHIPPED_MODEL.len().min(64) {
        assert_ne!(decode_into(&mut engine, &SHIPPED_MODEL[..length]), LenetStatus::Ok, "{length} bytes");
    }
    for (byte, status) in [
        (0, LenetStatus::Magic),
        (4, LenetStatus::Version),
        (6, LenetStatus::Length),
        (200, LenetStatus::Crc),
    ] {
        let mut damaged = SHIPPED_MODEL.to_vec();
        damaged[byte] ^= 1;
        assert_eq!(decode_into(&mut engine, &damaged), status, "byte {byte}");
    }
    // SAFETY: no length like this is read.
    let found = unsafe { lenet_decode(&mut engine, SHIPPED_MODEL.as_ptr(), usize::MAX) };
    assert_eq!(found, LenetStatus::Length);
}

#[test]
fn every_status_has_its_message() {
    let last = LenetStatus::Body as c_int;
    let texts: Vec<_> = (0..=last).map(message).collect();
    for (status, text) in texts.iter().enumerate() {
        assert!(!texts[..status].contains(text) && *text != message(last + 1), "{text:?}");
    }
    assert_eq!(message(-1), message(last + 1));
}
