//! The results of a finished run: its weights are quantized, exported as a model file, checked and reported.

mod describe;
mod page;

use crate::data::{Dataset, HeldOut, Split};
use crate::eval::check::{self, Check, FinalTable};
use crate::eval::confidence::{self, RejectCurve};
use crate::model::activations::Activations;
use crate::quantize::calibrate::{Calibration, calibrate, calibration_images, quantize_and_score};
use crate::quantize::{Quantization, QuantizeError, QuantizedModel, RANGE_UNIT};
use crate::report::{self, ReportError};
use crate::run::console::Console;
use crate::run::export::{self, ExportError, METRICS_FILE, REPORT_FILE};
use crate::run::metrics::{Confidence, Metrics};
use crate::run::trained::Trained;
use describe::{
    describe_calibration, describe_confidence, describe_dead_units, describe_files, describe_validation,
};
use lenet_core::{Metadata, ModelFile};
use lenet_infer::host::evaluation::{Evaluation, evaluate};
use page::Page;
use std::path::{Path, PathBuf};
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
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// Quantizes the trained network, and exports, checks and reports it into `folder`. Returns the result of the check.
///
/// # Errors
///
/// Returns a [`ResultsError`] if the weights cannot be quantized or a file cannot be written. The checkpoint is kept, so a
/// resumed run creates its results without training again.
pub(super) fn make_results(
    trained: &Trained,
    dataset: &Dataset,
    folder: &Path,
    console: &Console,
) -> Result<FinalTable, ResultsError> {
    let images = calibration_images(dataset, trained.run.held_out());
    let activations = Activations::of(&trained.weights, images.images);
    let Calibration { mut model, quantization, correct, .. } = quantize(trained, &activations, images)?;
    console.print(&describe_calibration(&quantization, correct, images));
    console.print(&describe_dead_units(&activations));

    let validation = validation_images(trained, dataset).map(|images| choose_threshold(&mut model, images));
    if let Some(answers) = &validation {
        console.print(&describe_validation(answers));
    }
    let metadata = OwnedMetadata::new(trained, dataset, validation.as_ref());
    let bytes = model.encode(&metadata.borrow()).map_err(ResultsError::Encode)?;
    export::write(folder, export::MODEL_FILE, &bytes)?;
    let bytes = export::read_model(folder)?;
    let file = decode(folder, &bytes, dataset)?;
    export::golden(folder, &file.model, &dataset.test)?;
    let table = check_and_report(trained, dataset, &file, &activations, folder, console)?;
    console.print(&describe_files(folder));
    Ok(table)
}

/// Checks the model file in `folder`, and writes the metrics and the report again. Returns the result of the check.
///
/// # Errors
///
/// Returns a [`ResultsError`] if the model file cannot be used or a file cannot be written.
pub(super) fn report(
    trained: &Trained,
    dataset: &Dataset,
    folder: &Path,
    console: &Console,
) -> Result<FinalTable, ResultsError> {
    let bytes = export::read_model(folder)?;
    let file = decode(folder, &bytes, dataset)?;
    let activations =
        Activations::of(&trained.weights, calibration_images(dataset, trained.run.held_out()).images);
    check_and_report(trained, dataset, &file, &activations, folder, console)
}

/// Checks the model file in `folder` on the test images, and prints the result.
///
/// # Errors
///
/// Returns a [`ResultsError`] if the model file cannot be used.
pub(super) fn check_model_file(
    trained: &Trained,
    dataset: &Dataset,
    folder: &Path,
    console: &Console,
) -> Result<FinalTable, ResultsError> {
    let bytes = export::read_model(folder)?;
    let file = decode(folder, &bytes, dataset)?;
    Ok(check(trained, dataset, &file, console).0.table)
}

/// Quantizes the trained weights: with the quantization that they were trained for, or else with one that is calibrated on
/// `images`, whose activations are given.
///
/// # Errors
///
/// Returns a [`QuantizeError`] if the weights cannot be quantized.
pub(super) fn quantize(
    trained: &Trained,
    activations: &Activations,
    images: Split<'_>,
) -> Result<Calibration, QuantizeError> {
    match &trained.quantization {
        Some(quantization) => quantize_and_score(&trained.weights, quantization.clone(), images),
        None => calibrate(&trained.weights, activations, images, trained.run.training.bits),
    }
}

fn validation_images<'a>(trained: &Trained, dataset: &'a Dataset) -> Option<Split<'a>> {
    (trained.run.held_out() == HeldOut::Validation).then(|| dataset.split().1)
}

/// Chooses the model's confidence threshold on the validation images. Returns the model's predictions on them.
fn choose_threshold(model: &mut QuantizedModel, images: Split<'_>) -> Evaluation {
    let evaluation = evaluate(&model.model(), images.images.iter().zip(images.labels));
    model.confidence_threshold = confidence::threshold(&evaluation);
    evaluation
}

fn decode<'a>(folder: &Path, bytes: &'a [u8], dataset: &Dataset) -> Result<ModelFile<'a>, ResultsError> {
    let path = folder.join(export::MODEL_FILE);
    match lenet_infer::decode(bytes) {
        Ok(file) if file.model.classes() != dataset.classes => {
            let (expected, found) = (dataset.classes, file.model.classes());
            Err(ResultsError::OtherModel { path, expected, found })
        }
        Ok(file) => Ok(file),
        Err(source) => Err(ResultsError::Decode { path, source }),
    }
}

/// Checks the model file, prints the result, and writes the metrics and the report.
fn check_and_report(
    trained: &Trained,
    dataset: &Dataset,
    file: &ModelFile<'_>,
    activations: &Activations,
    folder: &Path,
    console: &Console,
) -> Result<FinalTable, ResultsError> {
    let (Check { table, misclassified, .. }, confidence) = check(trained, dataset, file, console);
    let metrics = Metrics {
        run: trained.run.clone(),
        epochs: trained.history.clone(),
        exported_epoch: trained.epoch,
        result: table,
        confidence,
    };
    report::write_metrics(&folder.join(METRICS_FILE), &metrics)?;
    let quantization = &quantization_of(trained, file);
    let page = Page {
        trained,
        dataset,
        metrics: &metrics,
        quantization,
        activations,
        misclassified: &misclassified,
    };
    page.write(&folder.join(REPORT_FILE))?;
    Ok(metrics.result)
}

/// Checks the model file on the test images and its confidence on the validation and test images, and prints the results.
fn check(
    trained: &Trained,
    dataset: &Dataset,
    file: &ModelFile<'_>,
    console: &Console,
) -> (Check, Confidence) {
    let check = check::check(&trained.weights, file, &dataset.test);
    console.print(&check::describe(&check.table, &trained.run.data.classes));
    let threshold = file.model.confidence().threshold;
    let on_validation = |images: Split<'_>| {
        let evaluation = evaluate(&file.model, images.images.iter().zip(images.labels));
        RejectCurve::new(&evaluation, threshold)
    };
    let validation = validation_images(trained, dataset).map(on_validation);
    let confidence = Confidence { threshold, validation, test: check.reject_curve.clone() };
    console.print(&describe_confidence(&confidence));
    (check, confidence)
}

/// Returns the quantization of the model file.
fn quantization_of(trained: &Trained, file: &ModelFile<'_>) -> Quantization {
    let ranges = file.metadata.activation_ranges.map(|range| f64::from(range) / RANGE_UNIT);
    let chosen = || Quantization::new(&trained.weights, ranges, trained.run.training.bits);
    trained.quantization.clone().unwrap_or_else(chosen)
}

/// The metadata of the model file.
struct OwnedMetadata {
    dataset: String,
    recipe: String,
    seed: u64,
    class_names: String,
    validation_correct: u32,
    validation_images: u32,
}

impl OwnedMetadata {
    fn new(trained: &Trained, dataset: &Dataset, validation: Option<&Evaluation>) -> Self {
        Self {
            dataset: dataset.name.clone(),
            recipe: trained.run.training.title(),
            seed: trained.run.training.seed,
            class_names: dataset.class_names.join("\n"),
            validation_correct: validation.map_or(0, |answers| answers.correct() as u32),
            validation_images: validation.map_or(0, |answers| answers.images() as u32),
        }
    }

    fn borrow(&self) -> Metadata<'_> {
        Metadata {
            dataset: &self.dataset,
            recipe: &self.recipe,
            seed: self.seed,
            class_names: &self.class_names,
            validation_correct: self.validation_correct,
            validation_images: self.validation_images,
            ..Metadata::default()
        }
    }
}
