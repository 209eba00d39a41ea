//! Checking the model file of a finished run again.

use super::error::CommandError;
use super::prepare::{load_data, with_threads};
use super::results;
use super::session::Session;
use crate::eval::check::FinalTable;
use crate::run::trained::Trained;
use std::path::Path;

/// Runs the test images through the f32 network and the model file of the run in `folder`, and prints the comparison.
/// `data` names the data set, if it has moved.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(folder: &Path, data: Option<&Path>, session: &Session) -> Result<FinalTable, CommandError> {
    let mut trained = Trained::load(folder)?;
    if let Some(path) = data {
        trained.run.data.path = Some(path.to_owned());
    }
    with_threads(session, || {
        let (run, dataset) = load_data(trained.run.clone(), &session.console)?;
        trained.run = run;
        Ok(results::check_again(&trained, &dataset, folder, &session.console)?)
    })
}
