//! Writing the metrics and the report of a finished run again.

use super::error::CommandError;
use super::prepare::{load_data, with_threads};
use super::results;
use super::session::Session;
use crate::eval::check::FinalTable;
use crate::run::folder::RunFolder;
use crate::run::trained::Trained;
use std::path::Path;

/// Checks the model file of the run in `folder` again and writes its metrics and its report anew. `data` names the data
/// set, if it has moved.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(folder: &Path, data: Option<&Path>, session: &Session) -> Result<FinalTable, CommandError> {
    let folder = RunFolder::open(folder)?;
    let mut trained = Trained::load(folder.path())?;
    if let Some(path) = data {
        trained.run.data.path = Some(path.to_owned());
    }
    with_threads(session, || {
        let (run, dataset) = load_data(trained.run.clone(), &session.console)?;
        trained.run = run;
        let table = results::report(&trained, &dataset, folder.path(), &session.console)?;
        let written = format!(
            "written: {0}/{1}, {0}/{2}",
            folder.path().display(),
            results::METRICS_FILE,
            results::REPORT_FILE
        );
        session.console.print(&written);
        Ok(table)
    })
}
