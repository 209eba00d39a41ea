//! The safetensors format: eight bytes with the length of the header, the header in JSON, the tensors' bytes.
//!
//! The library's own reader adds offsets from the file unchecked, which panics in a debug build, and takes headers of up to
//! 100 MB. So the header alone goes to the library, after a check of its length; it then checks that each tensor's bytes
//! follow those of the tensor before and are as many as its shape and type say.

use safetensors::tensor::{Dtype, Metadata};
use std::collections::BTreeMap;

/// Bytes of the longest header that is read. That of a `state_dict` of this network has about a thousand.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// A tensor in a file.
pub(super) struct Tensor<'a> {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// As many as its type and shape say.
    pub(super) bytes: &'a [u8],
}

/// The tensors in a file by their names.
pub(super) type Tensors<'a> = BTreeMap<String, Tensor<'a>>;

/// The tensors in the bytes of a safetensors file, or what the bytes are instead.
pub(super) fn parse(bytes: &[u8]) -> Result<Tensors<'_>, String> {
    let (header, data) = split(bytes)?;
    let metadata: Metadata =
        serde_json::from_slice(header).map_err(|error| format!("a header that is not valid ({error})"))?;
    if metadata.data_len() != data.len() {
        return Err(format!(
            "{} bytes of tensors where the header says {}: an incomplete copy of a file, or a damaged one",
            data.len(),
            metadata.data_len()
        ));
    }
    let mut tensors = Tensors::new();
    for (name, info) in metadata.tensors() {
        let (start, end) = info.data_offsets;
        let bytes = data.get(start..end).ok_or_else(|| format!("offsets of {name:?} beyond its end"))?;
        tensors.insert(name, Tensor { dtype: info.dtype, shape: info.shape.clone(), bytes });
    }
    Ok(tensors)
}

/// The header and the tensors' bytes.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Err(format!("{} bytes in all", bytes.len()));
    };
    let length = u64::from_le_bytes(*length);
    // Not before the length is known to be wrong: a header of 896 bytes begins as a pickle does.
    if length > MAX_HEADER_BYTES && is_from_torch_save(bytes) {
        return Err("a file of torch.save".to_owned());
    }
    if length > MAX_HEADER_BYTES {
        return Err(format!(
            "a header of {length} bytes, where {MAX_HEADER_BYTES} are the most that is read"
        ));
    }
    rest.split_at_checked(length as usize).ok_or_else(|| {
        format!("a header of {length} bytes in a file that has {} after its length", rest.len())
    })
}

/// Whether the bytes are a zip archive, or a pickle of protocol 2 to 5, which `torch.save` wrote before PyTorch 1.6.
fn is_from_torch_save(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || matches!(bytes, [0x80, 2..=5, ..])
}
