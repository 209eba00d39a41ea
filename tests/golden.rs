//! The golden digits that are shipped with the models: test images with the logits that every core must give for them.

use lenet_infer::host::idx::Part;
use lenet_infer::{Engine, Model, ModelFile, SHIPPED, SHIPPED_INT4, SHIPPED_TERNARY, decode};

mod common;

const DIGITS: &[u8] = include_bytes!("../lenet-infer/assets/golden-digits.bin");

/// The shipped models, each with its logits for the golden digits.
static MODELS: [(&ModelFile<'static>, &[u8]); 3] = [
    (&SHIPPED, include_bytes!("../lenet-infer/assets/golden-logits.bin")),
    (&SHIPPED_INT4, include_bytes!("../lenet-infer/assets/golden-logits-int4.bin")),
    (&SHIPPED_TERNARY, include_bytes!("../lenet-infer/assets/golden-logits-ternary.bin")),
];

fn digits() -> &'static [[u8; 784]] {
    let (digits, _) = DIGITS.as_chunks();
    assert_eq!(digits.len(), 100);
    digits
}

#[test]
fn the_engine_gives_the_golden_logits() {
    for (file, golden) in MODELS {
        assert_eq!(golden.len(), 100 * 10 * 4);
        assert_eq!(common::logit_bytes(&file.model, digits()), golden);
    }
}

/// Within a file, the weights start at multiples of four bytes. Here the file itself starts at another address.
#[test]
fn a_model_at_any_address_gives_the_golden_logits() {
    for (file, golden) in MODELS {
        let mut buffer = vec![0; file.bytes.len() + 8];
        let aligned = buffer.as_ptr().align_offset(4);
        for offset in [1, 2, 3] {
            let place = &mut buffer[aligned + offset..][..file.bytes.len()];
            place.copy_from_slice(file.bytes);
            let model = decode(place).unwrap().model;
            assert_eq!(weights_address(&model) % 4, offset);
            assert_eq!(model, file.model);
            assert_eq!(common::logit_bytes(&model, digits()), golden, "{offset} bytes after a multiple of 4");
        }
    }
}

fn weights_address(model: &Model<'_>) -> usize {
    model.fc1().weights().as_bytes().as_ptr().addr()
}

#[test]
fn an_engine_that_was_used_before_gives_the_same_predictions_as_a_new_one() {
    let mut used = Engine::new(&SHIPPED.model);
    for digit in digits() {
        used.classify(digit);
    }
    for digit in digits() {
        assert_eq!(used.classify(digit), Engine::new(&SHIPPED.model).classify(digit));
    }
}

#[test]
fn the_golden_digits_are_the_first_100_test_images() {
    let test = common::mnist_part(Part::Test);
    assert_eq!(DIGITS, test.images[..100].as_flattened());
}
