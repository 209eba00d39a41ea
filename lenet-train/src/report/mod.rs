//! The report of a run: one self-contained page for people, one JSON file for programs.
//!
//! The page needs no script, no font and no other file. Charts are SVG drawn by plotters, digits are PNGs
//! inside `data:` addresses, and the page is well-formed XML as well as HTML, so that an XML parser can check it.

mod accuracy;
mod augmented;
mod axis;
mod chart;
mod confidence;
mod confusion;
mod curves;
mod digits;
mod histograms;
mod kernels;
mod tables;
mod text;

use std::io;
use std::path::{Path, PathBuf};

use lenet_core::shape::IMAGE_PIXELS;
use lenet_infer::host::files;
use serde::Serialize;

pub use accuracy::AccuracyPlot;

use crate::eval::check::{FinalTable, Misclassified};
use crate::model::weights::FloatWeights;
use crate::run::config::RunConfig;
use crate::run::metrics::{Confidence, Metrics};
use crate::train::EpochMetrics;

/// Everything the page shows.
#[derive(Clone, Copy, Debug)]
pub struct ReportInputs<'a> {
    /// What the run measured.
    pub metrics: &'a Metrics,
    /// The trained parameters before quantization.
    pub weights: &'a FloatWeights,
    /// For each layer, in the order of [`LAYERS`](crate::model::weights::LAYERS), the weight that becomes the largest integer in
    /// each of its output channels. An empty list draws no clipping.
    pub weight_clips: &'a [Vec<f32>; 5],
    /// The activations that were quantized, in the order of the network.
    pub activations: &'a [ActivationHistogram],
    /// Every test image that the integer engine got wrong, in any order.
    pub misclassified: &'a [Misclassified],
    /// What each layer costs in the model file, in the order of the network.
    pub sizes: &'a [SizeRow],
    /// Some training images, each before and after an augmentation; empty where there is none.
    pub augmented: &'a [AugmentedImage],
}

/// A training image before and after its augmentation: grey values, row by row, 255 is ink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AugmentedImage {
    /// As the data set has it.
    pub original: [u8; IMAGE_PIXELS],
    /// As the first epochs saw it.
    pub seen: Vec<[u8; IMAGE_PIXELS]>,
}

/// How one layer's activations were distributed over the calibration images.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivationHistogram {
    /// Name of the layer that produced them.
    pub layer: &'static str,
    /// Largest activation seen.
    pub max: f32,
    /// The activation that becomes 255; larger ones are clipped to it.
    pub clip: f32,
    /// Activations in each of `counts.len()` equal bins from 0 to `max`.
    pub counts: Vec<u64>,
}

/// What one layer costs in the model file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeRow {
    /// Name of the layer.
    pub layer: String,
    /// Weights, not counting biases.
    pub weights: usize,
    /// Bytes of the weights.
    pub weight_bytes: usize,
    /// Bytes of the biases.
    pub bias_bytes: usize,
    /// Bytes of the requantization parameters.
    pub requant_bytes: usize,
}

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
/// It reads back as [`Metrics`] as long as every figure is finite: JSON knows no other numbers,
/// so they become `null`.
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

/// [`Metrics`] with the figures that follow from it.
#[derive(Serialize)]
struct MetricsView<'a> {
    run: &'a RunConfig,
    epochs: &'a [EpochMetrics],
    delivered_epoch: Option<u32>,
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
        let Metrics { run, epochs, delivered_epoch, result: table, confidence } = metrics;
        let result = ResultView {
            f32_accuracy: table.f32_accuracy(),
            integer_accuracy: table.integer_accuracy(),
            recall: table.recall(),
            table,
        };
        Self { run, epochs, delivered_epoch: *delivered_epoch, result, confidence }
    }
}

fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), ReportError> {
    files::replace(path, |file| file.write_all(contents))
        .map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn page(inputs: &ReportInputs<'_>) -> Result<String, ReportError> {
    let metrics = inputs.metrics;
    let classes = &metrics.run.data.classes;
    let sections = [
        curves::section(metrics)?,
        confusion::section(&metrics.result, classes),
        confidence::section(&metrics.confidence)?,
        digits::section(inputs.misclassified, classes)?,
        augmented::section(inputs.augmented)?,
        kernels::section(&inputs.weights.conv1),
        histograms::weights_section(inputs.weights, inputs.weight_clips)?,
        histograms::activations_section(inputs.activations)?,
        tables::sizes_section(inputs.sizes, &metrics.result),
        tables::settings_section(metrics),
    ];
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<title>LeNet on {title}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n<main>\n{header}{sections}</main>\n</body>\n</html>\n",
        title = text::dataset_title(&metrics.run.data.contents),
        style = include_str!("style.css"),
        header = tables::header(metrics),
        sections = sections.concat(),
    ))
}

#[cfg(test)]
mod tests;
