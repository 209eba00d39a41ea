//! The command `quantize`: quantizes a finished run again, without training.

use super::error::CommandError;
use super::prepare::{load_data_of, with_threads};
use super::results::save_with_results;
use super::session::Session;
use crate::eval::check::FinalTable;
use crate::model::bits::Bits;
use crate::run::checkpoint;
use crate::run::config::QuantizedConfig;
use crate::run::folder::{Destination, RunFolder};
use crate::run::trained::Trained;
use std::fs;
use std::path::PathBuf;

/// The arguments of the command: what to quantize, how, and where to.
#[derive(Clone, Debug)]
pub struct Quantize {
    /// The folder of a finished run.
    pub run: PathBuf,
    /// The bits of the model. `None` keeps those of the run.
    pub bits: Option<Bits>,
    /// Whether to use the weights of the epoch with the lowest validation loss in place of those that the run exports.
    pub best: bool,
    /// Where to create the new run. Without a folder, it is created in that of the run, with a name that contains the bits.
    pub destination: Destination,
    /// The folder of the data set, if it was moved.
    pub data: Option<PathBuf>,
}

/// Quantizes a finished run into a new run folder, with its own report.
///
/// The activation ranges are calibrated again, unless the weights were trained quantization-aware for the same bits.
///
/// # Errors
///
/// Returns a [`CommandError`] if the run or its data set cannot be used, or if a file cannot be written.
pub fn run(task: &Quantize, session: &Session) -> Result<FinalTable, CommandError> {
    let console = &session.console;
    let mut trained = Trained::load(&task.run)?;
    if task.best {
        trained.exported = checkpoint::load_best(&task.run, &trained.run, &trained.history)?;
    }
    trained.history.clone_from(&trained.exported.history);
    let bits = task.bits.unwrap_or(trained.run.training.bits);
    if trained.quantization().is_some_and(|quantization| quantization.bits != bits) {
        console.print(
            "note     these weights were trained for other bits; training with these bits may be more accurate",
        );
        trained.exported.quantization = None;
    }
    trained.run.training.bits = bits;
    trained.run.quantized_from = Some(QuantizedConfig { run: task.run.clone(), best: task.best });
    let Destination { out, force } = task.destination.clone();
    let out = Some(out.unwrap_or_else(|| task.run.join(folder_name(bits, task.best))));
    if let Some(path) = out.as_ref().filter(|out| fs::canonicalize(out).is_ok_and(|out| out == task.run)) {
        return Err(CommandError::OwnFolder { path: path.clone() });
    }
    with_threads(session, || {
        let dataset = load_data_of(&mut trained, task.data.as_deref(), console)?;
        let folder = RunFolder::create(&Destination { out, force })?;
        save_with_results(&trained, &dataset, folder.path(), console)
    })
}

/// Returns the name of the new run's folder, for example `quantized-8` or `quantized-conv-8-fc-4-best`.
fn folder_name(bits: Bits, best: bool) -> String {
    let bits = bits.to_string().replace(['=', ','], "-");
    format!("quantized-{bits}{}", if best { "-best" } else { "" })
}
