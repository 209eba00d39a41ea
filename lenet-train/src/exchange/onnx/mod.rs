//! The network as an ONNX file, in f32.
//!
//! | | name | type | |
//! |---|---|---|---|
//! | input | `image` | float32 `[N, 1, 28, 28]` | pixels from 0 (paper) to 1 (ink), row by row: gray levels divided by 255 |
//! | output | `logits` | float32 `[N, classes]` | the largest is the predicted class; a softmax gives probabilities |
//!
//! The file is of IR version 7 and uses operator set 13, those of ONNX 1.8 (2020), which newer runtimes read as well. Its
//! nodes are a chain of `Conv`, `Relu`, `MaxPool`, `Flatten` and `Gemm`; its initializers have the names and the shapes of
//! [`state_dict`](super::state_dict).

mod graph;
mod proto;
#[cfg(test)]
mod tests;

use self::graph::graph;
use self::proto::{ModelProto, OperatorSetIdProto, StringStringEntryProto};
use super::ExchangeError;
use crate::model::weights::FloatWeights;
use lenet_infer::host::files;
use prost::Message;
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the file's structure. ONNX 1.7 introduced it.
const IR_VERSION: i64 = 7;
/// Version of the operators' definitions. ONNX 1.8 introduced it.
const OPERATOR_SET: i64 = 13;

/// Writes the network as an ONNX file, whole or not at all. `metadata` goes into the file's `metadata_props`, which
/// runtimes show but do not use: the data set or the names of the classes, for example.
///
/// # Errors
///
/// [`ExchangeError::Write`].
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub fn write(
    path: &Path,
    weights: &FloatWeights,
    metadata: &BTreeMap<String, String>,
) -> Result<(), ExchangeError> {
    let bytes = encode(weights, metadata);
    files::replace(path, |file| file.write_all(&bytes))
        .map_err(|source| ExchangeError::Write { path: path.to_owned(), source })
}

/// The bytes of the file that [`write()`] writes.
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub fn encode(weights: &FloatWeights, metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let metadata_props = metadata
        .iter()
        .map(|(key, value)| StringStringEntryProto { key: key.clone(), value: value.clone() })
        .collect();
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: env!("CARGO_PKG_NAME").to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph(weights)),
        // The empty domain is that of ONNX's own operators.
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPERATOR_SET }],
        metadata_props,
    };
    model.encode_to_vec()
}
