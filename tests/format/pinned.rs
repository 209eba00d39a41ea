//! The bytes of the format, and that decoding gives back what was encoded.

use crate::counted::{Counted, METADATA};
use crate::edit::{body, frame, layers};
use lenet_core::format::{CRC_BYTES, FORMAT_VERSION, HEADER_BYTES, WEIGHT_ALIGNMENT};
use lenet_core::{Metadata, decode, encode};
use lenet_infer::{Engine, SHIPPED, SHIPPED_INT4};

/// If this fails, the format changed: raise [`FORMAT_VERSION`], amend lenet-core/README.md, and export the shipped models
/// again.
#[test]
fn the_bytes_of_format_version_3_are_pinned() {
    let bytes = Counted::new().file();
    let expected_start = [
        b"LNET".as_slice(),
        &[3, 0],                   // version
        &37_782_u32.to_le_bytes(), // length of the body
        &[53],                     // length of the metadata
        &[5],                      // dataset
        b"mnist",
        &[7], // recipe
        b"default",
        &[0xac, 0x02], // seed 300
        &[22],         // names of the classes
        b"0\n1\n2\n3\n4\n5\n6\n7\n8\nnine",
        &[0xe5, 0x26],                                                 // 4,965 correct
        &[0x88, 0x27],                                                 // of 5,000
        &[0x80, 0x80, 0x04, 0x80, 0x80, 0x08, 0x80, 0x80, 0x0c, 0x01], // ranges
        &[10],                                                         // classes
        &[0x40, 0x9c, 3],                                              // confidence
        &[0x00, 0x03],                                                 // confidence threshold
        &[8],                                                          // activation bits of conv1
        &[18],                                                         // 6 requants
        &[0xe8, 0x80, 0, 0xe9, 0x80, 1],                               // the first two
    ]
    .concat();
    assert_eq!(&bytes[..expected_start.len()], expected_start);
    assert_eq!((bytes.len(), FORMAT_VERSION), (37_796, 3));
    let (_, crc) = bytes.split_last_chunk::<CRC_BYTES>().unwrap();
    assert_eq!(u32::from_le_bytes(*crc), 2_332_637_473);
    assert_eq!(decode(&bytes).unwrap().crc(), 2_332_637_473);
}

#[test]
fn the_weights_of_every_layer_lie_at_a_multiple_of_four() {
    let counted = Counted::new().file();
    for file in [decode(&counted).unwrap(), SHIPPED, SHIPPED_INT4] {
        for layer in layers(&file) {
            assert_eq!((HEADER_BYTES + layer.weights) % WEIGHT_ALIGNMENT, 0);
        }
    }
}

#[test]
fn decoding_gives_back_what_was_encoded() {
    let counted = Counted::new();
    let bytes = counted.file();
    let file = decode(&bytes).unwrap();
    assert_eq!((file.bytes, file.model, file.metadata), (&bytes[..], counted.model(), METADATA));
}

#[test]
fn a_model_of_three_classes_is_encoded_decoded_and_run_as_any_other() {
    let counted = Counted::new();
    let (ten, three) = (counted.model(), counted.of_classes(3));
    let bytes = encode(&three, &Metadata { class_names: "", ..METADATA }).unwrap();
    let file = decode(&bytes).unwrap();
    assert_eq!((file.model, file.model.classes()), (three, 3));
    let image = [100; 784];
    let (mut ten, mut three) = (Engine::new(&ten), Engine::new(&file.model));
    assert_eq!(three.classify(&image).logits, &ten.classify(&image).logits[..3]);
}

#[test]
fn the_shipped_models_are_in_the_pinned_format() {
    for file in [SHIPPED, SHIPPED_INT4] {
        assert_eq!(decode(file.bytes), Ok(file));
        assert_eq!(encode(&file.model, &file.metadata).as_deref(), Ok(file.bytes));
    }
    assert!(SHIPPED.bytes.len() <= 46 * 1024);
}

#[test]
fn bytes_after_the_end_are_no_part_of_the_file() {
    let longer = [SHIPPED.bytes, b"LNET and more"].concat();
    assert_eq!(decode(&longer), Ok(SHIPPED));
}

#[test]
fn a_frame_of_the_tests_is_a_frame_of_the_format() {
    for file in [SHIPPED, SHIPPED_INT4] {
        assert_eq!(frame(body(file.bytes)), file.bytes);
    }
}
