//! What a LeNet model is: its shapes, its numbers, and the file that carries it to a board.
//!
//! To classify images, use the crate `lenet-infer`, which re-exports what a board needs of this one.
//!
//! The map of the crate, in the order that the data takes:
//!
//! - [`shape`]: the network's sizes; the only place where they are written.
//! - [`requant`]: how an accumulator becomes an activation; the only rounding in the project.
//! - [`model`]: the layers as the engine reads them, borrowed from a file. Only checked constructors make them.
//! - [`format`](mod@format): the model file. The text there is normative. [`decode`] reads a file at run time,
//!   [`include_model!`] while the program is compiled, and `encode` (feature `alloc`) writes one.
//! - [`error`]: why bytes are not a model.
//!
//! There is no float, no unsafe code, and no heap without the feature `alloc`. Decoding makes a model or an [`Error`] of any
//! bytes and does not panic. All features are off by default:
//!
//! | feature | what it adds |
//! |---|---|
//! | `alloc` | `encode`, which writes a model file; it needs an allocator |
//! | `serde` | `serde::Serialize` for [`Metadata`] |
//! | `defmt` | `defmt::Format` for [`Error`] and the types in it |
//!
//! # Example
//!
//! ```
//! let error = lenet_core::decode(b"LNET").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "model file is cut short: expected at least 14 bytes, found 4; export it again"
//! );
//! ```
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(clippy::float_arithmetic)]

#[cfg(feature = "alloc")]
extern crate alloc;

/// The value of a result, or a return of its error: what `?` does, which constant functions cannot use yet.
macro_rules! check {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

pub mod error;
pub mod format;
pub mod model;
pub mod requant;
pub mod shape;

pub use error::Error;
#[cfg(feature = "alloc")]
pub use format::encode;
pub use format::{Metadata, ModelFile, decode};
pub use model::Model;
pub use requant::Requant;
