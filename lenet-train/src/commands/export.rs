//! Writing the weights of a finished run for other programs.

use super::error::CommandError;
use super::session::Session;
use crate::exchange::{onnx, state_dict};
use crate::run::trained::Trained;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What to export, and in which formats.
#[derive(Clone, Debug)]
pub struct Export {
    /// Folder of a finished run.
    pub run: PathBuf,
    /// File for PyTorch.
    pub safetensors: Option<PathBuf>,
    /// File for ONNX Runtime.
    pub onnx: Option<PathBuf>,
}

/// Writes the f32 weights that a finished run exports.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(task: &Export, session: &Session) -> Result<(), CommandError> {
    let Trained { run, weights, .. } = Trained::load(&task.run)?;
    if let Some(path) = &task.safetensors {
        state_dict::write(path, &weights)?;
        session.console.print(&format!("{}: the state_dict, for PyTorch", path.display()));
    }
    if let Some(path) = &task.onnx {
        let metadata = BTreeMap::from([
            ("dataset".to_owned(), run.data.contents.clone()),
            ("recipe".to_owned(), run.training.title()),
            ("seed".to_owned(), run.training.seed.to_string()),
            ("classes".to_owned(), run.data.classes.join("\n")),
        ]);
        onnx::write(path, &weights, &metadata)?;
        session.console.print(&format!("{}: the network, for ONNX Runtime", path.display()));
    }
    Ok(())
}
