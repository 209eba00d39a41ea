//! A run between two epochs, on disk: `checkpoint.safetensors`.
//!
//! The parameters and the optimiser's moments are tensors; everything else is JSON in the file's metadata,
//! with a SHA-256 of all of it, as safetensors itself has no checksum.

mod error;
#[cfg(test)]
mod tests;

pub use error::CheckpointError;

use crate::data::HeldOut;
use crate::model::weights::{Affine, FloatWeights, LAYERS, layer_shapes};
use crate::quantize::Grid;
use crate::train::EpochMetrics;
use crate::train::Snapshot;
use crate::train::optimizer::OptimizerState;
use crate::train::recipe::Settings;
use lenet_infer::host::files;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Name of the file in the folder of the run.
pub const FILE_NAME: &str = "checkpoint.safetensors";
/// What [`set_aside`] renames it to.
pub const PREVIOUS_FILE_NAME: &str = "checkpoint.previous.safetensors";
/// Version of what this module writes.
const VERSION: u32 = 2;
/// No checkpoint comes near: three times the parameters, and a history.
const MAX_BYTES: u64 = 64 << 20;
const HEADER_KEY: &str = "lenet-train";
const DIGEST_KEY: &str = "sha256";
/// The parts of the file, each with every tensor of [`LAYERS`]. The last is there only in a run that averages.
const PARTS: [&str; 4] = ["weights", "first_moment", "second_moment", "average"];

/// What a resumed run must have in common with the one that wrote the checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// How it trains.
    #[serde(flatten)]
    pub settings: Settings,
    /// Name of the data set.
    pub dataset: String,
    /// Number of its classes.
    pub classes: usize,
    /// `cpu` or `cuda`.
    pub device: String,
    /// Which images are scored after each epoch.
    pub held_out: HeldOut,
    /// Which fold of the training file is the validation images, counted from the last.
    #[serde(default)]
    pub fold: usize,
    /// Images trained on.
    pub train_images: usize,
    /// Images scored after each epoch.
    pub held_out_images: usize,
    /// SHA-256 of the weights of each teacher.
    pub teachers: Vec<String>,
}

/// The JSON in the metadata.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    run: RunIdentity,
    optimizer_steps: u32,
    history: Vec<EpochMetrics>,
    grid: Option<Grid>,
}

/// Writes the checkpoint into `folder`, whole or not at all.
///
/// # Errors
///
/// [`CheckpointError::Write`].
pub fn save(folder: &Path, run: &RunIdentity, snapshot: &Snapshot) -> Result<(), CheckpointError> {
    let path = folder.join(FILE_NAME);
    let header = Header {
        version: VERSION,
        run: run.clone(),
        optimizer_steps: snapshot.optimizer.steps,
        history: snapshot.history.clone(),
        grid: snapshot.grid.clone(),
    };
    encode(&header, snapshot)
        .and_then(|bytes| files::replace(&path, |out| out.write_all(&bytes)))
        .map_err(|source| CheckpointError::Write { path, source })
}

/// Sets an earlier run's checkpoint in `folder` aside, under [`PREVIOUS_FILE_NAME`], so that a new run there does not
/// overwrite it. Does nothing where there is none.
///
/// # Errors
///
/// [`CheckpointError::Write`].
pub fn set_aside(folder: &Path) -> Result<(), CheckpointError> {
    let path = folder.join(FILE_NAME);
    match fs::rename(&path, folder.join(PREVIOUS_FILE_NAME)) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CheckpointError::Write { path, source })
        }
        _ => Ok(()),
    }
}

/// Reads the checkpoint in `folder` of a run like `run`.
///
/// # Errors
///
/// [`CheckpointError`], all but `Write`.
pub fn load(folder: &Path, run: &RunIdentity) -> Result<Snapshot, CheckpointError> {
    let (header, snapshot) = load_any(folder)?;
    match difference(&header.run, run) {
        Some((field, saved, given)) => {
            Err(CheckpointError::DifferentRun { path: folder.join(FILE_NAME), field, saved, given })
        }
        None => Ok(snapshot),
    }
}

/// The run in `folder`, how many epochs of it are done, and the weights that it delivers, or would deliver if it ended now.
///
/// # Errors
///
/// [`CheckpointError`], all but `Write` and `DifferentRun`.
pub fn load_delivered(folder: &Path) -> Result<(RunIdentity, u32, FloatWeights), CheckpointError> {
    let (header, snapshot) = load_any(folder)?;
    let epochs_done = header.history.len() as u32;
    Ok((header.run, epochs_done, snapshot.average.unwrap_or(snapshot.weights)))
}

/// SHA-256 of weights, in hexadecimal.
pub fn fingerprint(weights: &FloatWeights) -> String {
    let tensors = weights.layers().into_iter().flat_map(|layer| [&layer.weight, &layer.bias]);
    let bytes: Vec<Vec<u8>> = tensors.map(|tensor| to_bytes(tensor)).collect();
    digest("", bytes.iter().map(Vec::as_slice))
}

fn load_any(folder: &Path) -> Result<(Header, Snapshot), CheckpointError> {
    let path = folder.join(FILE_NAME);
    let bytes = match read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(CheckpointError::Missing { path });
        }
        Err(source) => return Err(CheckpointError::Read { path, source }),
    };
    decode(&bytes).map_err(|problem| CheckpointError::Unusable { path, problem })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn encode(header: &Header, snapshot: &Snapshot) -> io::Result<Vec<u8>> {
    let OptimizerState { first_moment, second_moment, .. } = &snapshot.optimizer;
    let parts = [&snapshot.weights, first_moment, second_moment].into_iter().chain(&snapshot.average);
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

/// The checkpoint in `bytes`, or what is wrong with them.
fn decode(bytes: &[u8]) -> Result<(Header, Snapshot), String> {
    let not_safetensors = |error| format!("no safetensors file ({error})");
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
    let entries = metadata.metadata().as_ref();
    let entry = |key: &str| entries.and_then(|entries| entries.get(key));
    let (Some(json), Some(saved_digest)) = (entry(HEADER_KEY), entry(DIGEST_KEY)) else {
        return Err("a safetensors file of another program".to_owned());
    };
    let header = parse_header(json)?;
    let shapes = layer_shapes(header.run.classes);
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
    let (history, grid) = (header.history.clone(), header.grid.clone());
    let snapshot = Snapshot { history, weights, optimizer, average, grid };
    Ok((header, snapshot))
}

fn parse_header(json: &str) -> Result<Header, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| format!("a damaged header ({error})"))?;
    if value["version"] != VERSION {
        return Err(format!("version {} where {VERSION} is read", value["version"]));
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

/// The first field in which two runs differ, the first's value and the second's.
fn difference(saved: &RunIdentity, given: &RunIdentity) -> Option<(String, Value, Value)> {
    // By way of text, which has the shortest digits of an f32: as a value it would have those of the f64 next to it.
    let fields = |run| -> Map<String, Value> {
        let json = serde_json::to_string(run).expect("plain fields");
        serde_json::from_str(&json).expect("a struct is an object")
    };
    let (mut saved, given) = (fields(saved), fields(given));
    given.into_iter().find_map(|(field, given)| {
        let saved = saved.remove(&field).unwrap_or(Value::Null);
        (saved != given).then(|| (field.replace('_', " "), saved, given))
    })
}
