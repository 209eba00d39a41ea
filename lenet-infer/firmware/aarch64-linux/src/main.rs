//! Compares the kernels for Neon with the portable ones, and classifies the golden digits with the three shipped models.
#![no_std]
#![no_main]

use aarch64_linux::{Linux, exit};
use core::fmt::Write;
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use lenet_infer::{CompactEngine, Engine, Model, SHIPPED, SHIPPED_INT4, SHIPPED_TERNARY, Stream};

static DIGITS: &[u8] = include_bytes!("../../../assets/golden-digits.bin");

/// Runs the program.
#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let models: [(&str, &Model<'_>, &[u8]); 3] = [
        ("int8", &SHIPPED.model, include_bytes!("../../../assets/golden-logits.bin")),
        ("int4", &SHIPPED_INT4.model, include_bytes!("../../../assets/golden-logits-int4.bin")),
        ("ternary", &SHIPPED_TERNARY.model, include_bytes!("../../../assets/golden-logits-ternary.bin")),
    ];
    let mut passed = app::corpus(&mut Linux);
    for (name, model, logits) in models {
        passed &= golden(name, model, logits);
    }
    exit(passed)
}

/// Classifies the golden digits by each of the engines, and prints how many have the expected logits. Returns whether all have.
fn golden(name: &str, model: &Model<'_>, logits: &[u8]) -> bool {
    let (mut engine, mut compact, mut stream) =
        (Engine::new(model), CompactEngine::new(model), Stream::new(model));
    let (digits, _) = DIGITS.as_chunks::<IMAGE_PIXELS>();
    let (expected, _) = logits.as_chunks::<4>();
    let (expected, _) = expected.as_chunks::<CLASSES>();
    let mut equal = 0;
    for (digit, expected) in digits.iter().zip(expected) {
        let expected = expected.map(i32::from_le_bytes);
        *compact.image() = *digit;
        let (rows, _) = digit.as_chunks();
        let by_rows = rows.iter().filter_map(|row| Some(stream.push(row)?.logits == expected)).last();
        let by_image = engine.classify(digit).logits == expected && compact.classify().logits == expected;
        equal += usize::from(by_image && by_rows == Some(true));
    }
    let total = digits.len();
    // Writing does not fail.
    let _ = writeln!(Linux, "{name:11} {equal} of {total} digits with all ten logits equal, by each engine");
    equal == total
}
