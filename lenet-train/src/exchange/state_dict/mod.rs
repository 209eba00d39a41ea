//! A PyTorch `state_dict` in a safetensors file.
//!
//! The file has ten tensors and no others, with PyTorch's names and shapes:
//!
//! | layer | `weight` | `bias` |
//! |---|---|---|
//! | `conv1` | `[6, 1, 5, 5]` | `[6]` |
//! | `conv2` | `[16, 6, 5, 5]` | `[16]` |
//! | `fc1` | `[120, 256]` | `[120]` |
//! | `fc2` | `[84, 120]` | `[84]` |
//! | `fc3` | `[classes, 84]`, 2 to 64 classes | `[classes]` |
//!
//! In PyTorch:
//!
//! ```python
//! safetensors.torch.save_file(model.state_dict(), "lenet.safetensors")
//! model.load_state_dict(safetensors.torch.load_file("lenet.safetensors"))
//! ```
//!
//! A prefix that all ten names share is ignored, as in `module.conv1.weight` (from `DataParallel`), `_orig_mod.conv1.weight`
//! (from `torch.compile`) or `net.conv1.weight`. Numbers may be F32, F16, BF16 or F64, in each tensor another; F64 is rounded
//! to the nearest f32. Written files have F32.

mod container;
mod floats;
#[cfg(test)]
mod tests;

use self::container::{Tensor, Tensors};
use super::error::{ExchangeError, MAX_BYTES, StateDictError};
use super::tensors::{names, shapes, tensors};
use crate::model::weights::{Affine, FloatWeights};
use lenet_core::shape::{FC2_OUTPUTS, MAX_CLASSES, MIN_CLASSES};
use lenet_infer::host::files;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;

/// Reads a `state_dict` from a safetensors file.
///
/// # Errors
///
/// [`ExchangeError::Missing`], [`ExchangeError::Read`] for a file that cannot be read, a named pipe or a file of more than
/// 16 MiB, and [`ExchangeError::StateDict`].
pub fn read(path: &Path) -> Result<FloatWeights, ExchangeError> {
    let bytes = files::read_at_most(path, MAX_BYTES).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ExchangeError::Missing { path: path.to_owned() },
        _ => ExchangeError::Read { path: path.to_owned(), source },
    })?;
    decode(&bytes).map_err(|problem| ExchangeError::StateDict { path: path.to_owned(), problem })
}

/// The weights in the bytes of a safetensors file.
///
/// # Errors
///
/// [`StateDictError`].
pub fn decode(bytes: &[u8]) -> Result<FloatWeights, StateDictError> {
    let tensors = container::parse(bytes).map_err(|found| StateDictError::NotSafetensors { found })?;
    let tensors = in_order(tensors)?;
    let [.., (name, fc3_weight), _] = &tensors;
    let shapes = shapes(classes(name, &fc3_weight.shape)?);
    let mut numbers = tensors.iter().zip(shapes).map(|((name, tensor), shape)| numbers(name, tensor, &shape));
    let mut next = || numbers.next().expect("ten tensors, ten shapes");
    let mut layer = || Ok(Affine { weight: next()?, bias: next()? });
    Ok(FloatWeights { conv1: layer()?, conv2: layer()?, fc1: layer()?, fc2: layer()?, fc3: layer()? })
}

/// Writes weights as a `state_dict` in F32, whole or not at all. [`read`] gives finite weights back bit by bit.
///
/// # Errors
///
/// [`ExchangeError::Write`].
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub fn write(path: &Path, weights: &FloatWeights) -> Result<(), ExchangeError> {
    let bytes = encode(weights);
    files::replace(path, |file| file.write_all(&bytes))
        .map_err(|source| ExchangeError::Write { path: path.to_owned(), source })
}

/// The bytes of the file that [`write()`] writes.
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub fn encode(weights: &FloatWeights) -> Vec<u8> {
    const LENGTHS: &str = "as many bytes as the shape says";
    let tensors = tensors(weights);
    let views = tensors.iter().map(|tensor| {
        let view = TensorView::new(Dtype::F32, tensor.shape.clone(), &tensor.bytes).expect(LENGTHS);
        (tensor.name.as_str(), view)
    });
    // PyTorch's own writer says so, and some readers ask for it.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(views, Some(metadata)).expect(LENGTHS)
}

/// The network's tensors and their names in the file, in the order of the network.
fn in_order(mut tensors: Tensors<'_>) -> Result<[(String, Tensor<'_>); 10], StateDictError> {
    let prefix = prefix(&tensors)?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in names() {
        let name = format!("{prefix}{name}");
        match tensors.remove(&name) {
            Some(tensor) => found.push((name, tensor)),
            None => missing.push(name),
        }
    }
    match found.try_into() {
        Ok(found) if tensors.is_empty() => Ok(found),
        _ => Err(StateDictError::Names { missing, surplus: tensors.into_keys().collect() }),
    }
}

/// What stands in front of the names of the network's tensors: empty, or it ends with a dot.
fn prefix(tensors: &Tensors<'_>) -> Result<String, StateDictError> {
    let prefixes: BTreeSet<&str> = names()
        .flat_map(|name| tensors.keys().filter_map(move |found| found.strip_suffix(name.as_str())))
        .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
        .collect();
    if prefixes.len() > 1 {
        return Err(StateDictError::Prefixes { prefixes: prefixes.into_iter().map(str::to_owned).collect() });
    }
    Ok(prefixes.into_iter().collect())
}

/// The number of classes, from the shape of `fc3.weight`.
fn classes(name: &str, shape: &[usize]) -> Result<usize, StateDictError> {
    match *shape {
        [classes, FC2_OUTPUTS] if (MIN_CLASSES..=MAX_CLASSES).contains(&classes) => Ok(classes),
        _ => Err(StateDictError::Shape {
            tensor: name.to_owned(),
            expected: format!("[classes, {FC2_OUTPUTS}] with {MIN_CLASSES} to {MAX_CLASSES} classes"),
            found: shape.to_vec(),
        }),
    }
}

/// The numbers of the tensor `name`, which must have this shape.
fn numbers(name: &str, tensor: &Tensor<'_>, shape: &[usize]) -> Result<Vec<f32>, StateDictError> {
    let name = name.to_owned();
    if tensor.shape != shape {
        let (expected, found) = (format!("{shape:?}"), tensor.shape.clone());
        return Err(StateDictError::Shape { tensor: name, expected, found });
    }
    let Some(numbers) = floats::read(tensor.dtype, tensor.bytes) else {
        return Err(StateDictError::Dtype { tensor: name, found: tensor.dtype.to_string() });
    };
    match numbers.iter().position(|&number| !(number as f32).is_finite()) {
        Some(position) => Err(StateDictError::NotFinite { tensor: name, position, value: numbers[position] }),
        None => Ok(numbers.into_iter().map(|number| number as f32).collect()),
    }
}
