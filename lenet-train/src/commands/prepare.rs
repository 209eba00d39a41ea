//! The first steps of every command on a run: the threads, the data set and the teachers.

use super::error::CommandError;
use super::extra;
use super::session::Session;
use crate::backend::cpu::arithmetic;
use crate::backend::cuda;
use crate::data::{Dataset, HeldOut, Preparation, Split};
use crate::model::weights::FloatWeights;
use crate::run::config::{DeviceKind, RunConfig};
use crate::run::console::Console;
use crate::run::teachers;
use crate::run::trained::Trained;
use lenet_infer::host::idx::LabeledImages;
use rayon::ThreadPoolBuilder;
use std::path::Path;

/// A run with its data set and its teachers loaded.
pub(super) struct Prepared {
    /// The description of the run, with those of the data set and the teachers filled in.
    pub(super) run: RunConfig,
    /// The data set, with the fold of the run held out.
    pub(super) dataset: Dataset,
    /// The training images of the extra data sets.
    pub(super) extra: Vec<LabeledImages>,
    /// The weights of the teachers.
    pub(super) teachers: Vec<FloatWeights>,
}

/// Loads the data set and the teachers of `run`, and checks that they are those that it started with. Also checks that
/// there is a GPU, if the run needs one.
pub(super) fn prepare(run: RunConfig, console: &Console) -> Result<Prepared, CommandError> {
    let (mut run, dataset) = load_data(run, console)?;
    if run.mix() != run.training.mix {
        console.print("note     the classes are not the ten digits: trained without generated images");
    }
    let mut extra = Vec::new();
    for source in &mut run.data.extra {
        extra.push(extra::load(source, &dataset, console)?);
    }
    match run.machine.device {
        DeviceKind::Cpu => drop(run.machine.arithmetic.get_or_insert_with(arithmetic)),
        DeviceKind::Cuda => run.machine.gpu_name = Some(cuda::check(run.machine.gpu.unwrap_or(0))?),
    }
    run.machine.threads = Some(rayon::current_num_threads());
    let mut named = std::mem::take(&mut run.teachers);
    let teachers = named.iter_mut().map(|teacher| teachers::load(teacher, &run)).collect::<Result<_, _>>()?;
    run.teachers = named;
    Ok(Prepared { run, dataset, extra, teachers })
}

/// Loads the data set of `run`, and checks that it is the one that the run started with.
pub(super) fn load_data(mut run: RunConfig, console: &Console) -> Result<(RunConfig, Dataset), CommandError> {
    let path = run.data.path.as_deref();
    let mut dataset = Dataset::load(run.data.dataset, path, run.data.preparation(), console.is_quiet())?;
    if let Some(expected) = run.data.sha256.clone().filter(|expected| *expected != dataset.sha256) {
        let place = path.map_or_else(|| run.data.dataset.to_string(), |path| path.display().to_string());
        return Err(CommandError::OtherData { place, expected, found: dataset.sha256 });
    }
    if dataset.preparation.is_none() && run.data.preparation() == Preparation::AsIs {
        return Err(CommandError::NoPictures);
    }
    let (folds, found) = (dataset.folds(), run.data.fold);
    if found >= folds {
        return Err(CommandError::Fold { folds, found });
    }
    dataset.hold_out(found);
    run.describe_data(&dataset);
    Ok((run, dataset))
}

/// Loads the data set of a finished run, as [`load_data`] does. `moved` is its folder, if it was moved.
pub(super) fn load_data_of(
    trained: &mut Trained,
    moved: Option<&Path>,
    console: &Console,
) -> Result<Dataset, CommandError> {
    if let Some(path) = moved {
        trained.run.data.path = Some(path.to_owned());
    }
    let (run, dataset) = load_data(trained.run.clone(), console)?;
    trained.run = run;
    Ok(dataset)
}

/// Returns the images to train on, and the images that are scored after each epoch.
pub(super) fn splits(dataset: &Dataset, held_out: HeldOut) -> (Split<'_>, Split<'_>) {
    match held_out {
        HeldOut::Validation => dataset.split(),
        HeldOut::Test => {
            (Split::new(&dataset.train, dataset.classes), Split::new(&dataset.test, dataset.classes))
        }
    }
}

/// Runs `work` on the number of threads that the session sets.
pub(super) fn with_threads<R: Send>(
    session: &Session,
    work: impl Send + FnOnce() -> Result<R, CommandError>,
) -> Result<R, CommandError> {
    ThreadPoolBuilder::new().num_threads(session.threads.unwrap_or(0)).build()?.install(work)
}
