//! Each thing that can be wrong with a file has its own error.

use crate::counted::{Counted, METADATA};
use crate::edit::{LayerFields, body, edited, frame, layers, metadata, overlong, varint, with_metadata};
use lenet_core::error::{Field, Layer};
use lenet_core::format::FORMAT_VERSION;
use lenet_core::{Error, Metadata, decode, encode};
use lenet_infer::SHIPPED;

/// The error of the counted model's file with a changed body.
fn error(change: impl FnOnce(&mut Vec<u8>)) -> Error {
    decode(&edited(&Counted::new().file(), change)).unwrap_err()
}

/// Offsets into the body of the counted model's file.
struct Places {
    classes: usize,
    conv1: LayerPlaces,
    conv2: LayerPlaces,
}

/// The fields of a layer. All but the bits have a length before them.
struct LayerPlaces {
    activation_bits: usize,
    requants: usize,
    biases: usize,
    weight_bits: usize,
    padding: usize,
    weights: usize,
}

fn places() -> Places {
    let bytes = Counted::new().file();
    let [conv1, conv2, ..] = layers(&decode(&bytes).unwrap());
    let layer = |LayerFields { weight_bits, weights, .. }, outputs: usize| {
        let biases = weight_bits - 4 * outputs;
        let requants = biases - 1 - 3 * outputs;
        LayerPlaces {
            activation_bits: requants - 2,
            requants,
            biases,
            weight_bits,
            padding: weight_bits + 2,
            weights,
        }
    };
    let (conv1, conv2) = (layer(conv1, 6), layer(conv2, 16));
    // Before conv1: the classes, three bytes of requant and two of threshold.
    Places { classes: conv1.activation_bits - 6, conv1, conv2 }
}

#[test]
fn a_file_of_another_version_is_refused_with_both_versions_named() {
    let mut bytes = SHIPPED.bytes.to_vec();
    bytes[4..6].copy_from_slice(&(FORMAT_VERSION + 1).to_le_bytes());
    let error = decode(&bytes).unwrap_err();
    assert_eq!(error, Error::Version { expected: FORMAT_VERSION, found: FORMAT_VERSION + 1 });
    let message = error.to_string();
    assert!(message.contains("version 3") && message.contains("version 4"), "{message}");
}

#[test]
fn each_wrong_value_has_its_own_error() {
    let Places { classes, conv1, conv2 } = places();
    for found in [0, 1, 65, 255] {
        assert_eq!(error(|body| body[classes] = found), Error::ClassCount { found: found.into() });
    }
    let shift = Error::PreShift { layer: Layer::Confidence, channel: 0, found: 16 };
    assert_eq!(error(|body| body[classes + 3] = 16), shift);
    for found in [3, 9] {
        let bits = Error::ActivationBits { layer: Layer::Conv2, found };
        assert_eq!(error(|body| body[conv2.activation_bits] = found), bits);
    }
    let shift = Error::PreShift { layer: Layer::Conv2, channel: 1, found: 16 };
    assert_eq!(error(|body| body[conv2.requants + 5] = 16), shift);
    for found in [(1 << 30) + 1, i32::MIN] {
        let bias = Error::Bias { layer: Layer::Conv1, channel: 1, found };
        let change = |body: &mut Vec<u8>| body[conv1.biases + 4..][..4].copy_from_slice(&found.to_le_bytes());
        assert_eq!(error(change), bias);
    }
    // Only fc1 and fc2 can have ternary weights.
    for found in [5, 2] {
        let bits = Error::WeightBits { layer: Layer::Conv2, found };
        assert_eq!(error(|body| body[conv2.weight_bits] = found), bits);
        assert!(bits.to_string().contains("expected 8 or 4;"), "{bits}");
    }
    let bits = Error::WeightBits { layer: Layer::Fc1, found: 3 };
    assert!(bits.to_string().contains("expected 8, 4 or 2;"), "{bits}");
}

#[test]
fn each_field_of_the_wrong_size_has_its_own_error() {
    let Places { conv1, .. } = places();
    let layer = Layer::Conv1;
    // One byte less, with the length that says so.
    let shorter = |at: usize| {
        error(|body| {
            body[at - 1] -= 1;
            body.remove(at);
        })
    };
    let size = |field, expected: usize| Error::FieldSize { layer, field, expected, found: expected - 1 };
    assert_eq!(shorter(conv1.requants), size(Field::Requants, 18));
    assert_eq!(shorter(conv1.biases), size(Field::Biases, 24));
    assert_eq!(shorter(conv1.weights), size(Field::Weights, 75));
}

#[test]
fn bytes_after_the_last_layer_and_a_body_cut_short_are_refused() {
    assert_eq!(error(|body| body.push(0)), Error::TrailingBytes { found: 1 });
    assert_eq!(error(|body| body.truncate(body.len() - 1)), Error::Body);
    assert_eq!(decode(&frame(&[])), Err(Error::Body));
}

#[test]
fn padding_that_is_not_zero_is_refused() {
    let Places { conv1, .. } = places();
    for at in [conv1.padding, conv1.padding + 1] {
        let byte = Error::PaddingByte { layer: Layer::Conv1, found: 7 };
        assert_eq!(error(|body| body[at] = 7), byte);
    }
}

/// Two bytes are right. Six keep the weights at a multiple of four, and are another encoding of the same model.
#[test]
fn padding_of_the_wrong_length_is_refused() {
    let Places { conv1: LayerPlaces { padding, weights, .. }, .. } = places();
    assert_eq!(weights - padding, 2 + 1, "two bytes of padding, and the length of the weights");
    for found in [0, 1, 3, 6] {
        let change = |body: &mut Vec<u8>| {
            body[padding - 1] = found as u8;
            body.splice(padding..padding + 2, vec![0; found]);
        };
        let size = Error::FieldSize { layer: Layer::Conv1, field: Field::Padding, expected: 2, found };
        assert_eq!(error(change), size);
    }
}

#[test]
fn a_length_in_more_bytes_than_it_needs_is_refused() {
    let LayerPlaces { requants, biases, padding, weights, .. } = places().conv1;
    for length in [0, requants - 1, biases - 1, padding - 1, weights - 1] {
        let lengthen = |body: &mut Vec<u8>| drop(body.splice(length..=length, overlong(vec![body[length]])));
        assert_eq!(error(lengthen), Error::Body, "at {length}");
    }
}

/// The fields of [`METADATA`], each number and each length apart.
fn fields() -> Vec<Vec<u8>> {
    let Metadata { dataset, recipe, class_names, .. } = METADATA;
    let text = |text: &str| [varint(text.len() as u64), text.into()];
    let mut fields = [text(dataset), text(recipe)].concat();
    fields.push(varint(METADATA.seed));
    fields.extend(text(class_names));
    fields.push(varint(METADATA.validation_correct.into()));
    fields.push(varint(METADATA.validation_images.into()));
    fields.extend(METADATA.activation_ranges.map(|range| varint(range.into())));
    fields
}

#[test]
fn a_number_of_the_metadata_in_more_bytes_than_it_needs_is_refused() {
    let (file, fields) = (Counted::new().file(), fields());
    assert_eq!(with_metadata(&file, &fields.concat()), file);
    // What the texts themselves are is no number.
    let numbers = (0..fields.len()).filter(|field| ![1, 3, 6].contains(field));
    assert_eq!(numbers.clone().count(), 10);
    for number in numbers {
        let mut fields = fields.clone();
        fields[number] = overlong(fields[number].clone());
        assert_eq!(decode(&with_metadata(&file, &fields.concat())), Err(Error::Body), "field {number}");
    }
}

#[test]
fn a_number_of_the_metadata_past_its_type_is_refused() {
    let file = Counted::new().file();
    // A seed has 64 bits, a count and a range 32.
    let past_64 = [&[0xFF; 9][..], &[2]].concat();
    for (number, past) in [(4, past_64), (7, varint(1 << 32)), (9, varint(1 << 32))] {
        let mut fields = fields();
        fields[number] = past;
        assert_eq!(decode(&with_metadata(&file, &fields.concat())), Err(Error::Body), "field {number}");
    }
}

#[test]
fn bytes_after_the_fields_of_the_metadata_are_refused() {
    let file = Counted::new().file();
    for more in [&[0][..], &[1, 2, 3, 4]] {
        let longer = [metadata(&file), more].concat();
        assert_eq!(decode(&with_metadata(&file, &longer)), Err(Error::Body));
    }
}

#[test]
fn metadata_whose_text_is_not_utf_8_are_refused() {
    let file = Counted::new().file();
    let mut fields = fields();
    fields[1][0] = 0xFF;
    assert_eq!(decode(&with_metadata(&file, &fields.concat())), Err(Error::Body));
}

#[test]
fn class_names_that_do_not_name_every_class_are_neither_read_nor_written() {
    let counted = Counted::new();
    let file = counted.file();
    for class_names in ["zero", "zero\none", "0\n1\n2\n3\n4\n5\n6\n7\n8", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"] {
        let names = Error::ClassNames { expected: 10, found: class_names.split('\n').count() };
        assert_eq!(encode(&counted.model(), &Metadata { class_names, ..METADATA }), Err(names));
        let mut fields = fields();
        fields[5] = varint(class_names.len() as u64);
        fields[6] = class_names.into();
        assert_eq!(decode(&with_metadata(&file, &fields.concat())), Err(names));
    }
}

#[test]
fn a_model_may_name_no_class() {
    let counted = Counted::new();
    let bytes = encode(&counted.model(), &Metadata { class_names: "", ..METADATA }).unwrap();
    assert_eq!(decode(&bytes).unwrap().metadata.class_names, "");
    assert!(body(&bytes).len() < body(&counted.file()).len());
}
