//! Training: the recipes, the optimizers, and the training loop with its parts.

mod average;
mod batch;
mod distill;
mod error;
mod history;
mod images;
pub mod optimizer;
mod pending;
mod qat;
pub mod recipe;
mod resident;
mod snapshot;
#[cfg(test)]
mod tests;
mod trainer;

pub use error::TrainingError;
pub use history::{EpochMetrics, PartialEpoch};
pub use images::ExtraImages;
pub use snapshot::Snapshot;
pub use trainer::Trainer;
