//! Models and golden digits as arrays of C.

use anyhow::{Context, Result, ensure};
use lenet_infer::host::files::read_at_most;
use lenet_infer::{Engine, Model, SHIPPED, decode};
use std::fmt::{Display, Write};
use std::path::Path;

/// The longest file read, in bytes: twenty times a model with ordinary metadata. A longer file is not a model.
const MAX_BYTES: u64 = 1 << 20;

/// The golden digits: the first of the test set of MNIST.
const DIGITS: &[u8] = include_bytes!("../../../assets/golden-digits.bin");

/// Reads a model file, or the shipped one, and checks it as `lenet-infer inspect` does.
pub(crate) fn model(path: Option<&Path>) -> Result<Vec<u8>> {
    let Some(path) = path else { return Ok(SHIPPED.bytes.to_vec()) };
    let name = path.display();
    let bytes = read_at_most(path, MAX_BYTES)
        .with_context(|| format!("{name}: expected a model file of lenet-train"))?;
    let length = decode(&bytes).with_context(|| name.to_string())?.bytes.len();
    let after = bytes.len() - length;
    ensure!(
        after == 0,
        "{name}: expected {length} bytes, found {after} more after the model; copy or export it again"
    );
    Ok(bytes)
}

/// Returns `lenet_model.h` of the Arduino library, which defines the model where it is included.
///
/// The definition is weak, so that one copy is in the program if several files include it.
pub(crate) fn model_header(bytes: &[u8]) -> String {
    format!(
        "{}#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\nextern const uint8_t lenet_model[LENET_MODEL_BYTES] \
         __attribute__((weak, aligned(4)));\n\nconst uint8_t lenet_model[LENET_MODEL_BYTES] = {{\n{}}};\n\n\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
        model_head(bytes),
        rows(bytes),
    )
}

/// Returns `lenet_model.h` of the Zephyr module, which only declares the model.
pub(crate) fn model_declaration(bytes: &[u8]) -> String {
    format!(
        "{}#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\nextern const uint8_t lenet_model[LENET_MODEL_BYTES];\n\n\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
        model_head(bytes)
    )
}

/// Returns the source file that defines the model.
pub(crate) fn model_source(bytes: &[u8]) -> String {
    format!(
        "#include \"lenet_model.h\"\n\n\
         const uint8_t lenet_model[LENET_MODEL_BYTES] __attribute__((aligned(4))) = {{\n{}}};\n",
        rows(bytes)
    )
}

fn model_head(bytes: &[u8]) -> String {
    format!(
        "// The model file of this package, for lenet_decode. It is read in place, from flash.\n\n\
         #ifndef LENET_MODEL_H\n#define LENET_MODEL_H\n\n#include <stdint.h>\n\n\
         #define LENET_MODEL_BYTES {}\n\n",
        bytes.len()
    )
}

/// Returns `golden_digits.h`: the golden digits, and the logits that the model must give.
pub(crate) fn golden_digits(model: &[u8]) -> Result<String> {
    let (model, _) = Model::decode(model)?;
    let mut engine = Engine::new(&model);
    let (digits, _) = DIGITS.as_chunks();
    let logits: Vec<_> = digits.iter().map(|digit| engine.classify(digit).logits.to_vec()).collect();
    Ok(format!(
        "// Digits of the test set of MNIST, and the logits that the host computes for them with the model of this\n\
         // package. Every core must give the same.\n\n\
         #ifndef GOLDEN_DIGITS_H\n#define GOLDEN_DIGITS_H\n\n#include <stdint.h>\n\n\
         #define GOLDEN_DIGITS {}\n#define GOLDEN_CLASSES {}\n\n\
         static const uint8_t golden_digits[GOLDEN_DIGITS][28 * 28] = {{\n{}}};\n\n\
         static const int32_t golden_logits[GOLDEN_DIGITS][GOLDEN_CLASSES] = {{\n{}}};\n\n#endif\n",
        digits.len(),
        model.classes(),
        nested(digits.iter().map(|digit| digit.as_slice())),
        nested(logits.iter().map(Vec::as_slice)),
    ))
}

fn nested<'a, T: Display + 'a>(arrays: impl Iterator<Item = &'a [T]>) -> String {
    arrays.fold(String::new(), |text, array| text + "{\n" + &rows(array) + "},\n")
}

/// Returns the numbers in lines, a comma after each.
fn rows<T: Display>(numbers: &[T]) -> String {
    let mut text = String::new();
    for row in numbers.chunks(28) {
        for number in row {
            write!(text, "{number},").expect("a string takes any text");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers between braces.
    fn numbers(text: &str) -> Vec<i64> {
        let inside = text.split_once('{').unwrap().1;
        inside.split([',', '\n', '{', '}']).filter_map(|word| word.parse().ok()).collect()
    }

    #[test]
    fn the_array_of_the_model_is_the_file() {
        let source = model_source(SHIPPED.bytes);
        let expected: Vec<_> = SHIPPED.bytes.iter().map(|&byte| i64::from(byte)).collect();
        assert_eq!(numbers(&source), expected);
        assert_eq!(numbers(model_header(SHIPPED.bytes).split_once("aligned").unwrap().1), expected);
    }

    #[test]
    fn the_golden_logits_are_those_of_the_shipped_model() {
        let text = golden_digits(SHIPPED.bytes).unwrap();
        let expected = include_bytes!("../../../assets/golden-logits.bin");
        let expected: Vec<_> =
            expected.as_chunks().0.iter().map(|&logit| i64::from(i32::from_le_bytes(logit))).collect();
        assert_eq!(numbers(text.split_once("golden_logits").unwrap().1), expected);
    }

    #[test]
    fn a_file_that_is_no_model_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &SHIPPED.bytes[..100]).unwrap();
        let message = format!("{:#}", model(Some(file.path())).unwrap_err());
        assert!(message.starts_with(&file.path().display().to_string()), "{message}");
        std::fs::write(file.path(), [SHIPPED.bytes, &[0; 3]].concat()).unwrap();
        let message = format!("{:#}", model(Some(file.path())).unwrap_err());
        assert!(message.ends_with("found 3 more after the model; copy or export it again"), "{message}");
    }
}
