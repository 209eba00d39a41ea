//! What C gets for every call it can get right or wrong.

extern crate std;

use super::status::message;
use super::*;
use crate::{Engine, Error, SHIPPED, SHIPPED_INT4};
use core::ffi::c_int;
use core::ptr::{null, null_mut};
use lenet_core::error::{Field, Layer};
use lenet_core::model::{Fc3, Weights};
use lenet_core::{Metadata, decode, encode};
use std::vec::Vec;

const DIGITS: &[u8] = include_bytes!("../../assets/golden-digits.bin");
const LOGITS: &[u8] = include_bytes!("../../assets/golden-logits.bin");
const LOGITS_INT4: &[u8] = include_bytes!("../../assets/golden-logits-int4.bin");

fn zeroed() -> LenetEngine {
    LenetEngine { words: [0; LENET_ENGINE_WORDS] }
}

/// Images of the golden digits. Miri takes seconds per image.
fn images(count: usize) -> impl Iterator<Item = &'static [u8; LENET_PIXELS]> {
    DIGITS.as_chunks().0.iter().take(if cfg!(miri) { 1 } else { count })
}

/// The file must stay where it is for as long as the engine is used.
fn decode_into(engine: &mut LenetEngine, file: &[u8]) -> Result<usize, LenetStatus> {
    let mut length = usize::MAX;
    // SAFETY: an engine, a slice, and a length; the caller keeps the file.
    match unsafe { lenet_decode(engine, file.as_ptr(), file.len(), &mut length) } {
        LenetStatus::Ok => Ok(length),
        status => {
            assert_eq!(length, usize::MAX, "a failed call wrote a length");
            Err(status)
        }
    }
}

/// The prediction as C sees it, and its logits.
fn classify(
    engine: &mut LenetEngine,
    image: &[u8; LENET_PIXELS],
) -> Result<(LenetPrediction, Vec<i32>), LenetStatus> {
    let mut prediction = MaybeUninit::uninit();
    // SAFETY: an engine that was zero at first, an image, and room for a prediction.
    match unsafe { lenet_classify(engine, image.as_ptr(), prediction.as_mut_ptr()) } {
        LenetStatus::Ok => {
            // SAFETY: it was written.
            let prediction = unsafe { prediction.assume_init() };
            // SAFETY: so many logits lie in the engine, which no call has used since.
            let logits = unsafe { slice::from_raw_parts(prediction.logits, prediction.classes.into()) };
            Ok((prediction, logits.to_vec()))
        }
        status => Err(status),
    }
}

/// A file of the shipped model whose last layer has `classes` classes, over and over those of the shipped one.
fn file_with(classes: usize) -> Vec<u8> {
    let model = &SHIPPED.model;
    let Weights::Int8(rows) = model.fc3().weights() else { panic!("the shipped model is int8") };
    let rows: Vec<_> = rows.iter().copied().cycle().take(classes).collect();
    let biases: Vec<_> = model.fc3().bias_bytes().iter().copied().cycle().take(classes).collect();
    let fc3 = Fc3::new(Weights::Int8(&rows), &biases).unwrap();
    let model =
        Model::new(*model.conv1(), *model.conv2(), *model.fc1(), *model.fc2(), fc3, model.confidence());
    encode(&model, &Metadata { class_names: "", ..SHIPPED.metadata }).unwrap()
}

#[test]
fn c_gets_the_golden_logits_of_int8_and_int4_models() {
    let mut engine = zeroed();
    for (file, expected) in [(&SHIPPED, LOGITS), (&SHIPPED_INT4, LOGITS_INT4)] {
        assert_eq!(decode_into(&mut engine, file.bytes), Ok(file.bytes.len()));
        let mut expected = expected.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
        for image in images(100) {
            let (_, logits) = classify(&mut engine, image).unwrap();
            assert_eq!(logits, expected.by_ref().take(10).collect::<Vec<_>>());
        }
    }
}

#[test]
fn c_gets_what_rust_gets_from_a_model_of_2_to_64_classes() {
    let mut engine = zeroed();
    for classes in [2, 3, LENET_MAX_CLASSES] {
        let file = file_with(classes);
        assert_eq!(decode_into(&mut engine, &file), Ok(file.len()));
        let model = decode(&file).unwrap().model;
        let mut same = Engine::new(&model);
        for image in images(10) {
            let (prediction, logits) = classify(&mut engine, image).unwrap();
            let expected = same.classify(image);
            assert_eq!(logits, expected.logits);
            assert_eq!(usize::from(prediction.classes), classes);
            assert_eq!(prediction.margin, expected.margin);
            assert_eq!(prediction.confidence, expected.confidence);
            assert_eq!(prediction.predicted_class, expected.class);
            assert_eq!(prediction.confident, expected.is_confident());
        }
    }
}

#[test]
fn a_file_may_lie_in_a_longer_partition_and_its_length_is_told() {
    let partition = [SHIPPED_INT4.bytes, &[0xFF; 100]].concat();
    let mut engine = zeroed();
    assert_eq!(decode_into(&mut engine, &partition), Ok(SHIPPED_INT4.bytes.len()));
    assert!(classify(&mut engine, &[0; LENET_PIXELS]).is_ok());
}

#[test]
fn the_length_may_be_left_out_and_the_engine_need_not_be_initialized() {
    let mut engine = MaybeUninit::<LenetEngine>::uninit();
    let (bytes, image) = (SHIPPED.bytes, [0; LENET_PIXELS]);
    let mut prediction = MaybeUninit::uninit();
    // SAFETY: room for an engine, a slice, no length, an image, and room for a prediction.
    unsafe {
        let decoded = lenet_decode(engine.as_mut_ptr(), bytes.as_ptr(), bytes.len(), null_mut());
        assert_eq!(decoded, LenetStatus::Ok);
        let classified = lenet_classify(engine.as_mut_ptr(), image.as_ptr(), prediction.as_mut_ptr());
        assert_eq!(classified, LenetStatus::Ok);
    }
}

#[test]
fn an_engine_without_a_model_says_so() {
    let mut engine = zeroed();
    let image = &[0; LENET_PIXELS];
    assert_eq!(classify(&mut engine, image).unwrap_err(), LenetStatus::NotDecoded);
    assert!(decode_into(&mut engine, SHIPPED.bytes).is_ok());
    assert_eq!(decode_into(&mut engine, b"LNET"), Err(LenetStatus::TooShort));
    assert_eq!(classify(&mut engine, image).unwrap_err(), LenetStatus::NotDecoded);
}

#[test]
fn a_null_pointer_is_a_status() {
    let (mut engine, mut length) = (zeroed(), 0);
    let (file, bytes) = (SHIPPED.bytes.as_ptr(), SHIPPED.bytes.len());
    let (image, mut prediction) = ([0; LENET_PIXELS], MaybeUninit::uninit());
    let (image, prediction) = (image.as_ptr(), prediction.as_mut_ptr());
    // SAFETY: null pointers, and valid ones.
    let found = unsafe {
        [
            lenet_decode(null_mut(), file, bytes, &mut length),
            lenet_decode(&mut engine, null(), bytes, &mut length),
            lenet_decode(&mut engine, null(), 0, null_mut()),
            lenet_classify(null_mut(), image, prediction),
            lenet_classify(&mut engine, null(), prediction),
            lenet_classify(&mut engine, image, null_mut()),
        ]
    };
    assert_eq!(found, [LenetStatus::BadPointer; 6]);
}

#[test]
fn a_misaligned_pointer_is_a_status() {
    let mut room = [0_usize; LENET_ENGINE_WORDS + 1];
    let odd = room.as_mut_ptr().cast::<u8>().wrapping_add(1);
    let (mut engine, mut prediction) = (zeroed(), MaybeUninit::uninit());
    let (file, bytes, image) = (SHIPPED.bytes.as_ptr(), SHIPPED.bytes.len(), [0; LENET_PIXELS]);
    let image = image.as_ptr();
    // SAFETY: room for what each pointer is to, but for the alignment.
    let found = unsafe {
        [
            lenet_decode(odd.cast(), file, bytes, null_mut()),
            lenet_decode(&mut engine, file, bytes, odd.cast()),
            lenet_classify(odd.cast(), image, prediction.as_mut_ptr()),
            lenet_classify(&mut engine, image, odd.cast()),
        ]
    };
    assert_eq!(found, [LenetStatus::BadPointer; 4]);
}

#[test]
fn memory_that_overlaps_the_engine_is_a_status() {
    // Bytes before, in and after an engine, which lies in the middle.
    let mut room = [0_usize; 3 * LENET_ENGINE_WORDS];
    let start = room.as_mut_ptr().cast::<u8>();
    let size = size_of::<LenetEngine>();
    let engine = start.wrapping_add(size).cast::<LenetEngine>();
    let (file, bytes, image) = (SHIPPED.bytes.as_ptr(), SHIPPED.bytes.len(), [0; LENET_PIXELS]);
    let mut prediction = MaybeUninit::uninit();
    let word = size_of::<usize>();
    let (pixels, answer) = (LENET_PIXELS, size_of::<LenetPrediction>());
    // SAFETY: every pointer is to so many bytes of the room, or to the variable of its name.
    unsafe {
        assert_eq!(lenet_decode(engine, file, bytes, null_mut()), LenetStatus::Ok);
        for inside in [size - pixels + 1, size, size + word, 2 * size - 1] {
            let found = lenet_classify(engine, start.add(inside), prediction.as_mut_ptr());
            assert_eq!(found, LenetStatus::BadPointer, "image at {inside}");
        }
        for inside in [size - answer + word, size, 2 * size - word] {
            let found = lenet_classify(engine, image.as_ptr(), start.add(inside).cast());
            assert_eq!(found, LenetStatus::BadPointer, "prediction at {inside}");
            let found = lenet_decode(engine, file, bytes, start.add(inside.max(size)).cast());
            assert_eq!(found, LenetStatus::BadPointer, "length at {inside}");
        }
        for (from, length) in [(0, size + 1), (0, 3 * size), (size + 8, 4), (2 * size - 1, size)] {
            let found = lenet_decode(engine, start.add(from), length, null_mut());
            assert_eq!(found, LenetStatus::BadPointer, "{length} bytes at {from}");
        }
        // Right before it and right after it are fine. The engine still has the model of the first call.
        for beside in [size - pixels, 2 * size] {
            let found = lenet_classify(engine, start.add(beside), prediction.as_mut_ptr());
            assert_eq!(found, LenetStatus::Ok, "image at {beside}");
        }
        for beside in [size - answer, 2 * size] {
            let found = lenet_classify(engine, image.as_ptr(), start.add(beside).cast());
            assert_eq!(found, LenetStatus::Ok, "prediction at {beside}");
        }
        for beside in [size - word, 2 * size] {
            let found = lenet_decode(engine, file, bytes, start.add(beside).cast());
            assert_eq!(found, LenetStatus::Ok, "length at {beside}");
        }
        for beside in [0, 2 * size] {
            let found = lenet_decode(engine, start.add(beside), size, null_mut());
            assert_eq!(found, LenetStatus::Magic, "file at {beside}");
        }
    }
}

#[test]
fn the_length_may_not_lie_in_the_file() {
    let mut file = SHIPPED_INT4.bytes.to_vec();
    let length = file.len();
    let first = file.as_mut_ptr();
    let inside = first.wrapping_add(first.align_offset(align_of::<usize>())).cast();
    // SAFETY: an engine, so many bytes, and a place among them.
    let found = unsafe { lenet_decode(&mut zeroed(), first, length, inside) };
    assert_eq!(found, LenetStatus::BadPointer);
    assert_eq!(file, SHIPPED_INT4.bytes);
}

#[test]
fn a_bad_file_is_a_status() {
    let mut engine = zeroed();
    for length in (0..64).chain([SHIPPED.bytes.len() - 1]) {
        let status = if length < 10 { LenetStatus::TooShort } else { LenetStatus::Length };
        assert_eq!(decode_into(&mut engine, &SHIPPED.bytes[..length]), Err(status), "{length} bytes");
    }
    let (magic, version, crc) = (LenetStatus::Magic, LenetStatus::Version, LenetStatus::Crc);
    for (byte, status) in [(0, magic), (4, version), (9, LenetStatus::Length), (200, crc)] {
        let mut damaged = SHIPPED.bytes.to_vec();
        damaged[byte] ^= 1;
        assert_eq!(decode_into(&mut engine, &damaged), Err(status), "byte {byte}");
    }
    // SAFETY: bytes of no such length are read.
    let found = unsafe { lenet_decode(&mut engine, SHIPPED.bytes.as_ptr(), usize::MAX, null_mut()) };
    assert_eq!(found, LenetStatus::BadPointer);
}

#[test]
fn a_model_of_a_width_that_a_build_does_not_read_is_no_model_of_this_network() {
    for found in [2, 4] {
        let error = Error::WeightBits { layer: Layer::Fc1, found };
        assert_eq!(LenetStatus::from(error), LenetStatus::Body);
    }
}

#[test]
fn the_message_of_an_error_is_its_summary() {
    let (layer, field) = (Layer::Fc1, Field::Padding);
    for error in [
        Error::TooShort { expected: 14, found: 4 },
        Error::Magic { found: *b"\x7FELF" },
        Error::Version { expected: 2, found: 1 },
        Error::Length { expected: 100, found: 10 },
        Error::Crc { expected: 1, found: 2 },
        Error::FieldSize { layer, field, expected: 1, found: 0 },
        Error::PaddingByte { layer, found: 7 },
        Error::ClassCount { found: 65 },
        Error::Body,
        Error::TrailingBytes { found: 3 },
        Error::FieldSize { layer, field: Field::Weights, expected: 1, found: 0 },
        Error::WeightBits { layer, found: 2 },
    ] {
        let status = LenetStatus::from(error);
        assert_eq!(message(status as c_int).to_str(), Ok(error.summary()));
    }
}

#[test]
fn every_status_has_its_own_message() {
    let last = LenetStatus::TooMany as c_int;
    let texts: Vec<_> = (0..=last + 1).map(message).collect();
    for (status, text) in texts.iter().enumerate() {
        assert!(!texts[..status].contains(text), "{text:?}");
    }
    let none = *texts.last().unwrap();
    assert_eq!([-1, c_int::MIN, c_int::MAX].map(message), [none; 3]);
}
