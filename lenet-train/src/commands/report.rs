//! The command `report`: writes the metrics and the report of a finished run again.

use super::error::CommandError;
use super::prepare::{load_data_of, with_threads};
use super::results::Results;
use super::session::Session;
use crate::eval::check::FinalTable;
use crate::run::export::{METRICS_FILE, REPORT_FILE};
use crate::run::folder::RunFolder;
use crate::run::trained::Trained;
use std::path::Path;

/// Checks the model file of the run in `folder`, and writes its metrics and its report again. `data` is the folder of the
/// data set, if it was moved.
///
/// # Errors
///
/// Returns a [`CommandError`] if the run, its model file or its data set cannot be used, or if a file cannot be written.
pub fn run(folder: &Path, data: Option<&Path>, session: &Session) -> Result<FinalTable, CommandError> {
    let folder = RunFolder::open(folder)?;
    let mut trained = Trained::load(folder.path())?;
    with_threads(session, || {
        let dataset = load_data_of(&mut trained, data, &session.console)?;
        let table = Results::new(&trained, &dataset, folder.path(), &session.console).report()?;
        let written =
            format!("wrote {0}/{1} and {0}/{2}", folder.path().display(), METRICS_FILE, REPORT_FILE);
        session.console.print(&written);
        Ok(table)
    })
}
