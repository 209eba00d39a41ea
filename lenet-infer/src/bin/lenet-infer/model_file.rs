//! Reads the model to run: a file that the user names, or the shipped model.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result};
use lenet_core::model::Metadata;
use lenet_infer::host::files::read_at_most;
use lenet_infer::{AnyModel, SHIPPED_MODEL};

/// The longest file read, in bytes: twenty times a model with ordinary metadata. A longer file is not a model.
const MAX_BYTES: u64 = 1 << 20;

/// The bytes of a model file, not yet checked.
#[derive(Debug)]
pub(crate) struct ModelFile {
    /// The path, or "the shipped model".
    pub(crate) name: String,
    pub(crate) bytes: Cow<'static, [u8]>,
}

impl ModelFile {
    pub(crate) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self { name: "the shipped model".to_owned(), bytes: Cow::Borrowed(SHIPPED_MODEL) });
        };
        let name = path.display().to_string();
        let bytes = read_at_most(path, MAX_BYTES).with_context(|| {
            format!("{name}: expected a model file of lenet-train; without --model the shipped one is used")
        })?;
        Ok(Self { name, bytes: Cow::Owned(bytes) })
    }

    pub(crate) fn decode(&self) -> Result<AnyModel<'_>> {
        AnyModel::decode(&self.bytes).with_context(|| self.name.clone())
    }

    /// The metadata that the file carries beside the model.
    pub(crate) fn metadata(&self) -> Result<Metadata<'_>> {
        lenet_infer::metadata(&self.bytes).with_context(|| self.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_path_it_is_the_shipped_model() {
        let file = ModelFile::read(None).unwrap();
        assert_eq!(file.decode().unwrap(), AnyModel::decode(SHIPPED_MODEL).unwrap());
    }
}
