//! Going on with a run: one that was stopped, one that is to train longer, or one whose files are to be made again.

use super::error::CommandError;
use super::prepare::{prepare, with_threads};
use super::session::Session;
use super::train::Job;
use crate::backend::cpu::arithmetic;
use crate::eval::check::FinalTable;
use crate::run::checkpoint;
use crate::run::config::{DataConfig, DeviceKind, RunConfig};
use crate::run::console::Console;
use crate::run::folder::{self, RunFolder};
use crate::train::Snapshot;
use serde_json::Value;
use std::path::Path;
use std::time::Instant;

/// Goes on with the run in `folder`, or else with the newest one. `change` says what the user asks of it: another number of
/// epochs, or another place of the same data or teachers.
///
/// # Errors
///
/// [`CommandError`], [`CommandError::OtherRun`] among them if `change` asks for anything else.
pub fn run(
    folder: Option<&Path>,
    change: impl FnOnce(&RunConfig) -> RunConfig,
    session: &Session,
) -> Result<FinalTable, CommandError> {
    let started = Instant::now();
    let path = folder.map_or_else(folder::latest, |folder| Ok(folder.to_owned()))?;
    let folder = RunFolder::open(&path)?;
    let (saved, snapshot) = checkpoint::load(&path.join(checkpoint::FILE_NAME))?;
    let asked = change(&saved);
    with_threads(session, || job(&folder, saved, asked, snapshot, session)?.train_and_make_results(started))
}

/// The run `asked` in `folder`: from its beginning, or from where it was stopped.
pub(super) fn begin_or_go_on<'a>(
    asked: RunConfig,
    folder: &'a RunFolder,
    session: &'a Session,
) -> Result<Job<'a>, CommandError> {
    if !folder.contains_run() {
        return Job::begin(prepare(asked, &session.console)?, None, folder.path(), session);
    }
    let (saved, snapshot) = checkpoint::load(&folder.path().join(checkpoint::FILE_NAME))?;
    job(folder, saved, asked, snapshot, session)
}

fn job<'a>(
    folder: &'a RunFolder,
    saved: RunConfig,
    asked: RunConfig,
    snapshot: Snapshot,
    session: &'a Session,
) -> Result<Job<'a>, CommandError> {
    let path = folder.path();
    if let Some((setting, saved, given)) = difference(&saved, &asked) {
        return Err(CommandError::OtherRun { folder: path.to_owned(), setting, saved, given });
    }
    let mut run = saved;
    let done = snapshot.history.len() as u32;
    if asked.training.epochs != run.training.epochs {
        run.training.extend(asked.training.epochs, done)?;
        run.training.check()?;
    }
    run.data.path = asked.data.path;
    for (teacher, asked) in run.teachers.iter_mut().zip(asked.teachers) {
        teacher.folder = asked.folder;
    }
    warn(&run, &session.console);
    Job::begin(prepare(run, &session.console)?, Some(snapshot), path, session)
}

/// Says what may make the run end otherwise than it would have where it began.
fn warn(run: &RunConfig, console: &Console) {
    let version = env!("CARGO_PKG_VERSION");
    if run.version != version {
        console.print(&format!(
            "warning: the run was begun by version {} of lenet-train; version {version} may end with other weights",
            run.version
        ));
    }
    let found = arithmetic();
    if let Some(begun) =
        run.machine.arithmetic.filter(|begun| *begun != found && run.machine.device == DeviceKind::Cpu)
    {
        console.print(&format!(
            "warning: the run was begun with {begun}, and this CPU has {found}: it will not end bit by bit as it would have"
        ));
    }
}

/// The first setting in which two runs differ, the saved value and the one asked for. Left out are the epochs, which may
/// change, what the results do not depend on, and what `asked` does not say because its data are not loaded.
fn difference(saved: &RunConfig, asked: &RunConfig) -> Option<(String, String, String)> {
    let mut asked = asked.clone();
    if asked.data.sha256.is_none() {
        let DataConfig { dataset, fold, .. } = asked.data;
        asked.data = DataConfig { dataset, fold, ..saved.data.clone() };
    }
    for (asked, saved) in asked.teachers.iter_mut().zip(&saved.teachers) {
        asked.sha256 = asked.sha256.take().or_else(|| saved.sha256.clone());
    }
    let relevant = |run: &RunConfig| {
        let mut run = run.clone();
        (run.training.epochs, run.training.extended) = (0, Vec::new());
        run.version = String::new();
        run.data.path = None;
        (run.machine.threads, run.machine.arithmetic) = (None, None);
        run.teachers.iter_mut().for_each(|teacher| teacher.folder = Default::default());
        serde_json::to_value(run).expect("plain fields")
    };
    first_difference("", &relevant(saved), &relevant(&asked))
}

fn first_difference(name: &str, saved: &Value, asked: &Value) -> Option<(String, String, String)> {
    if let (Value::Object(saved), Value::Object(asked)) = (saved, asked) {
        let names = asked.keys().chain(saved.keys().filter(|name| !asked.contains_key(*name)));
        return names.into_iter().find_map(|name| {
            let value =
                |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or(Value::Null);
            first_difference(&name.replace('_', " "), &value(saved), &value(asked))
        });
    }
    (saved != asked).then(|| (name.to_owned(), saved.to_string(), asked.to_string()))
}
