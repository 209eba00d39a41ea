//! What a run leaves for the board: the model file, and digits with the logits that every core must give.

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::files;
use lenet_infer::host::idx::LabelledImages;
use lenet_infer::{Engine, Model};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The model file's name in the run's folder.
pub const MODEL_FILE: &str = "model.lenet";
/// The golden digits' file: up to [`GOLDEN_DIGITS`] images of 784 bytes, the first of the test set.
pub const GOLDEN_DIGITS_FILE: &str = "golden-digits.bin";
/// The golden logits' file: for each golden digit, one little-endian `i32` per class.
pub const GOLDEN_LOGITS_FILE: &str = "golden-logits.bin";
/// No model file comes near.
const MAX_MODEL_BYTES: u64 = 1 << 20;
/// Golden digits, unless the test set has fewer.
pub const GOLDEN_DIGITS: usize = 100;

/// A file of the run could not be written or read.
#[derive(Debug, Error)]
#[error("{}: cannot be {action}: expected a writable folder with free space; name another by --out", path.display())]
pub struct ExportError {
    /// The file.
    pub path: PathBuf,
    /// `written` or `read`.
    pub action: &'static str,
    /// What the file system said.
    pub source: io::Error,
}

/// Reads the model file in `folder`.
///
/// # Errors
///
/// [`ExportError`].
pub fn read_model(folder: &Path) -> Result<Vec<u8>, ExportError> {
    let path = folder.join(MODEL_FILE);
    files::read_at_most(&path, MAX_MODEL_BYTES).map_err(|source| ExportError { path, action: "read", source })
}

/// Writes the golden digits, the first images of `test`, and the logits that `model` gives for them.
///
/// # Errors
///
/// [`ExportError`].
pub fn golden(out: &Path, model: &Model<'_>, test: &LabelledImages) -> Result<(), ExportError> {
    let digits: &[[u8; IMAGE_PIXELS]] = &test.images[..GOLDEN_DIGITS.min(test.len())];
    let mut engine = Engine::new(model);
    let mut logits = Vec::new();
    for digit in digits {
        logits.extend(engine.classify(digit).logits.iter().flat_map(|logit| logit.to_le_bytes()));
    }
    write(out, GOLDEN_DIGITS_FILE, digits.as_flattened())?;
    write(out, GOLDEN_LOGITS_FILE, &logits)?;
    Ok(())
}

/// Writes a file of the run into `folder`, whole or not at all.
///
/// # Errors
///
/// [`ExportError`].
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
    let path = folder.join(name);
    files::replace(&path, |file| file.write_all(bytes)).map_err(|source| ExportError {
        path,
        action: "written",
        source,
    })
}
