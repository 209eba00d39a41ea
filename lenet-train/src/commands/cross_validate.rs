//! How good a recipe is, without the test set: each fold of the training file is held out in turn.
//!
//! Fold k is a run with seed k in a folder of its own, quantized and scored on the images that it held out. That is what
//! recipes are compared by: on a few thousand images alone, a tenth of a point is noise.

use super::error::CommandError;
use super::prepare::with_threads;
use super::results::{ResultsError, quantize};
use super::resume::begin_or_go_on;
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

/// Why there are no results.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CrossValidationError {
    /// The recipe trains on all images.
    #[error("--recipe {recipe}: expected one that holds validation images out, as default and best do")]
    NothingHeldOut {
        /// The recipe.
        recipe: Recipe,
    },
    /// There are not so many seeds.
    #[error(transparent)]
    Seeds(#[from] SettingsError),
    /// No data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The data set has too few images.
    #[error(
        "--folds: expected 1 to {most}, as the training images hold so many times those held out, found {found}"
    )]
    Folds {
        /// Folds that there are.
        most: usize,
        /// Folds asked for.
        found: usize,
    },
    /// A fold's run failed.
    #[error("fold {fold}")]
    Run {
        /// The fold.
        fold: usize,
        /// Why.
        source: Box<CommandError>,
    },
    /// The earlier cross-validation cannot be compared with this one.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The results cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// The whole of `cross-validation.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// How every fold was trained; the seed is that of fold 0.
    pub run: RunConfig,
    /// The images, and one entry per fold.
    #[serde(flatten)]
    pub scores: FoldScores,
    /// Of their accuracies.
    pub accuracy: Statistics,
    /// Mean of their losses.
    pub loss: f64,
}

/// Runs the folds 0 to `folds`, without it, each into `out/fold-K`, and writes [`RESULTS_FILE`] into `out`. The test images
/// take no part. A teacher's folder holds a `fold-K` for each fold, as this leaves them. The results are compared with those
/// in the folder `compare`, of the same folds.
///
/// # Errors
///
/// [`CrossValidationError`]. What was finished stays, and another call goes on from there.
///
/// # Panics
///
/// If `folds` is 0.
pub fn run(
    config: &RunConfig,
    folds: usize,
    out: &Path,
    compare: Option<&Path>,
    session: &Session,
) -> Result<Results, CrossValidationError> {
    let images = check(config, folds, session)?;
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
        run: config.clone(),
        accuracy: Statistics::of(&accuracies),
        loss: results.iter().map(|result| result.loss).sum::<f64>() / folds as f64,
        scores: FoldScores { images, folds: results },
    };
    report::write_json(&out.join(RESULTS_FILE), &results)?;
    session.console.print(&format!("\n{}\nresults in {}", describe(&results), out.display()));
    if let (Some(earlier), Some(folder)) = (earlier, compare) {
        let difference = results.scores.minus(&earlier)?;
        session.console.print(&format!("\nminus {}, fold by fold\n{difference}", folder.display()));
    }
    Ok(results)
}

/// Finds out before the first fold is trained. Returns what the folds are made of.
fn check(config: &RunConfig, found: usize, session: &Session) -> Result<FoldedImages, CrossValidationError> {
    if config.held_out() != HeldOut::Validation {
        return Err(CrossValidationError::NothingHeldOut { recipe: config.training.recipe });
    }
    let data = &config.data;
    let dataset = Dataset::load(data.dataset, data.path.as_deref(), session.console.is_quiet())?;
    let most = dataset.folds();
    if found > most {
        return Err(CrossValidationError::Folds { most, found });
    }
    Ok(FoldedImages::of(&dataset))
}

/// Trains without fold `fold`, quantizes, and scores the integers on that fold.
fn run_fold(
    config: &RunConfig,
    fold: usize,
    seed: u64,
    out: &Path,
    session: &Session,
) -> Result<FoldResult, CommandError> {
    let part = |folder: &Path| folder.join(format!("fold-{fold}"));
    let mut config = config.clone();
    (config.training.seed, config.data.fold) = (seed, fold);
    config.teachers.iter_mut().for_each(|teacher| teacher.folder = part(&teacher.folder));
    let folder = RunFolder::open_or_create(&part(out))?;
    with_threads(session, || {
        let (trained, dataset) = begin_or_go_on(config, &folder, session)?.train()?;
        let images = calibration_images(&dataset, trained.run.held_out());
        let activations = Activations::of(&trained.weights, images.images);
        let quantization = quantize(&trained, &activations, images).map_err(ResultsError::from)?.quantization;
        let (_, held_out) = dataset.split();
        let Calibration { correct, loss, .. } =
            quantize_and_score(&trained.weights, quantization, held_out).map_err(ResultsError::from)?;
        Ok(FoldResult { fold, accuracy: correct as f64 / held_out.images.len() as f64, loss })
    })
}

/// The results as the command prints them.
fn describe(results: &Results) -> String {
    let mut text = format!("{:>6}{:>10}{:>10}\n", "fold", "integer", "loss");
    for FoldResult { fold, accuracy, loss } in &results.scores.folds {
        text += &format!("{fold:>6}{:>8.2} %{loss:>10.5}\n", 100.0 * accuracy);
    }
    text += &format!("integer  {}, {} bits\n", results.accuracy, results.run.training.bits);
    text += &format!("loss     mean {:.5} nats", results.loss);
    text
}
