//! Why weights were not exchanged with another program.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Bytes of the longest file that is read. A `state_dict` of this network has less than 1 MiB.
pub(super) const MAX_BYTES: u64 = 16 << 20;

/// Why a file was not read or written, or a normalization not folded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// There is no such file.
    #[error(
        "{}: expected a safetensors file with a PyTorch state_dict, found no file: check the path, or save the file by \
         safetensors.torch.save_file(model.state_dict(), path)", path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file cannot be read, is a named pipe, or is too long.
    #[error("{}: expected a safetensors file of at most {} bytes: name a regular file that may be read",
        path.display(), MAX_BYTES)]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The file's contents are not the network's weights.
    #[error("{}: {problem}", path.display())]
    StateDict {
        /// The file.
        path: PathBuf,
        /// What is wrong with its contents.
        problem: StateDictError,
    },
    /// The mean or the standard deviation is out of range.
    #[error(
        "{field}: expected {expected}, found {found:?}: pass what Normalize had, in units of pixels from 0 to 1 \
         (MNIST: mean 0.1307, std 0.3081)"
    )]
    Normalization {
        /// `mean` or `std`.
        field: &'static str,
        /// The range that it must lie in.
        expected: &'static str,
        /// Its value.
        found: f64,
    },
    /// The file cannot be written.
    #[error("{}: the file cannot be written: make room there, or name a file in another folder", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

/// Why bytes are not the network's weights. Tensors are called by their whole names, as in the file.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StateDictError {
    /// The bytes are no safetensors file.
    #[error(
        "expected a safetensors file, found {found}: save it by \
         safetensors.torch.save_file(model.state_dict(), path)"
    )]
    NotSafetensors {
        /// What the bytes are instead.
        found: String,
    },
    /// The names of the network's tensors have more than one prefix.
    #[error(
        "expected one prefix in front of the names of all tensors, found {}: save the state_dict of one network alone",
        list(prefixes)
    )]
    Prefixes {
        /// The prefixes, sorted; `""` for names without one.
        prefixes: Vec<String>,
    },
    /// The file's tensors are not the ten of the network.
    #[error(
        "expected the weight and the bias of conv1, conv2, fc1, fc2 and fc3; missing: {}; surplus: {}: give the layers \
         these names in PyTorch, and save nothing else",
        list(missing),
        list(surplus)
    )]
    Names {
        /// What the file lacks, in the order of the network.
        missing: Vec<String>,
        /// What the network has no place for, sorted.
        surplus: Vec<String>,
    },
    /// A tensor's numbers are of a type that is not read.
    #[error(
        "{}: expected numbers of type F32, F16, BF16 or F64, found {found}: convert the network by model.float() before \
         it is saved",
        shown(tensor)
    )]
    Dtype {
        /// The tensor.
        tensor: String,
        /// Its type, as safetensors writes it.
        found: String,
    },
    /// A tensor has another shape than the network's.
    #[error(
        "{}: expected shape {expected}, found {}: the network is Conv2d(1, 6, 5), Conv2d(6, 16, 5), Linear(256, 120), \
         Linear(120, 84), Linear(84, classes), without padding, on images of 28x28 pixels; train that one",
        shown(tensor),
        shape(found)
    )]
    Shape {
        /// The tensor.
        tensor: String,
        /// The network's shape.
        expected: String,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// A number is no finite f32.
    #[error(
        "{}: expected finite numbers in the range of f32, found {value:?} at position {position}: the training \
         diverged; train again with a lower learning rate",
        shown(tensor)
    )]
    NotFinite {
        /// The tensor.
        tensor: String,
        /// Its index in the tensor, counted from 0 with the last axis changing fastest.
        position: usize,
        /// The number.
        value: f64,
    },
}

/// Names or axes that a message shows before it only counts the others.
const SHOWN: usize = 12;
/// Characters of a name that a message shows.
const SHOWN_CHARACTERS: usize = 60;

/// Names from a file for a message: quoted, some of them, each up to a length.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut parts: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("\"{}\"", shown(name))).collect();
    if names.len() > SHOWN {
        parts.push(format!("and {} more", names.len() - SHOWN));
    }
    parts.join(", ")
}

/// A name from a file for a message: without control characters and not endless.
fn shown(name: &str) -> String {
    let mut characters = name.chars();
    let start: String = characters.by_ref().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
    if characters.next().is_none() { start } else { format!("{start}...") }
}

/// A shape from a file for a message.
fn shape(axes: &[usize]) -> String {
    match axes.get(..SHOWN) {
        Some(_) => format!("one of {} axes", axes.len()),
        None => format!("{axes:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_hostile_names_in_one_short_line() {
        let surplus = (0..100).map(|index| format!("{index}\n\u{1b}[31m{}", "x".repeat(1_000))).collect();
        let message = StateDictError::Names { missing: Vec::new(), surplus }.to_string();
        assert!(message.len() < 1_500, "{}", message.len());
        assert!(!message.contains(char::is_control), "{message}");
        assert!(message.contains("missing: none; surplus: \"0\\n"), "{message}");
        assert!(message.contains("and 88 more"), "{message}");
    }

    #[test]
    fn a_message_counts_the_axes_of_a_shape_that_is_too_long_to_show() {
        let found = |axes| StateDictError::Shape {
            tensor: "conv1.bias".to_owned(),
            expected: "[6]".to_owned(),
            found: vec![1; axes],
        };
        assert!(found(2).to_string().starts_with("conv1.bias: expected shape [6], found [1, 1]: "));
        assert!(found(90_000).to_string().contains("found one of 90000 axes: "));
    }
}
