//! What a LeNet model does: classify a 28x28 picture with integers only, from flash, with no heap.
//!
//! The map of the crate:
//!
//! - [`Engine`] runs a model that [`decode`] has checked; [`RAM_BYTES`] is all the memory it holds.
//! - [`Stream`] does the same with a picture that comes row by row, as a camera gives it.
//! - [`Prediction`] is the answer: class, ten logits, and a confidence to threshold.
//! - `kernel`: the hot loops, and the one place that chooses a back end for the core at hand.
//! - With feature `link`: `link`, frames between a host and a board.
//! - [`SHIPPED`] and [`SHIPPED_INT4`]: trained models, ready to flash.
//! - With feature `capi`: `capi`, the engine for C.
//! - With feature `host`: `host`, what a workstation needs and a board does not; `AnyModel` and `AnyEngine` take any
//!   number of classes at run time.
//!
//! Once a model is decoded, classification cannot fail, allocate, panic or round differently from one core to the
//! next. Features, all off by default:
//!
//! - `link`: frames and messages between a host and a board.
//! - `host`: what a workstation needs and a board does not: IDX files, accuracy over a data set, AVX2.
//! - `picture`: `host`, and PNG and JPEG files as 28x28 grey levels.
//! - `cli`: the `lenet-infer` command.
//! - `capi`: functions that C can call.
#![no_std]
#![deny(unsafe_code)]
#![deny(clippy::float_arithmetic)]

#[cfg(any(feature = "host", test))]
extern crate std;

#[cfg(feature = "capi")]
pub mod capi;
mod engine;
#[cfg(feature = "host")]
pub mod host;
mod kernel;
#[cfg(feature = "link")]
pub mod link;
mod prediction;
mod stream;

#[cfg(feature = "corpus")]
#[doc(hidden)]
pub use kernel::corpus;

pub use engine::{Engine, RAM_BYTES};
pub use lenet_core::{Error, Metadata, Model, ModelFile, decode, include_model};
pub use prediction::Prediction;
pub use stream::Stream;

/// The model that ships with this crate: trained on MNIST with the recipe `best`, int8 weights.
///
/// It is decoded while the crate is compiled. A program that does not use it does not hold it.
pub static SHIPPED: ModelFile<'static> = include_model!("../assets/model.lenet");

/// The same network with int4 weights, in half the flash.
pub static SHIPPED_INT4: ModelFile<'static> = include_model!("../assets/model-int4.lenet");
