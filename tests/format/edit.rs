//! Changes to the bytes of a file. Offsets count from the start of the body.

use lenet_core::format::{CRC_BYTES, FORMAT_VERSION, HEADER_BYTES, WEIGHT_ALIGNMENT};
use lenet_core::{ModelFile, decode};
use std::mem::replace;

/// `body` with the right header and checksum around it, so that a damaged body reaches the decoder.
pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    let mut bytes = [b"LNET".as_slice(), &FORMAT_VERSION.to_le_bytes(), &length, body].concat();
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes
}

pub(crate) fn body(file: &[u8]) -> &[u8] {
    &file[HEADER_BYTES..file.len() - CRC_BYTES]
}

/// Where in the body a part of a decoded model lies.
pub(crate) fn place(file: &ModelFile<'_>, part: &[u8]) -> usize {
    part.as_ptr().addr() - file.bytes.as_ptr().addr() - HEADER_BYTES
}

/// `file` with a changed body.
pub(crate) fn edited(file: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = body(file).to_vec();
    change(&mut body);
    frame(&body)
}

/// `number` as a varint.
pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The same number as the varint `bytes`, in one byte more than it needs.
pub(crate) fn overlong(mut bytes: Vec<u8>) -> Vec<u8> {
    *bytes.last_mut().unwrap() |= 0x80;
    bytes.push(0);
    bytes
}

/// The metadata of a file, without their length.
pub(crate) fn metadata(file: &[u8]) -> &[u8] {
    let body = body(file);
    assert!(body[0] < 0x80, "a length of one byte");
    &body[1..][..usize::from(body[0])]
}

/// A layer's fields in a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerFields {
    /// The end of the layer before, or the start of the body.
    pub(crate) start: usize,
    /// The bits per weight, the last field before the padding.
    pub(crate) weight_bits: usize,
    /// The weights.
    pub(crate) weights: usize,
    /// The end of the weights, and of the layer.
    pub(crate) end: usize,
}

pub(crate) fn layers(file: &ModelFile<'_>) -> [LayerFields; 5] {
    let model = &file.model;
    let fields: [(&[u8], &[u8]); 5] = [
        (model.conv1().biases().as_bytes().as_flattened(), model.conv1().weights().as_bytes()),
        (model.conv2().biases().as_bytes().as_flattened(), model.conv2().weights().as_bytes()),
        (model.fc1().biases().as_bytes().as_flattened(), model.fc1().weights().as_bytes()),
        (model.fc2().biases().as_bytes().as_flattened(), model.fc2().weights().as_bytes()),
        (model.fc3().bias_bytes().as_flattened(), model.fc3().weights().as_bytes()),
    ];
    let mut start = 0;
    fields.map(|(biases, weights)| {
        let (weight_bits, at) = (place(file, biases) + biases.len(), place(file, weights));
        let end = at + weights.len();
        LayerFields { start: replace(&mut start, end), weight_bits, weights: at, end }
    })
}

/// `file` with a change to what lies before the padding of a layer. The padding is repaired, so that nothing after it
/// moves relative to a multiple of four.
pub(crate) fn with_header(file: &[u8], layer: usize, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let LayerFields { start, weight_bits, weights, end } = layers(&decode(file).unwrap())[layer];
    let body = body(file);
    let mut header = body[start..=weight_bits].to_vec();
    change(&mut header);
    let length = varint((end - weights) as u64);
    let unpadded = HEADER_BYTES + start + header.len() + 1 + length.len();
    let padding = unpadded.next_multiple_of(WEIGHT_ALIGNMENT) - unpadded;
    header.push(padding as u8);
    header.extend(vec![0; padding]);
    frame(&[&body[..start], &header, &length, &body[weights..]].concat())
}

/// `file` with other metadata: their length and the padding after them are repaired.
pub(crate) fn with_metadata(file: &[u8], new: &[u8]) -> Vec<u8> {
    let old = 1 + metadata(file).len();
    with_header(file, 0, |header| drop(header.splice(..old, [&varint(new.len() as u64), new].concat())))
}
