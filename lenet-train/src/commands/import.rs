//! The command `import`: creates a run from weights that were trained by another program.

use super::error::CommandError;
use super::prepare::{load_data, with_threads};
use super::results::save_with_results;
use super::session::Session;
use crate::data::{DatasetName, Preparation};
use crate::eval::check::FinalTable;
use crate::exchange::{fold_normalization, state_dict};
use crate::model::bits::Bits;
use crate::model::weights::FloatWeights;
use crate::run::checkpoint;
use crate::run::config::{ImportedConfig, RunConfig};
use crate::run::folder::{Destination, RunFolder};
use crate::run::trained::Trained;
use crate::train::optimizer::OptimizerState;
use crate::train::recipe::{Recipe, Settings};
use crate::train::{LearnerState, Snapshot};
use std::path::PathBuf;

/// The arguments of the command: what to import, and how to quantize it.
#[derive(Clone, Debug)]
pub struct Import {
    /// The safetensors file of a PyTorch state_dict.
    pub weights: PathBuf,
    /// Mean and standard deviation of the pixels, 0 to 1, if the network was trained on normalized pixels.
    pub normalization: Option<(f64, f64)>,
    /// The bits of the model.
    pub bits: Bits,
    /// The folder of the data set for calibration and the check. `None` uses the bundled or downloaded files.
    pub data: Option<PathBuf>,
    /// The published data set to use, or the one that is expected in `data`.
    pub dataset: DatasetName,
    /// How the pictures of the folder become images.
    pub preparation: Preparation,
    /// Where to create the run.
    pub destination: Destination,
}

/// Creates a run from the imported weights, and quantizes, exports, checks and reports it.
///
/// # Errors
///
/// Returns a [`CommandError`] if the weights or the data set cannot be used, or if a file cannot be written.
pub fn run(task: &Import, session: &Session) -> Result<FinalTable, CommandError> {
    let mut weights = state_dict::read(&task.weights)?;
    if let Some((mean, deviation)) = task.normalization {
        fold_normalization(&mut weights, mean, deviation)?;
    }
    let mut run = RunConfig::new(Settings { bits: task.bits, ..Recipe::Imported.settings() });
    (run.data.dataset, run.data.path) = (task.dataset, task.data.clone());
    run.data.pictures = Some(task.preparation);
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
        let trained = Trained { run, history: Vec::new(), exported: snapshot(weights) };
        save_with_results(&trained, &dataset, folder.path(), &session.console)
    })
}

/// Creates the snapshot of a run without epochs.
fn snapshot(weights: FloatWeights) -> Snapshot {
    let mut zeros = weights.clone();
    for layer in zeros.layers_mut() {
        layer.weight.fill(0.0);
        layer.bias.fill(0.0);
    }
    Snapshot {
        history: Vec::new(),
        partial: None,
        state: LearnerState {
            optimizer: OptimizerState { steps: 0, first_moment: zeros.clone(), second_moment: zeros },
            weights,
            average: None,
        },
        quantization: None,
    }
}
