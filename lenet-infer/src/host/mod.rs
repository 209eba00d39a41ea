//! Code for a workstation that a board does not need (feature `host`).
//!
//! - [`idx`]: reads and writes data sets in IDX files, the format of MNIST.
//! - [`PreparedEngine`]: classifies many images with one model.
//! - [`evaluation`]: scores a model on a data set.
//! - [`files`]: reads and writes files whole or not at all.
//! - [`client`]: the host's end of the [`link`](crate::link) to a board.
//! - `picture_file` (feature `picture`): reads picture files, and makes images of them.

pub mod client;
#[allow(clippy::float_arithmetic)] // Rates and ratios are computed on the host only.
pub mod evaluation;
pub mod files;
pub mod idx;
#[cfg(feature = "picture")]
pub mod picture_file;
mod prepared_engine;
pub mod qemu;

pub use prepared_engine::PreparedEngine;
