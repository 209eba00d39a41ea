//! What a LeNet model is: its shapes, its numbers, and the file that carries it to a board.
//!
//! The map of the pipeline, in the order that the data takes:
//!
//! - [`shape`]: the network's sizes; the only place where they are written.
//! - [`quant`]: how an accumulator becomes an activation; the only rounding in the project.
//! - [`model`]: the layers as the engine reads them, borrowed from the file.
//! - [`blob`]: the file format, normative, with [`encode`](fn@encode) and [`decode`].
//! - [`AnyModel`]: a model whose number of classes is known at run time only (feature `alloc`).
//! - [`error`]: why bytes are not a model.
//!
//! No float, no heap, no unsafe code. Feature `alloc` adds [`encode`] and [`AnyModel`], which only the host needs.
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::float_arithmetic)]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "alloc")]
mod any;
pub mod blob;
#[cfg(feature = "alloc")]
mod encode;
pub mod error;
pub mod model;
pub mod quant;
mod reader;
pub mod shape;

#[cfg(feature = "alloc")]
pub use any::{AnyLogits, AnyModel};
pub use blob::{decode, metadata};
#[cfg(feature = "alloc")]
pub use encode::encode;
pub use error::Error;
pub use model::Model;
pub use quant::Requant;
