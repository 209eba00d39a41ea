//! What holds of any bytes that are decoded: proved by Kani for short ones, tried by proptest with longer ones.

use super::layer_bytes::LayerBytes;
use super::reader::Reader;
use super::{HEADER_BYTES, MAGIC, WEIGHT_ALIGNMENT, decode};
use crate::error::{Error, Layer};
use crate::shape::{MAX_CLASSES, MIN_CLASSES};

/// No bytes make the decoder panic, and a file lies in the bytes.
fn any_bytes_give_a_file_or_an_error(bytes: &[u8]) {
    match decode(bytes) {
        Ok(file) => {
            assert!(file.bytes.len() <= bytes.len());
            assert!((MIN_CLASSES..=MAX_CLASSES).contains(&file.model.classes()));
        }
        Err(Error::TooShort { expected, found }) => assert!(found < expected && found == bytes.len()),
        Err(_) => assert!(bytes.len() >= MAGIC.len()),
    }
}

/// A number that is read takes at most five bytes, and only the shortest form of it is accepted.
fn a_number_has_one_form(bytes: &[u8]) {
    let mut reader = Reader::new(bytes, 0);
    let Ok(number) = reader.varint_u32() else { return };
    let taken = reader.position();
    assert!((1..=5).contains(&taken) && taken <= bytes.len());
    assert!(taken == 1 || number >> (7 * (taken - 1)) != 0);
}

/// A layer that is read has the lengths that its shape says, and weights at a multiple of four.
fn a_layer_has_the_lengths_of_its_shape(bytes: &[u8], outputs: u8, taps: u16) {
    let mut reader = Reader::new(bytes, HEADER_BYTES);
    let mut layer = LayerBytes::EMPTY;
    if layer.read(&mut reader, Layer::Fc3, outputs, taps).is_ok() {
        let weights = layer.weights().len();
        assert!(weights <= usize::from(outputs) * usize::from(taps));
        assert!((reader.position() - weights).is_multiple_of(WEIGHT_ALIGNMENT));
        assert!(reader.position() <= HEADER_BYTES + bytes.len());
    }
}

#[cfg(kani)]
mod harnesses {
    /// Any bytes, up to `N` of them.
    fn any_bytes<const N: usize>(buffer: &[u8; N]) -> &[u8] {
        let length: usize = kani::any();
        kani::assume(length <= N);
        &buffer[..length]
    }

    // Without room for a body: what is checked before the checksum.
    #[kani::proof]
    #[kani::unwind(130)]
    fn any_bytes_give_a_file_or_an_error() {
        super::any_bytes_give_a_file_or_an_error(any_bytes(&kani::any::<[u8; 15]>()));
    }

    #[kani::proof]
    #[kani::unwind(8)]
    fn a_number_has_one_form() {
        super::a_number_has_one_form(any_bytes(&kani::any::<[u8; 7]>()));
    }

    // Two outputs of two weights: eight bytes of biases, and at most four of weights.
    #[kani::proof]
    #[kani::unwind(8)]
    fn a_layer_has_the_lengths_of_its_shape() {
        super::a_layer_has_the_lengths_of_its_shape(any_bytes(&kani::any::<[u8; 20]>()), 2, 2);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::super::FILE_CRC;
    use proptest::prelude::*;
    use std::vec::Vec;

    const SHIPPED: &[u8] = include_bytes!("../../../lenet-infer/assets/model-int4.lenet");

    /// The first bytes of a layer of two outputs, and whatever follows.
    fn layer() -> impl Strategy<Value = Vec<u8>> {
        let part = |bytes: &'static [u8]| Just(bytes.to_vec());
        let biases = part(&[8, 0, 0, 0, 0, 9, 0, 0, 0]);
        let bits = prop_oneof![part(&[8]), part(&[4])];
        let padding = prop_oneof![part(&[0]), part(&[1, 0]), part(&[2, 0, 0]), part(&[3, 0, 0, 0])];
        let weights = prop_oneof![part(&[4, 1, 2, 3, 4]), part(&[2, 1, 2]), any::<Vec<u8>>()];
        (biases, bits, padding, weights).prop_map(|(a, b, c, d)| [a, b, c, d].concat())
    }

    proptest! {
        // A whole file takes Miri long.
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 256 }))]

        #[test]
        fn any_bytes_give_a_file_or_an_error(bytes: Vec<u8>, at in 0..SHIPPED.len() - 4, byte: u8) {
            super::any_bytes_give_a_file_or_an_error(&bytes);
            // A file with a byte changed and the checksum of what it says then.
            let mut file = SHIPPED.to_vec();
            file[at] = byte;
            let (checked, crc) = file.split_last_chunk_mut().unwrap();
            *crc = FILE_CRC.checksum(checked).to_le_bytes();
            super::any_bytes_give_a_file_or_an_error(&file);
        }

        #[test]
        fn a_number_has_one_form(bytes in proptest::collection::vec(any::<u8>(), 0..8)) {
            super::a_number_has_one_form(&bytes);
        }

        #[test]
        fn a_layer_has_the_lengths_of_its_shape(bytes in layer(), any: Vec<u8>) {
            super::a_layer_has_the_lengths_of_its_shape(&bytes, 2, 2);
            super::a_layer_has_the_lengths_of_its_shape(&any, 2, 2);
        }
    }
}
