//! The report of a run: one self-contained page for people, one JSON file for programs.
//!
//! The page needs no script, no font and no other file. Charts are SVG drawn by plotters, images are PNGs inside `data:`
//! addresses, and the markup is written with maud, which escapes what comes from outside. The page is well-formed XML as
//! well as HTML, so that a strict parser can check it.

mod accuracy;
mod axis;
mod chart;
mod inputs;
mod markup;
mod score_card;
mod sections;
mod text;

use std::io;
use std::path::{Path, PathBuf};

use lenet_infer::host::files;
use maud::{DOCTYPE, PreEscaped, html};
use serde::Serialize;

pub use accuracy::AccuracyPlot;
pub use inputs::{ActivationHistogram, AugmentedImage, GeneratedImages, ReportInputs, SizeRow};

use crate::eval::check::FinalTable;
use crate::eval::score_card::{Examples, ScoreCard};
use crate::run::config::RunConfig;
use crate::run::metrics::{Confidence, Metrics};
use crate::train::EpochMetrics;

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The file could not be written.
    #[error(
        "cannot write {}: expected an existing folder with write permission and free space; \
         name another with --out",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A picture could not be drawn.
    #[error("cannot draw {picture} for the report: {reason}")]
    Draw {
        /// What was being drawn.
        picture: String,
        /// What the drawing library said.
        reason: String,
    },
    /// The metrics could not be turned into JSON.
    #[error("cannot express the metrics as JSON")]
    Json(#[from] serde_json::Error),
}

/// Writes the page to `path`, atomically.
///
/// # Errors
///
/// [`ReportError::Write`] when the file cannot be written, [`ReportError::Draw`] when a picture cannot
/// be drawn.
pub fn write(path: &Path, inputs: &ReportInputs<'_>) -> Result<(), ReportError> {
    write_atomically(path, page(inputs)?.as_bytes())
}

/// Writes `metrics.json` to `path`, atomically: the metrics with accuracies and recall added to `result`.
///
/// The file reads back as [`Metrics`] if every figure is finite. JSON has no other numbers, so they become `null`.
///
/// # Errors
///
/// [`ReportError::Write`] when the file cannot be written.
pub fn write_metrics(path: &Path, metrics: &Metrics) -> Result<(), ReportError> {
    write_json(path, &MetricsView::of(metrics))
}

/// Writes any results as JSON, atomically.
///
/// # Errors
///
/// [`ReportError::Write`] when the file cannot be written.
pub fn write_json(path: &Path, results: &impl Serialize) -> Result<(), ReportError> {
    let mut json = serde_json::to_vec_pretty(results)?;
    json.push(b'\n');
    write_atomically(path, &json)
}

/// Writes the picture of several seeds' accuracies, an SVG, to `path`, atomically.
///
/// # Errors
///
/// As [`write()`].
pub fn write_accuracy_plot(path: &Path, plot: &AccuracyPlot) -> Result<(), ReportError> {
    write_atomically(path, accuracy::svg(plot)?.as_bytes())
}

/// Writes the picture of a model's score card, an SVG with this title, to `path`, atomically.
///
/// # Errors
///
/// As [`write()`].
pub fn write_score_card(
    path: &Path,
    card: &ScoreCard,
    examples: &Examples,
    title: &str,
) -> Result<(), ReportError> {
    write_atomically(path, score_card::svg(card, examples, title)?.into_string().as_bytes())
}

/// [`Metrics`] with the figures that follow from it.
#[derive(Serialize)]
struct MetricsView<'a> {
    run: &'a RunConfig,
    epochs: &'a [EpochMetrics],
    exported_epoch: Option<u32>,
    result: ResultView<'a>,
    confidence: &'a Confidence,
}

#[derive(Serialize)]
struct ResultView<'a> {
    f32_accuracy: f64,
    integer_accuracy: f64,
    recall: Vec<Option<f64>>,
    #[serde(flatten)]
    table: &'a FinalTable,
}

impl<'a> MetricsView<'a> {
    fn of(metrics: &'a Metrics) -> Self {
        let Metrics { run, epochs, exported_epoch, result: table, confidence } = metrics;
        let result = ResultView {
            f32_accuracy: table.f32_accuracy(),
            integer_accuracy: table.integer_accuracy(),
            recall: table.recall(),
            table,
        };
        Self { run, epochs, exported_epoch: *exported_epoch, result, confidence }
    }
}

fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), ReportError> {
    files::replace(path, |file| file.write_all(contents))
        .map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn page(inputs: &ReportInputs<'_>) -> Result<String, ReportError> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "LeNet on " (text::dataset_title(&inputs.metrics.run.data.contents)) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body { main { (sections::all(inputs)?) } }
        }
    };
    Ok(markup::finish(page))
}

#[cfg(test)]
mod tests;
