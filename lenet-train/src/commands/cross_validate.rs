//! The command `cross-validate`: the accuracy of a recipe without the test images, which are not used at all.
//!
//! Each fold of the training images is held out in turn. Fold k is a run in its own folder, with the seed of the command
//! plus k; it is quantized and scored on the images that it held out. Recipes are compared by the mean over the folds,
//! because on the few thousand images of one fold, a difference of 0.1 points is noise.

use super::error::CommandError;
use super::prepare::with_threads;
use super::results::error::ResultsError;
use super::results::quantize;
use super::resume::start_or_resume;
use super::session::Session;
use crate::data::HeldOut;
use crate::data::{Dataset, DatasetError};
use crate::eval::cross_validation::{CompareError, FoldResult, FoldScores, FoldedImages, RESULTS_FILE};
use crate::eval::statistics::Statistics;
use crate::model::activations::Activations;
use crate::quantize::calibrate::{Calibration, calibration_images, quantize_and_score};
use crate::report::{self, ReportError};
use crate::run::config::RunConfig;
use crate::run::folder::RunFolder;
use crate::train::recipe::{Recipe, SettingsError};
use serde::Serialize;
use std::path::Path;
use thiserror::Error;

/// The error when the cross-validation cannot be completed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CrossValidationError {
    /// The recipe trains on all images.
    #[error("--recipe {recipe}: expected a recipe that holds validation images out: choose default or best")]
    NothingHeldOut {
        /// The recipe.
        recipe: Recipe,
    },
    /// The last seed would exceed the largest 64-bit integer.
    #[error(transparent)]
    Seeds(#[from] SettingsError),
    /// The data set cannot be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The data set has too few images.
    #[error("--folds: expected 1 to {most}, the number of folds of the training images, found {found}")]
    Folds {
        /// The number of folds of the data set.
        most: usize,
        /// The number of folds that was given.
        found: usize,
    },
    /// A fold's run failed.
    #[error("fold {fold}")]
    Run {
        /// The fold.
        fold: usize,
        /// The reason.
        source: Box<CommandError>,
    },
    /// The earlier cross-validation cannot be compared with this one.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The results cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// The contents of `cross-validation.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// The description of the runs, with the seed of fold 0.
    pub run: RunConfig,
    /// The images, and the results of each fold.
    #[serde(flatten)]
    pub scores: FoldScores,
    /// Statistics of the accuracies of the folds.
    pub accuracy: Statistics,
    /// Mean of the losses of the folds, in nats.
    pub loss: f64,
}

/// Holds out each of the folds 0 to `folds - 1` in turn, in the folder `out/fold-K`, and writes [`RESULTS_FILE`] into
/// `out`.
///
/// The folder of a teacher is that of another cross-validation, whose run `fold-K` teaches fold K. With `compare`, the
/// folder of an earlier cross-validation of the same folds, the differences from its results are printed.
///
/// # Errors
///
/// Returns a [`CrossValidationError`] if the folds cannot be made or compared, if a run fails or is interrupted, or if a
/// file cannot be written. Finished runs are kept, and another call continues from there.
///
/// # Panics
///
/// Panics if `folds` is 0.
pub fn run(
    config: &RunConfig,
    folds: usize,
    out: &Path,
    compare: Option<&Path>,
    session: &Session,
) -> Result<Results, CrossValidationError> {
    let (described, images) = check(config, folds, session)?;
    let earlier = compare.map(FoldScores::read).transpose()?;
    if let Some(earlier) = &earlier {
        earlier.expect(&images, &(0..folds).collect::<Vec<_>>())?;
    }
    let mut results = Vec::new();
    for (fold, seed) in (0..folds).zip(config.training.seeds(folds as u64)?) {
        let scored = run_fold(config, fold, seed, out, session)
            .map_err(|source| CrossValidationError::Run { fold, source: source.into() })?;
        results.push(scored);
    }
    let accuracies: Vec<f64> = results.iter().map(|result| result.accuracy).collect();
    let results = Results {
        run: described,
        accuracy: Statistics::of(&accuracies),
        loss: results.iter().map(|result| result.loss).sum::<f64>() / folds as f64,
        scores: FoldScores { images, folds: results },
    };
    report::write_json(&out.join(RESULTS_FILE), &results)?;
    session.console.print(&format!("\n{}\nresults in {}", describe(&results), out.display()));
    if let (Some(earlier), Some(folder)) = (earlier, compare) {
        let difference = results.scores.minus(&earlier)?;
        session
            .console
            .print(&format!("\ndifference from {}, paired by fold\n{difference}", folder.display()));
    }
    Ok(results)
}

/// Checks the recipe and the number of folds before the first fold is trained. Returns a description of the folded images.
fn check(
    config: &RunConfig,
    found: usize,
    session: &Session,
) -> Result<(RunConfig, FoldedImages), CrossValidationError> {
    if config.held_out() != HeldOut::Validation {
        return Err(CrossValidationError::NothingHeldOut { recipe: config.training.recipe });
    }
    let data = &config.data;
    let dataset =
        Dataset::load(data.dataset, data.path.as_deref(), data.preparation(), session.console.is_quiet())?;
    let most = dataset.folds();
    if found > most {
        return Err(CrossValidationError::Folds { most, found });
    }
    let mut described = config.clone();
    described.describe_data(&dataset);
    Ok((described, FoldedImages::of(&dataset)))
}

/// Trains without fold `fold`, quantizes the network, and scores the integer model on that fold.
fn run_fold(
    config: &RunConfig,
    fold: usize,
    seed: u64,
    out: &Path,
    session: &Session,
) -> Result<FoldResult, CommandError> {
    let fold_folder = |folder: &Path| folder.join(format!("fold-{fold}"));
    let mut config = config.clone();
    (config.training.seed, config.data.fold) = (seed, fold);
    config.teachers.iter_mut().for_each(|teacher| teacher.folder = fold_folder(&teacher.folder));
    let folder = RunFolder::open_or_create(&fold_folder(out))?;
    with_threads(session, || {
        let (trained, dataset) = start_or_resume(config, &folder, session)?.train()?;
        let images = calibration_images(&dataset, trained.run.held_out());
        let activations = Activations::of(trained.weights(), images.images);
        let quantization = quantize(&trained, &activations, images).map_err(ResultsError::from)?.quantization;
        let (_, held_out) = dataset.split();
        let Calibration { correct, loss, .. } =
            quantize_and_score(trained.weights(), quantization, held_out).map_err(ResultsError::from)?;
        Ok(FoldResult { fold, accuracy: correct as f64 / held_out.images.len() as f64, loss })
    })
}

/// Formats the results as the command prints them.
fn describe(results: &Results) -> String {
    let mut text = format!("{:>6}{:>10}{:>10}\n", "fold", "integer", "loss");
    for FoldResult { fold, accuracy, loss } in &results.scores.folds {
        text += &format!("{fold:>6}{:>8.2} %{loss:>10.5}\n", 100.0 * accuracy);
    }
    text += &format!("integer  {}, {} bits\n", results.accuracy, results.run.training.bits);
    text += &format!("loss     mean {:.5} nats", results.loss);
    text
}
