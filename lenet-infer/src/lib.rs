//! Classifies 28x28 images with a quantized LeNet: integers only, from flash, with no heap.
//!
//! The README is the guide, from `cargo add` to a classification on a board. The map of the crate:
//!
//! - [`Engine`] classifies whole images. [`RAM_BYTES`] is all the memory it holds beside the image and the model.
//! - [`CompactEngine`] holds its image and overwrites it, for 528 bytes less.
//! - [`picture`] prepares a photo, a drawing or a camera's frame: from a picture to the images of its digits.
//! - [`Stream`] gives the same logits for an image that comes row by row, as a camera sends it.
//! - [`FeatureMaps`] shows what the convolutions make of an image.
//! - [`Prediction`] is the answer: class, logits, and a confidence that can be compared with a threshold.
//! - [`ModelFile`] and [`Model`] are a checked model, from [`include_model!`] while the program is compiled or from
//!   [`decode`] and [`Model::decode`] at run time. They are `lenet-core`'s, as is [`Error`].
//! - [`SHIPPED`], [`SHIPPED_INT4`] and [`SHIPPED_TERNARY`] are models trained on MNIST.
//! - `kernel`, which is private, holds the hot loops and chooses the back end for the core. `--cfg lenet_backend="small"`
//!   chooses kernels with less code, `--cfg lenet_backend="portable"` those that every core runs.
//! - `link`, `host` and `capi` come with the features of these names.
//!
//! Once a model is decoded, classification cannot fail, allocate or panic, and the logits are the same on every core.
//! The features are all off by default:
//!
//! | feature | what it adds |
//! |---|---|
//! | `link` | module `link`: frames and messages between a host and a board, without std |
//! | `capi` | module `capi`: functions for C, declared in `include/lenet.h`, without std |
//! | `defmt` | `defmt::Format` for [`Prediction`] and [`Error`] |
//! | `serde` | `serde::Serialize` for [`Prediction`] and [`Metadata`] |
//! | `host` | module `host`: IDX files, an engine for many images, accuracy over a data set, a client for boards; AVX2 and AVX-512 kernels, chosen at run time; needs std |
//! | `picture` | `host`, and PNG and JPEG files as 28x28 images |
//! | `cli` | `picture`, and the command `lenet-infer` |
//!
//! # Example
//!
//! ```
//! use lenet_infer::{Engine, SHIPPED};
//!
//! let mut engine = Engine::new(&SHIPPED.model);
//! let image = [0; 784]; // 0 for paper to 255 for ink, row by row
//! let prediction = engine.classify(&image);
//! println!("class {}, logits {:?}", prediction.class, prediction.logits);
//! ```
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]
#![deny(clippy::float_arithmetic)]

#[cfg(any(feature = "host", test))]
extern crate std;

#[cfg(feature = "capi")]
pub mod capi;
mod compact;
mod engine;
mod feature_maps;
#[cfg(feature = "host")]
pub mod host;
mod kernel;
#[cfg(feature = "link")]
pub mod link;
pub mod picture;
mod prediction;
mod stream;

#[cfg(feature = "corpus")]
#[doc(hidden)]
pub use kernel::corpus;

pub use compact::CompactEngine;
pub use engine::{Engine, RAM_BYTES};
pub use feature_maps::FeatureMaps;
pub use lenet_core::{Error, Metadata, Model, ModelFile, decode, include_model};
pub use prediction::Prediction;
pub use stream::Stream;

/// The model that ships with this crate: trained on MNIST with the recipe `best`, int8 weights.
///
/// It is decoded while the crate is compiled. A program that does not use it does not hold it.
pub static SHIPPED: ModelFile<'static> = include_model!("../assets/model.lenet");

/// The same network with int4 weights, in half the flash.
#[cfg(feature = "int4")]
pub static SHIPPED_INT4: ModelFile<'static> = include_model!("../assets/model-int4.lenet");

/// The same network with ternary weights in `fc1` and `fc2`, int8 in `conv1`, and int4 elsewhere: a quarter of the flash.
#[cfg(all(feature = "int4", feature = "ternary"))]
pub static SHIPPED_TERNARY: ModelFile<'static> = include_model!("../assets/model-ternary.lenet");

/// The README's code, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
