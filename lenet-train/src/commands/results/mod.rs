//! The results of a finished run: its weights are quantized, exported as a model file, checked and reported.

mod describe;
pub(super) mod error;
mod page;
mod score_card;

use super::error::CommandError;
use crate::augment::Augment;
use crate::data::{Dataset, HeldOut, Split};
use crate::eval::check::{self, Check, FinalTable};
use crate::eval::confidence::{self, RejectCurve};
use crate::generate::{Source, generate};
use crate::model::activations::Activations;
use crate::quantize::calibrate::{Calibration, calibrate, calibration_images, quantize_and_score};
use crate::quantize::{Quantization, QuantizeError, QuantizedModel, RANGE_UNIT};
use crate::report;
use crate::run::checkpoint;
use crate::run::config::CONFIG_FILE;
use crate::run::console::Console;
use crate::run::export::{self, METRICS_FILE, REPORT_FILE};
use crate::run::metrics::{Confidence, Metrics};
use crate::run::trained::Trained;
use describe::{
    describe_calibration, describe_confidence, describe_dead_units, describe_files, describe_validation,
};
use error::ResultsError;
use lenet_core::{Metadata, ModelFile};
use lenet_infer::host::evaluation::{Evaluation, evaluate};
use page::Page;
use std::path::Path;

/// The number of generated images that are no digit, for the choice of the confidence threshold.
const NON_DIGITS: usize = 5_000;
/// Their seed: not one that people train with, so that they are other images than those that were trained on.
const NON_DIGITS_SEED: u64 = u64::MAX - 1;

/// Describes the run in its new folder, makes its results there, and saves its state. Returns the result of the check.
pub(super) fn save_with_results(
    trained: &Trained,
    dataset: &Dataset,
    folder: &Path,
    console: &Console,
) -> Result<FinalTable, CommandError> {
    export::write(folder, CONFIG_FILE, trained.run.to_toml().as_bytes())?;
    let table = Results::new(trained, dataset, folder, console).make()?;
    // Last, so that a folder that was not finished does not count as a run.
    checkpoint::save(&folder.join(checkpoint::FILE_NAME), &trained.run, &trained.exported)?;
    Ok(table)
}

/// A finished run, whose results are made or checked in its folder.
pub(super) struct Results<'a> {
    trained: &'a Trained,
    dataset: &'a Dataset,
    folder: &'a Path,
    console: &'a Console,
}

impl<'a> Results<'a> {
    pub(super) fn new(
        trained: &'a Trained,
        dataset: &'a Dataset,
        folder: &'a Path,
        console: &'a Console,
    ) -> Self {
        Self { trained, dataset, folder, console }
    }

    /// Quantizes the trained network, and exports, checks and reports it. Returns the result of the check.
    ///
    /// # Errors
    ///
    /// Returns a [`ResultsError`] if the weights cannot be quantized or a file cannot be written. The checkpoint is kept,
    /// so a resumed run makes its results without training again.
    pub(super) fn make(&self) -> Result<FinalTable, ResultsError> {
        let images = self.calibration_images();
        let activations = Activations::of(self.trained.weights(), images.images);
        let Calibration { mut model, quantization, correct, .. } =
            quantize(self.trained, &activations, images)?;
        self.console.print(&describe_calibration(&quantization, correct, images));
        self.console.print(&describe_dead_units(&activations));

        let run = &self.trained.run;
        let learns_doubt = run.mix().non_digits > 0.0;
        let choose = |images| choose_threshold(&mut model, images, &run.training.augment, learns_doubt);
        let validation = self.validation_images().map(choose);
        if let Some(answers) = &validation {
            self.console.print(&describe_validation(answers));
        }
        let metadata = OwnedMetadata::new(self.trained, self.dataset, validation.as_ref());
        let bytes = model.encode(&metadata.borrow()).map_err(ResultsError::Encode)?;
        export::write(self.folder, export::MODEL_FILE, &bytes)?;
        self.remove_score_card()?;
        let bytes = export::read_model(self.folder)?;
        let file = self.decode(&bytes)?;
        export::golden(self.folder, &file.model, &self.dataset.test)?;
        let table = self.check_and_report(&file, &activations)?;
        self.console.print(&describe_files(self.folder));
        Ok(table)
    }

    /// Checks the model file, and writes the metrics and the report again. Returns the result of the check.
    ///
    /// # Errors
    ///
    /// Returns a [`ResultsError`] if the model file cannot be used or a file cannot be written.
    pub(super) fn report(&self) -> Result<FinalTable, ResultsError> {
        let bytes = export::read_model(self.folder)?;
        let file = self.decode(&bytes)?;
        let activations = Activations::of(self.trained.weights(), self.calibration_images().images);
        self.check_and_report(&file, &activations)
    }

    /// Checks the model file on the test images, and prints the result.
    ///
    /// # Errors
    ///
    /// Returns a [`ResultsError`] if the model file cannot be used.
    pub(super) fn check(&self) -> Result<FinalTable, ResultsError> {
        let bytes = export::read_model(self.folder)?;
        Ok(self.score(&self.decode(&bytes)?).0.table)
    }

    fn calibration_images(&self) -> Split<'a> {
        calibration_images(self.dataset, self.trained.run.held_out())
    }

    fn validation_images(&self) -> Option<Split<'a>> {
        (self.trained.run.held_out() == HeldOut::Validation).then(|| self.dataset.split().1)
    }

    fn decode<'b>(&self, bytes: &'b [u8]) -> Result<ModelFile<'b>, ResultsError> {
        let path = self.folder.join(export::MODEL_FILE);
        match lenet_infer::decode(bytes) {
            Ok(file) if file.model.classes() != self.dataset.classes => {
                let (expected, found) = (self.dataset.classes, file.model.classes());
                Err(ResultsError::OtherModel { path, expected, found })
            }
            Ok(file) => Ok(file),
            Err(source) => Err(ResultsError::Decode { path, source }),
        }
    }

    /// Checks the model file, prints the result, and writes the metrics and the report.
    fn check_and_report(
        &self,
        file: &ModelFile<'_>,
        activations: &Activations,
    ) -> Result<FinalTable, ResultsError> {
        let (Check { table, misclassified, .. }, confidence) = self.score(file);
        let trained = self.trained;
        let metrics = Metrics {
            run: trained.run.clone(),
            epochs: trained.history.clone(),
            exported_epoch: trained.epoch(),
            result: table,
            confidence,
        };
        report::write_metrics(&self.folder.join(METRICS_FILE), &metrics)?;
        let page = Page {
            trained,
            dataset: self.dataset,
            metrics: &metrics,
            quantization: &quantization_of(trained, file),
            activations,
            misclassified: &misclassified,
            score_card: self.read_score_card()?,
        };
        page.write(&self.folder.join(REPORT_FILE))?;
        Ok(metrics.result)
    }

    /// Checks the model file on the test images and its confidence on the validation and test images, and prints the
    /// results.
    fn score(&self, file: &ModelFile<'_>) -> (Check, Confidence) {
        let check = check::check(self.trained.weights(), file, &self.dataset.test);
        self.console.print(&check::describe(&check.table, &self.trained.run.data.classes));
        let threshold = file.model.confidence().threshold;
        let on_validation = |images: Split<'_>| {
            let evaluation = evaluate(&file.model, images.images.iter().zip(images.labels));
            RejectCurve::new(&evaluation, threshold)
        };
        let validation = self.validation_images().map(on_validation);
        let confidence = Confidence { threshold, validation, test: check.reject_curve.clone() };
        self.console.print(&describe_confidence(&confidence));
        (check, confidence)
    }
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
    match trained.quantization() {
        Some(quantization) => quantize_and_score(trained.weights(), quantization.clone(), images),
        None => calibrate(trained.weights(), activations, images, trained.run.training.bits),
    }
}

/// Chooses the model's confidence threshold on the validation images, distorted as training distorts its images; of a model
/// that has learned doubt, also on images that are no digit, generated from them. Returns the model's predictions on the
/// validation images.
fn choose_threshold(
    model: &mut QuantizedModel,
    images: Split<'_>,
    augment: &Augment,
    learns_doubt: bool,
) -> Evaluation {
    let evaluation = evaluate(&model.model(), images.images.iter().zip(images.labels));
    let mut threshold = confidence::threshold(&confidence::distorted(&model.model(), images, augment));
    if learns_doubt {
        let others = generate(Source::NonDigits, images, NON_DIGITS_SEED, NON_DIGITS);
        let others = evaluate(&model.model(), others.iter().map(|other| (&other.image, &0)));
        let confidences = others.predictions.iter().map(|answer| answer.confidence).collect();
        threshold = threshold.max(confidence::threshold_of_no_class(confidences));
    }
    model.confidence_threshold = threshold;
    evaluation
}

/// Returns the quantization of the model file.
fn quantization_of(trained: &Trained, file: &ModelFile<'_>) -> Quantization {
    let ranges = file.metadata.activation_ranges.map(|range| f64::from(range) / RANGE_UNIT);
    let chosen = || Quantization::new(trained.weights(), ranges, trained.run.training.bits);
    trained.quantization().cloned().unwrap_or_else(chosen)
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
            dataset: dataset.title(),
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
