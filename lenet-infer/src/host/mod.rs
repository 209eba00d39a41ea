//! What a workstation needs and a board does not (feature `host`).
//!
//! - [`idx`]: data sets in IDX files, as MNIST has them.
//! - [`evaluation`]: the score of a model on a data set.
//! - [`files`]: files that are read and written whole or not at all.
//! - [`client`]: the host's end of the [`link`](crate::link) to a board.
//! - [`qemu`]: boards that QEMU emulates, with the firmware on them.
//! - `picture_file` (feature `picture`): PNG and JPEG files as images.

pub mod client;
#[allow(clippy::float_arithmetic)] // Rates and ratios: the host's business, not the engine's.
pub mod evaluation;
pub mod files;
pub mod idx;
#[cfg(feature = "picture")]
pub mod picture_file;
pub mod qemu;
