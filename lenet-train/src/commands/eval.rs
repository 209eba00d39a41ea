//! The command `eval`: checks the model file of a finished run.

use super::error::CommandError;
use super::prepare::{load_data_of, with_threads};
use super::results::Results;
use super::session::Session;
use crate::eval::check::FinalTable;
use crate::run::trained::Trained;
use std::path::Path;

/// Runs the test images through the f32 network and the model file of the run in `folder`, and prints a comparison.
/// `data` is the folder of the data set, if it was moved.
///
/// # Errors
///
/// Returns a [`CommandError`] if the run, its model file or its data set cannot be used.
pub fn run(folder: &Path, data: Option<&Path>, session: &Session) -> Result<FinalTable, CommandError> {
    let mut trained = Trained::load(folder)?;
    with_threads(session, || {
        let dataset = load_data_of(&mut trained, data, &session.console)?;
        Ok(Results::new(&trained, &dataset, folder, &session.console).check()?)
    })
}
