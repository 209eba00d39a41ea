//! The shipped golden digits: the logits that every core must give, bit for bit.

use lenet_infer::{Engine, SHIPPED_INT4_MODEL, SHIPPED_MODEL, decode, host::idx::Part};

mod common;

const DIGITS: &[u8] = include_bytes!("../lenet-infer/assets/golden-digits.bin");
const LOGITS: &[u8] = include_bytes!("../lenet-infer/assets/golden-logits.bin");
const INT4_LOGITS: &[u8] = include_bytes!("../lenet-infer/assets/golden-logits-int4.bin");

#[test]
fn the_engine_gives_the_golden_logits() {
    let (digits, _) = DIGITS.as_chunks::<784>();
    for (model, golden) in [(SHIPPED_MODEL, LOGITS), (SHIPPED_INT4_MODEL, INT4_LOGITS)] {
        let mut engine = Engine::new(decode(model).unwrap());
        let logits = digits.iter().flat_map(|digit| engine.classify(digit).logits);
        let logits: Vec<u8> = logits.flat_map(i32::to_le_bytes).collect();
        assert_eq!((digits.len(), golden.len()), (100, 100 * 10 * 4));
        assert_eq!(logits, golden);
    }
}

#[test]
fn a_used_engine_gives_the_logits_of_a_new_one() {
    let (digits, _) = DIGITS.as_chunks::<784>();
    let model = decode(SHIPPED_MODEL).unwrap();
    let mut used = Engine::new(model);
    for digit in digits {
        used.classify(digit);
    }
    for digit in digits {
        assert_eq!(used.classify(digit), Engine::new(model).classify(digit));
    }
}

#[test]
fn the_golden_digits_are_the_first_of_the_test_set() {
    let test = common::mnist_part(Part::Test);
    assert_eq!(DIGITS, test.images[..100].as_flattened());
}
