//! Reads the model to run: a file that the user names, or the shipped model.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use lenet_infer::host::files::read_at_most;
use lenet_infer::{ModelFile, SHIPPED, decode};

/// The longest file read, in bytes: twenty times a model with ordinary metadata. A longer file is not a model.
const MAX_BYTES: u64 = 1 << 20;

/// The bytes of a model file, not yet checked.
#[derive(Debug)]
pub(crate) struct Source {
    /// The path, or what the shipped model is called.
    pub(crate) name: String,
    bytes: Cow<'static, [u8]>,
}

impl Source {
    pub(crate) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self { name: "the shipped model".to_owned(), bytes: Cow::Borrowed(SHIPPED.bytes) });
        };
        let name = path.display().to_string();
        let bytes = read_at_most(path, MAX_BYTES).with_context(|| {
            format!("{name}: expected a model file of lenet-train; without --model the shipped one is used")
        })?;
        Ok(Self { name, bytes: Cow::Owned(bytes) })
    }

    /// Checks the bytes. A file holds one model and nothing else.
    pub(crate) fn open(&self) -> Result<ModelFile<'_>> {
        let file = decode(&self.bytes).with_context(|| self.name.clone())?;
        let after = self.bytes.len() - file.bytes.len();
        ensure!(
            after == 0,
            "{}: expected {} bytes, found {after} more after the model; copy or export it again",
            self.name,
            file.bytes.len()
        );
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_path_it_is_the_shipped_model() {
        assert_eq!(Source::read(None).unwrap().open().unwrap(), SHIPPED);
    }

    #[test]
    fn a_file_with_bytes_after_the_model_is_refused() {
        let bytes = [SHIPPED.bytes, &[0; 3]].concat().into();
        let message = Source { name: "F".to_owned(), bytes }.open().unwrap_err().to_string();
        assert!(message.starts_with("F: expected 45912 bytes, found 3 more"), "{message}");
    }
}
