//! Decoding while the program is compiled.

use super::COMPILE_TIME_CRC;
use super::decode::{Envelope, ModelFile};
use crate::error::Error;

/// Includes a model file in the program and decodes it while the program is compiled: a constant [`ModelFile`].
///
/// A damaged file, or one of another format version, fails the build with a message that says why. The program then holds
/// the file and a [`Model`](crate::Model) that points into it, but neither the decoder nor the checksum, and starts
/// at once. The path is relative to the source file, as for [`include_bytes!`].
///
/// # Example
///
/// ```
/// use lenet_core::{ModelFile, include_model};
///
/// static FILE: ModelFile<'static> = include_model!("../../../lenet-infer/assets/model.lenet");
///
/// assert_eq!(FILE.model.classes(), 10);
/// assert_eq!(FILE.metadata.dataset, "mnist");
/// ```
///
/// A file that is not a model does not compile:
///
/// ```compile_fail
/// static FILE: lenet_core::ModelFile<'static> = lenet_core::include_model!("include.rs");
/// ```
#[macro_export]
macro_rules! include_model {
    ($path:expr $(,)?) => {
        const {
            // Weights lie at multiples of four from the start of the file, so the file must lie at one too.
            const FILE: &$crate::format::Aligned<[u8]> = &$crate::format::Aligned(*include_bytes!($path));
            $crate::format::decode_included(&FILE.0)
        }
    };
}

/// Bytes at a multiple of four.
#[doc(hidden)]
#[derive(Debug)]
#[repr(C, align(4))]
pub struct Aligned<Bytes: ?Sized>(pub Bytes);

/// [`decode`](crate::decode) for [`include_model!`](crate::include_model): the file has just these bytes.
///
/// # Panics
///
/// If the bytes are not a model file. The message says why, and the compiler shows it.
#[doc(hidden)]
#[must_use]
pub const fn decode_included(bytes: &[u8]) -> ModelFile<'_> {
    match try_decode(bytes) {
        Ok(file) if file.bytes.len() == bytes.len() => file,
        Ok(_) => panic!("model file has bytes after its end; copy or export it again"),
        Err(error) => panic!("{}", error.summary()),
    }
}

const fn try_decode(bytes: &[u8]) -> Result<ModelFile<'_>, Error> {
    let envelope = check!(Envelope::split(bytes));
    check!(envelope.check(COMPILE_TIME_CRC.checksum(envelope.checked)));
    envelope.open()
}
