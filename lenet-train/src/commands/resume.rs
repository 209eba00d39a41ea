//! `--resume`: continues a run that was stopped, extends a finished run, or writes the files of a finished run again.

use super::error::CommandError;
use super::prepare::{prepare, with_threads};
use super::session::Session;
use super::train::TrainingRun;
use crate::backend::cpu::arithmetic;
use crate::eval::check::FinalTable;
use crate::run::checkpoint;
use crate::run::config::{DataConfig, DeviceKind, MachineConfig, RunConfig};
use crate::run::console::Console;
use crate::run::folder::{self, RunFolder};
use crate::train::Snapshot;
use serde_json::Value;
use std::path::Path;
use std::time::Instant;

/// Continues the run in `folder`, or the newest run. `change` applies the user's flags to the description of the run: it
/// may change the number of epochs, the GPU, and the folders of the data set and the teachers.
///
/// # Errors
///
/// Returns [`CommandError::OtherRun`] if `change` changes any other setting, and another [`CommandError`] if the run
/// cannot be continued.
pub fn run(
    folder: Option<&Path>,
    change: impl FnOnce(&RunConfig) -> RunConfig,
    session: &Session,
) -> Result<FinalTable, CommandError> {
    let started = Instant::now();
    let path = folder.map_or_else(folder::latest, |folder| Ok(folder.to_owned()))?;
    let folder = RunFolder::open(&path)?;
    let (saved, snapshot) = checkpoint::load(&path.join(checkpoint::FILE_NAME))?;
    let requested = change(&saved);
    with_threads(session, || {
        resume(&folder, saved, requested, snapshot, session)?.train_and_make_results(started)
    })
}

/// Starts the run `requested` in `folder`, or continues it if the folder contains a run.
pub(super) fn start_or_resume<'a>(
    requested: RunConfig,
    folder: &'a RunFolder,
    session: &'a Session,
) -> Result<TrainingRun<'a>, CommandError> {
    if !folder.contains_run() {
        return TrainingRun::begin(prepare(requested, &session.console)?, None, folder.path(), session);
    }
    let (saved, snapshot) = checkpoint::load(&folder.path().join(checkpoint::FILE_NAME))?;
    // Before the other settings, as these may follow from the number of epochs.
    let [planned, asked] = [&saved, &requested].map(|run| run.training.epochs.to_string());
    if planned != asked {
        let (folder, setting) = (folder.path().to_owned(), "epochs".to_owned());
        return Err(CommandError::OtherRun { folder, setting, saved: planned, given: asked });
    }
    resume(folder, saved, requested, snapshot, session)
}

/// Continues the run `saved` from `snapshot`, with the changes in `requested`.
fn resume<'a>(
    folder: &'a RunFolder,
    saved: RunConfig,
    requested: RunConfig,
    snapshot: Snapshot,
    session: &'a Session,
) -> Result<TrainingRun<'a>, CommandError> {
    let path = folder.path();
    if !saved.is_trained() {
        return Err(CommandError::NotTrained { folder: path.to_owned() });
    }
    if let Some((setting, saved, given)) = difference(&saved, &requested) {
        return Err(CommandError::OtherRun { folder: path.to_owned(), setting, saved, given });
    }
    let mut run = saved.clone();
    // An epoch that was stopped within it ends as it was planned.
    let done = (snapshot.history.len() + usize::from(snapshot.partial.is_some())) as u32;
    if requested.training.epochs != run.training.epochs {
        run.training.extend(requested.training.epochs, done)?;
        run.training.check()?;
    }
    run.data.path = requested.data.path;
    run.machine.gpu = requested.machine.gpu;
    for (teacher, requested) in run.teachers.iter_mut().zip(requested.teachers) {
        teacher.folder = requested.folder;
    }
    warn(&run, &session.console);
    let prepared = prepare(run, &session.console)?;
    // The checkpoint has to know what the run is now, even if no epoch is left to train.
    if prepared.run != saved {
        checkpoint::save(&path.join(checkpoint::FILE_NAME), &prepared.run, &snapshot)?;
    }
    TrainingRun::begin(prepared, Some(snapshot), path, session)
}

/// Warns about a version of the program or a CPU with which the run may end with other weights.
fn warn(run: &RunConfig, console: &Console) {
    let version = env!("CARGO_PKG_VERSION");
    if run.version != version {
        console.print(&format!(
            "warning: the run was started by version {} of lenet-train; version {version} may give other weights",
            run.version
        ));
    }
    let found = arithmetic();
    if let Some(started) =
        run.machine.arithmetic.filter(|started| *started != found && run.machine.device == DeviceKind::Cpu)
    {
        console.print(&format!(
            "warning: the run was started on a CPU with {started}, and this CPU has {found}: the weights will not be \
             bit-identical"
        ));
    }
}

/// Returns the first setting in which two runs differ, with the saved and the requested value.
///
/// It ignores the number of epochs, which may change, and everything that does not change the results. The description of
/// the data set is compared only if that of `requested` was loaded.
fn difference(saved: &RunConfig, requested: &RunConfig) -> Option<(String, String, String)> {
    let mut requested = requested.clone();
    if requested.data.sha256.is_none() {
        // IDX files have no preparation, whatever is requested.
        let pictures = saved.data.pictures.map(|_| requested.data.preparation());
        let DataConfig { dataset, fold, .. } = requested.data;
        requested.data = DataConfig { dataset, fold, pictures, ..saved.data.clone() };
    }
    for (requested, saved) in requested.teachers.iter_mut().zip(&saved.teachers) {
        requested.sha256 = requested.sha256.take().or_else(|| saved.sha256.clone());
    }
    let relevant = |run: &RunConfig| {
        let mut run = run.clone();
        (run.training.epochs, run.training.extended) = (0, Vec::new());
        run.version = String::new();
        run.data.path = None;
        run.machine = MachineConfig { device: run.machine.device, ..MachineConfig::default() };
        run.teachers.iter_mut().for_each(|teacher| teacher.folder = Default::default());
        serde_json::to_value(run).expect("plain fields")
    };
    first_difference("", &relevant(saved), &relevant(&requested))
}

/// Returns the name of the first field in which two JSON values differ, with both values.
fn first_difference(name: &str, saved: &Value, requested: &Value) -> Option<(String, String, String)> {
    if let (Value::Object(saved), Value::Object(requested)) = (saved, requested) {
        let names = requested.keys().chain(saved.keys().filter(|name| !requested.contains_key(*name)));
        return names.into_iter().find_map(|name| {
            let value =
                |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or(Value::Null);
            first_difference(&name.replace('_', " "), &value(saved), &value(requested))
        });
    }
    (saved != requested).then(|| (name.to_owned(), saved.to_string(), requested.to_string()))
}
