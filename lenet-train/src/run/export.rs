//! The model file of a run, and the golden digits: test images with the logits that every core must give for them.

use super::checkpoint;
use super::config::CONFIG_FILE;
use super::epoch_log::{CSV_FILE, JSON_LINES_FILE};
use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::files;
use lenet_infer::host::idx::LabeledImages;
use lenet_infer::{Engine, Model};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Name of the file with the report in the run folder.
pub const REPORT_FILE: &str = "report.html";
/// Name of the file with the metrics in the run folder.
pub const METRICS_FILE: &str = "metrics.json";
/// Name of the file with the score card in the run folder.
pub const SCORE_CARD_FILE: &str = "score-card.json";
/// Name of the picture of the score card in the run folder.
pub const SCORE_CARD_PICTURE: &str = "score-card.svg";
/// The files of a run, the most interesting first.
pub const FILES: [&str; 10] = [
    MODEL_FILE,
    REPORT_FILE,
    METRICS_FILE,
    JSON_LINES_FILE,
    CSV_FILE,
    CONFIG_FILE,
    GOLDEN_DIGITS_FILE,
    GOLDEN_LOGITS_FILE,
    checkpoint::FILE_NAME,
    checkpoint::BEST_FILE_NAME,
];
/// The name of the model file in the run's folder.
pub const MODEL_FILE: &str = "model.lenet";
/// The name of the file with the golden digits: the first [`GOLDEN_DIGITS`] test images, of 784 bytes each.
pub const GOLDEN_DIGITS_FILE: &str = "golden-digits.bin";
/// The name of the file with their logits: for each golden digit, one little-endian `i32` per class.
pub const GOLDEN_LOGITS_FILE: &str = "golden-logits.bin";
/// The size limit of a model file, which is far smaller.
const MAX_MODEL_BYTES: u64 = 1 << 20;
/// The number of golden digits, unless the test set has fewer images.
pub const GOLDEN_DIGITS: usize = 100;

/// The error when a file of the run could not be written or read.
#[derive(Debug, Error)]
#[error("{}: cannot be {action}: {}", path.display(), self.hint())]
pub struct ExportError {
    /// The file.
    pub path: PathBuf,
    /// What failed: `written` or `read`.
    pub action: &'static str,
    /// The error of the file system.
    pub source: io::Error,
}

impl ExportError {
    /// How to fix it.
    fn hint(&self) -> &'static str {
        match self.action {
            "read" => "check that the file is there and readable",
            _ => "free some space there, or choose another folder with --out",
        }
    }
}

/// Reads the model file in `folder`.
///
/// # Errors
///
/// Returns an [`ExportError`] if the file cannot be read.
pub fn read_model(folder: &Path) -> Result<Vec<u8>, ExportError> {
    let path = folder.join(MODEL_FILE);
    files::read_at_most(&path, MAX_MODEL_BYTES).map_err(|source| ExportError { path, action: "read", source })
}

/// Writes the golden digits, the first images of `test`, and the logits of `model` for them.
///
/// # Errors
///
/// Returns an [`ExportError`] if a file cannot be written.
pub fn golden(out: &Path, model: &Model<'_>, test: &LabeledImages) -> Result<(), ExportError> {
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

/// Writes a file of the run into `folder`, atomically: it is either replaced completely or not at all.
///
/// # Errors
///
/// Returns an [`ExportError`] if the file cannot be written.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
    let path = folder.join(name);
    files::replace(&path, |file| file.write_all(bytes)).map_err(|source| ExportError {
        path,
        action: "written",
        source,
    })
}
