//! Quantizing a finished run anew, without training.

use super::error::CommandError;
use super::prepare::{load_data, with_threads};
use super::results::make_results;
use super::session::Session;
use crate::eval::check::FinalTable;
use crate::model::bits::Bits;
use crate::run::checkpoint;
use crate::run::config::CONFIG_FILE;
use crate::run::export;
use crate::run::folder::{Destination, RunFolder};
use crate::run::trained::Trained;
use std::path::PathBuf;

/// What to quantize, how, and where to.
#[derive(Clone, Debug)]
pub struct Quantize {
    /// Folder of a finished run.
    pub run: PathBuf,
    /// Bits of the model; `None` keeps those of the run.
    pub bits: Option<Bits>,
    /// Takes the weights of the epoch with the lowest validation loss rather than those that the run exports.
    pub best: bool,
    /// Where the results go; without a folder, into one in that of the run, named after the bits.
    pub destination: Destination,
    /// Folder of the data set, if it has moved.
    pub data: Option<PathBuf>,
}

/// Quantizes a finished run into a run folder of its own, with its own report.
///
/// The activation ranges are chosen anew, unless quantization-aware training has fixed them for just these bits.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(task: &Quantize, session: &Session) -> Result<FinalTable, CommandError> {
    let console = &session.console;
    let mut trained = Trained::load(&task.run)?;
    let (_, mut snapshot) = checkpoint::load(&task.run.join(checkpoint::FILE_NAME))?;
    if task.best {
        (_, snapshot) = checkpoint::load(&task.run.join(checkpoint::BEST_FILE_NAME))?;
        trained.use_epoch(snapshot.clone());
    }
    let bits = task.bits.unwrap_or(trained.run.training.bits);
    let trained_for = trained.quantization.as_ref().map(|quantization| quantization.bits);
    if trained_for.is_some_and(|trained_for| trained_for != bits) {
        console.print(
            "note     these weights were trained for other bits; training for these may be more accurate",
        );
        (trained.quantization, snapshot.quantization) = (None, None);
    }
    trained.run.training.bits = bits;
    trained.run.quantized_from = Some(task.run.clone());
    if let Some(path) = &task.data {
        trained.run.data.path = Some(path.clone());
    }
    let Destination { out, force } = task.destination.clone();
    let out = Some(out.unwrap_or_else(|| task.run.join(folder_name(bits, task.best))));
    with_threads(session, || {
        let (run, dataset) = load_data(trained.run.clone(), console)?;
        let folder = RunFolder::create(&Destination { out, force })?;
        trained.run = run;
        checkpoint::save(&folder.path().join(checkpoint::FILE_NAME), &trained.run, &snapshot)?;
        export::write(folder.path(), CONFIG_FILE, trained.run.to_toml().as_bytes())?;
        Ok(make_results(&trained, &dataset, folder.path(), console)?)
    })
}

/// For example `quantized-8`, `quantized-conv-8-fc-4-best`.
fn folder_name(bits: Bits, best: bool) -> String {
    let bits = bits.to_string().replace(['=', ','], "-");
    format!("quantized-{bits}{}", if best { "-best" } else { "" })
}
