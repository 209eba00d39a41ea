//! The command `bench-accuracy`: the test accuracy of a recipe over several seeds.
//!
//! Each seed is a run in its own folder. All choices within a run are made on validation images, and the test images are
//! evaluated once per seed. A run that was stopped continues, and a finished run is not trained again. So the command can
//! be interrupted at any time, and repeated with more seeds.

use super::error::CommandError;
use super::prepare::{load_data, with_threads};
use super::resume::start_or_resume;
use super::session::Session;
use crate::eval::check::FinalTable;
use crate::eval::statistics::{Statistics, explain_intervals, wilson_interval_95};
use crate::report::{self, AccuracyPlot, ReportError};
use crate::run::config::RunConfig;
use crate::run::folder::RunFolder;
use crate::train::recipe::SettingsError;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use thiserror::Error;

/// The name of the file with the results.
pub const RESULTS_FILE: &str = "accuracy.json";
/// The name of the file with the plot.
pub const PLOT_FILE: &str = "accuracy.svg";

/// The error when the benchmark cannot be completed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The last seed would exceed the largest 64-bit integer.
    #[error(transparent)]
    Seeds(#[from] SettingsError),
    /// The data set cannot be used.
    #[error(transparent)]
    Data(#[from] CommandError),
    /// A seed's run failed.
    #[error("seed {seed}")]
    Run {
        /// The seed.
        seed: u64,
        /// The reason.
        source: Box<CommandError>,
    },
    /// The results cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// The results of one seed on the test images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// Accuracy of the f32 network, 0 to 1.
    pub f32_accuracy: f64,
    /// Accuracy of the exported model in the integer engine, 0 to 1.
    pub integer_accuracy: f64,
    /// Number of test images that the two classify differently.
    pub differing: usize,
    /// Size of the model file, in bytes.
    pub flash_bytes: usize,
}

/// The contents of `accuracy.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// The description of the runs, with the first seed.
    pub run: RunConfig,
    /// Number of test images.
    pub images: usize,
    /// The results of each seed.
    pub seeds: Vec<SeedResult>,
    /// Statistics of the accuracies of the f32 networks.
    pub f32: Statistics,
    /// 95 % interval of the accuracy of the f32 networks on other images of the same kind.
    pub f32_wilson_interval_95: (f64, f64),
    /// Statistics of the accuracies of the integer models.
    pub integer: Statistics,
    /// 95 % interval of the accuracy of the integer models on other images of the same kind.
    pub integer_wilson_interval_95: (f64, f64),
}

/// Trains `seeds` consecutive seeds, starting with that of `config`, each in the folder `out/seed-N`. Writes
/// [`RESULTS_FILE`] and [`PLOT_FILE`] into `out`.
///
/// # Errors
///
/// Returns a [`BenchError`] if a run fails or is interrupted, or if a file cannot be written. Finished runs are kept, and
/// another call continues from there.
///
/// # Panics
///
/// Panics if `seeds` is 0.
pub fn run(config: &RunConfig, seeds: u64, out: &Path, session: &Session) -> Result<Results, BenchError> {
    let first = config.training.seed;
    let (described, _) = load_data(config.clone(), &session.console)?;
    let mut tables = Vec::new();
    for seed in config.training.seeds(seeds)? {
        let table = run_seed(config, seed, out, session)
            .map_err(|source| BenchError::Run { seed, source: source.into() })?;
        tables.push((seed, table));
    }
    let results = summarize(&described, &tables);
    report::write_json(&out.join(RESULTS_FILE), &results)?;
    let accuracies = |of: fn(&SeedResult) -> f64| results.seeds.iter().map(of).collect();
    let plot = AccuracyPlot {
        first_seed: first,
        f32: accuracies(|result| result.f32_accuracy),
        integer: accuracies(|result| result.integer_accuracy),
        interval: results.integer.student_t_interval_95,
    };
    report::write_accuracy_plot(&out.join(PLOT_FILE), &plot)?;
    session.console.print(&format!("\n{}\nresults in {}", describe(&results), out.display()));
    Ok(results)
}

fn run_seed(
    config: &RunConfig,
    seed: u64,
    out: &Path,
    session: &Session,
) -> Result<FinalTable, CommandError> {
    let started = Instant::now();
    let mut config = config.clone();
    config.training.seed = seed;
    let folder = RunFolder::open_or_create(&out.join(format!("seed-{seed}")))?;
    with_threads(session, || start_or_resume(config, &folder, session)?.train_and_make_results(started))
}

fn summarize(config: &RunConfig, tables: &[(u64, FinalTable)]) -> Results {
    let seeds: Vec<SeedResult> = tables
        .iter()
        .map(|(seed, table)| SeedResult {
            seed: *seed,
            f32_accuracy: table.f32_accuracy(),
            integer_accuracy: table.integer_accuracy(),
            differing: table.differing,
            flash_bytes: table.flash_bytes,
        })
        .collect();
    let statistics = |of: fn(&SeedResult) -> f64| Statistics::of(&seeds.iter().map(of).collect::<Vec<_>>());
    let (f32, integer) = (statistics(|seed| seed.f32_accuracy), statistics(|seed| seed.integer_accuracy));
    let images = tables.first().map_or(0, |(_, table)| table.images);
    Results {
        run: config.clone(),
        images,
        f32,
        f32_wilson_interval_95: wilson_interval_95(f32.mean, images),
        integer,
        integer_wilson_interval_95: wilson_interval_95(integer.mean, images),
        seeds,
    }
}

/// Formats the results as the command prints them.
fn describe(results: &Results) -> String {
    let mut text = format!("{:>6}{:>10}{:>10}{:>9}\n", "seed", "f32", "integer", "differ");
    for SeedResult { seed, f32_accuracy, integer_accuracy, differing, .. } in &results.seeds {
        let (f32, integer) = (100.0 * f32_accuracy, 100.0 * integer_accuracy);
        text += &format!("{seed:>6}{f32:>8.2} %{integer:>8.2} %{differing:>9}\n");
    }
    let wilson = |(low, high): (f64, f64)| format!("Wilson {:.3} to {:.3} %", 100.0 * low, 100.0 * high);
    text += &format!("f32      {}, {}\n", results.f32, wilson(results.f32_wilson_interval_95));
    let integer = wilson(results.integer_wilson_interval_95);
    text += &format!("integer  {}, {integer}, {} bits\n", results.integer, results.run.training.bits);
    text += &explain_intervals(results.images);
    text
}
