//! The errors of the results of a run.

use crate::quantize::QuantizeError;
use crate::report::ReportError;
use crate::run::export::ExportError;
use std::path::PathBuf;
use thiserror::Error;

/// The error when the results of a run cannot be created.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The weights cannot be quantized.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// The data set names some classes, but not all.
    #[error("the model cannot be encoded: expected a data set that names every class or none")]
    Encode(#[source] lenet_infer::Error),
    /// A file cannot be written or read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The file is not a model file.
    #[error("{}: expected a model file: create it again with `lenet-train quantize`", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: lenet_infer::Error,
    },
    /// The model file belongs to another run.
    #[error(
        "{}: expected the model of this run with {expected} classes, found one with {found}: create it again with \
         `lenet-train quantize`", path.display()
    )]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// The number of classes of the run.
        expected: usize,
        /// The number of classes of the model.
        found: usize,
    },
    /// The file with the score card has other contents.
    #[error(
        "{}: expected a score card: create it again with `lenet-train score-card`, or delete it", path.display()
    )]
    ScoreCard {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}
