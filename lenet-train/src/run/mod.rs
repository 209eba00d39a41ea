//! One run: what it is, where it lies, and what it measured.

pub mod checkpoint;
pub mod export;
pub mod metrics;
pub(crate) mod progress;
pub mod teachers;
mod trained;

pub use trained::Trained;
