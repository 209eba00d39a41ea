//! Making a run from weights that were trained by another program.

use super::error::CommandError;
use super::prepare::{load_data, with_threads};
use super::results::make_results;
use super::session::Session;
use crate::data::DatasetName;
use crate::eval::check::FinalTable;
use crate::exchange::{fold_normalization, state_dict};
use crate::model::bits::Bits;
use crate::model::weights::FloatWeights;
use crate::run::checkpoint;
use crate::run::config::{CONFIG_FILE, ImportedConfig, RunConfig};
use crate::run::export;
use crate::run::folder::{Destination, RunFolder};
use crate::run::trained::Trained;
use crate::train::Snapshot;
use crate::train::optimizer::OptimizerState;
use crate::train::recipe::{Recipe, Settings};
use std::path::PathBuf;

/// What to import, and what to make of it.
#[derive(Clone, Debug)]
pub struct Import {
    /// A safetensors file of PyTorch's state_dict.
    pub weights: PathBuf,
    /// Mean and standard deviation of the pixels, 0 to 1, if the network was trained on normalized ones.
    pub normalization: Option<(f64, f64)>,
    /// Bits of the model.
    pub bits: Bits,
    /// Folder of the data set to calibrate and check on; `None` is the program's own.
    pub data: Option<PathBuf>,
    /// The data set's name.
    pub dataset: DatasetName,
    /// Where the run goes.
    pub destination: Destination,
}

/// Makes a run of the imported weights, and quantizes, exports, checks and reports it.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(task: &Import, session: &Session) -> Result<FinalTable, CommandError> {
    let mut weights = state_dict::read(&task.weights)?;
    if let Some((mean, deviation)) = task.normalization {
        fold_normalization(&mut weights, mean, deviation)?;
    }
    let mut run = RunConfig::new(Settings { bits: task.bits, ..Recipe::Imported.settings() });
    (run.data.dataset, run.data.path) = (task.dataset, task.data.clone());
    let sha256 = checkpoint::fingerprint(&weights);
    run.imported =
        Some(ImportedConfig { file: task.weights.clone(), normalization: task.normalization, sha256 });
    with_threads(session, || {
        let (run, dataset) = load_data(run, &session.console)?;
        let (expected, found) = (dataset.classes, weights.classes());
        if expected != found {
            return Err(CommandError::ImportedClasses { file: task.weights.clone(), expected, found });
        }
        let folder = RunFolder::create(&task.destination)?;
        let snapshot = snapshot(weights);
        checkpoint::save(&folder.path().join(checkpoint::FILE_NAME), &run, &snapshot)?;
        export::write(folder.path(), CONFIG_FILE, run.to_toml().as_bytes())?;
        let trained = Trained::from_snapshot(folder.path(), run, snapshot)?;
        Ok(make_results(&trained, &dataset, folder.path(), &session.console)?)
    })
}

/// A run without epochs.
fn snapshot(weights: FloatWeights) -> Snapshot {
    let mut zeros = weights.clone();
    for layer in zeros.layers_mut() {
        layer.weight.fill(0.0);
        layer.bias.fill(0.0);
    }
    Snapshot {
        history: Vec::new(),
        partial: None,
        optimizer: OptimizerState { steps: 0, first_moment: zeros.clone(), second_moment: zeros },
        weights,
        average: None,
        quantization: None,
    }
}
