//! The command `export`: writes the weights of a finished run for PyTorch or ONNX Runtime.

use super::error::CommandError;
use super::session::Session;
use crate::exchange::{onnx, state_dict};
use crate::run::trained::Trained;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The arguments of the command: what to export, and in which formats.
#[derive(Clone, Debug)]
pub struct Export {
    /// The folder of a finished run.
    pub run: PathBuf,
    /// The safetensors file to write for PyTorch.
    pub safetensors: Option<PathBuf>,
    /// The ONNX file to write.
    pub onnx: Option<PathBuf>,
}

/// Writes the f32 weights of a finished run.
///
/// # Errors
///
/// Returns a [`CommandError`] if the run is not finished or a file cannot be written.
pub fn run(task: &Export, session: &Session) -> Result<(), CommandError> {
    let trained = Trained::load(&task.run)?;
    let (run, weights) = (&trained.run, trained.weights());
    let files: Vec<&PathBuf> = task.safetensors.iter().chain(&task.onnx).collect();
    let in_the_way = |file: &&&PathBuf| fs::symlink_metadata(file).is_ok_and(|found| !found.is_file());
    if let Some(file) = files.iter().find(in_the_way) {
        return Err(CommandError::NoFile { path: file.to_path_buf() });
    }
    if let [first, second] = files[..]
        && first == second
    {
        return Err(CommandError::OneFile { path: first.clone() });
    }
    if let Some(path) = &task.safetensors {
        state_dict::write(path, weights)?;
        session.console.print(&format!("wrote {}, a state_dict for PyTorch", path.display()));
    }
    if let Some(path) = &task.onnx {
        let metadata = BTreeMap::from([
            ("dataset".to_owned(), run.data.contents.clone()),
            ("recipe".to_owned(), run.training.title()),
            ("seed".to_owned(), run.training.seed.to_string()),
            ("classes".to_owned(), run.data.classes.join("\n")),
        ]);
        onnx::write(path, weights, &metadata)?;
        session.console.print(&format!("wrote {}, the network for ONNX Runtime", path.display()));
    }
    Ok(())
}
