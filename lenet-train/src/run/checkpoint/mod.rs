//! Checkpoints: the state of a run on disk, `checkpoint.safetensors`.
//!
//! The parameters and the optimizer's moments are tensors. Everything else is JSON in the metadata of the file, together
//! with a SHA-256 of all contents, since the safetensors format has no checksum.

mod error;
#[cfg(test)]
mod tests;

pub use error::CheckpointError;

use super::config::RunConfig;
use crate::model::weights::{Affine, FloatWeights, LAYERS, layer_shapes};
use crate::quantize::Quantization;
use crate::train::optimizer::OptimizerState;
use crate::train::{EpochMetrics, LearnerState, PartialEpoch, Snapshot};
use lenet_infer::host::files;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

/// The name of the file with the last state of the run.
pub const FILE_NAME: &str = "checkpoint.safetensors";
/// The name of the file with the state after the epoch with the lowest validation loss.
pub const BEST_FILE_NAME: &str = "best.safetensors";
/// The name that [`set_aside`] gives to the checkpoint of an earlier run.
pub const PREVIOUS_FILE_NAME: &str = "checkpoint.previous.safetensors";
/// The version of the file's contents.
const VERSION: u32 = 3;
/// The size limit of a checkpoint. Four times the parameters and a history are far smaller.
const MAX_BYTES: u64 = 64 << 20;
const HEADER_KEY: &str = "lenet-train";
const DIGEST_KEY: &str = "sha256";
/// The groups of tensors in the file. Each has the tensors of all [`LAYERS`]. The last is optional.
const PARTS: [&str; 4] = ["weights", "first_moment", "second_moment", "average"];

/// The JSON object in the metadata of the file.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    run: RunConfig,
    optimizer_steps: u32,
    history: Vec<EpochMetrics>,
    partial: Option<PartialEpoch>,
    #[serde(rename = "grid")]
    quantization: Option<Quantization>,
}

/// Writes a checkpoint to `path`, atomically: the file is either replaced completely or not at all.
///
/// # Errors
///
/// Returns [`CheckpointError::Write`] if the file cannot be written.
pub fn save(path: &Path, run: &RunConfig, snapshot: &Snapshot) -> Result<(), CheckpointError> {
    let header = Header {
        version: VERSION,
        run: run.clone(),
        optimizer_steps: snapshot.state.optimizer.steps,
        history: snapshot.history.clone(),
        partial: snapshot.partial,
        quantization: snapshot.quantization.clone(),
    };
    encode(&header, snapshot)
        .and_then(|bytes| files::replace(path, |out| out.write_all(&bytes)))
        .map_err(|source| CheckpointError::Write { path: path.to_owned(), source })
}

/// Renames the checkpoint in `folder` to [`PREVIOUS_FILE_NAME`], so that a new run does not overwrite it. Does nothing if
/// there is none.
///
/// # Errors
///
/// Returns the error of the file system if the file cannot be renamed.
pub fn set_aside(folder: &Path) -> io::Result<()> {
    match fs::rename(folder.join(FILE_NAME), folder.join(PREVIOUS_FILE_NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads a checkpoint: the description of the run, and its state.
///
/// # Errors
///
/// Returns any [`CheckpointError`] except [`CheckpointError::Write`].
pub fn load(path: &Path) -> Result<(RunConfig, Snapshot), CheckpointError> {
    let path = path.to_owned();
    let bytes = match files::read_at_most(&path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let previous = path.with_file_name(PREVIOUS_FILE_NAME);
            return Err(CheckpointError::missing(path, previous));
        }
        Err(source) => return Err(CheckpointError::Read { path, source }),
    };
    let (header, snapshot) = decode(&bytes).map_err(|problem| CheckpointError::Unusable { path, problem })?;
    Ok((header.run, snapshot))
}

/// Reads the best epoch of `run` in `folder`, whose finished epochs are `history`.
///
/// # Errors
///
/// Returns [`CheckpointError::OtherBest`] if the file there is of another run, and the errors of [`load`].
pub fn load_best(
    folder: &Path,
    run: &RunConfig,
    history: &[EpochMetrics],
) -> Result<Snapshot, CheckpointError> {
    let path = folder.join(BEST_FILE_NAME);
    let (other, best) = load(&path)?;
    let same = other.data.sha256 == run.data.sha256 && other.training.seed == run.training.seed;
    if same && !best.history.is_empty() && history.starts_with(&best.history) {
        return Ok(best);
    }
    Err(CheckpointError::OtherBest { path })
}

/// Returns the SHA-256 of the weights, in hexadecimal.
pub fn fingerprint(weights: &FloatWeights) -> String {
    let tensors = weights.layers().into_iter().flat_map(|layer| [&layer.weight, &layer.bias]);
    let bytes: Vec<Vec<u8>> = tensors.map(|tensor| to_bytes(tensor)).collect();
    digest("", bytes.iter().map(Vec::as_slice))
}

fn encode(header: &Header, snapshot: &Snapshot) -> io::Result<Vec<u8>> {
    let LearnerState { weights, optimizer, average } = &snapshot.state;
    let parts = [weights, &optimizer.first_moment, &optimizer.second_moment].into_iter().chain(average);
    let mut tensors = Vec::new();
    for (part, weights) in PARTS.into_iter().zip(parts) {
        let shapes = layer_shapes(weights.classes());
        for ((layer, name), [outputs, inputs]) in weights.layers().into_iter().zip(LAYERS).zip(shapes) {
            tensors.push((format!("{part}.{name}.weight"), vec![outputs, inputs], to_bytes(&layer.weight)));
            tensors.push((format!("{part}.{name}.bias"), vec![outputs], to_bytes(&layer.bias)));
        }
    }
    let json = serde_json::to_string(header)?;
    let digest = digest(&json, tensors.iter().map(|(.., bytes)| bytes.as_slice()));
    let metadata = HashMap::from([(HEADER_KEY.to_owned(), json), (DIGEST_KEY.to_owned(), digest)]);
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
        })
        .collect();
    views.and_then(|views| safetensors::serialize(views, Some(metadata))).map_err(io::Error::other)
}

/// Decodes a checkpoint, or returns what is wrong with it.
fn decode(bytes: &[u8]) -> Result<(Header, Snapshot), String> {
    let not_safetensors = |error| format!("a file that is not in safetensors format ({error})");
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
    let entries = metadata.metadata().as_ref();
    let entry = |key: &str| entries.and_then(|entries| entries.get(key));
    let (Some(json), Some(saved_digest)) = (entry(HEADER_KEY), entry(DIGEST_KEY)) else {
        return Err("a safetensors file of another program".to_owned());
    };
    let header = parse_header(json)?;
    let shapes = layer_shapes(header.run.data.classes.len());
    let mut contents = Vec::new();
    let mut part = |part: &str| -> Result<FloatWeights, String> {
        let mut layers = Vec::new();
        for (name, [outputs, inputs]) in LAYERS.into_iter().zip(shapes) {
            let mut tensor = |kind: &str, shape: &[usize]| {
                let name = format!("{part}.{name}.{kind}");
                let view = tensors.tensor(&name).map_err(|_| format!("no tensor {name}"))?;
                if view.dtype() != Dtype::F32 || view.shape() != shape {
                    return Err(format!("{name} of {:?} {:?}", view.dtype(), view.shape()));
                }
                contents.push(view.data());
                Ok(from_bytes(view.data()))
            };
            layers.push(Affine {
                weight: tensor("weight", &[outputs, inputs])?,
                bias: tensor("bias", &[outputs])?,
            });
        }
        let [conv1, conv2, fc1, fc2, fc3] = layers.try_into().expect("one for each of LAYERS");
        Ok(FloatWeights { conv1, conv2, fc1, fc2, fc3 })
    };
    let (weights, first_moment, second_moment) = (part(PARTS[0])?, part(PARTS[1])?, part(PARTS[2])?);
    let averages = tensors.names().into_iter().any(|name| name.starts_with(PARTS[3]));
    let average = averages.then(|| part(PARTS[3])).transpose()?;
    if digest(json, contents) != *saved_digest {
        return Err("contents that do not match their SHA-256".to_owned());
    }
    let optimizer = OptimizerState { steps: header.optimizer_steps, first_moment, second_moment };
    let (history, quantization) = (header.history.clone(), header.quantization.clone());
    let state = LearnerState { weights, optimizer, average };
    let snapshot = Snapshot { history, partial: header.partial, state, quantization };
    Ok((header, snapshot))
}

fn parse_header(json: &str) -> Result<Header, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| format!("a damaged header ({error})"))?;
    if value["version"] != VERSION {
        return Err(format!("version {} of the format in place of {VERSION}", value["version"]));
    }
    serde_json::from_value(value).map_err(|error| format!("a damaged header ({error})"))
}

fn digest<'a>(json: &str, tensors: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new_with_prefix(json);
    tensors.into_iter().for_each(|bytes| hasher.update(bytes));
    format!("{:x}", hasher.finalize())
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks();
    values.iter().map(|&value| f32::from_le_bytes(value)).collect()
}

#[cfg(test)]
#[path = "."]
mod on_cpu {
    use dfdx::prelude::Cpu as TestDevice;
    mod resuming_tests;
}
#[cfg(all(test, feature = "cuda"))]
#[path = "."]
mod on_cuda {
    use crate::backend::cuda::Cuda as TestDevice;
    mod resuming_tests;
}
