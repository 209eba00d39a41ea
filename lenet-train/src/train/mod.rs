//! Training: the recipes, the optimizers, and the training loop with its parts.

mod batch;
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
mod error;
mod history;
mod images;
mod learner;
pub mod optimizer;
mod pending;
pub mod recipe;
mod snapshot;
#[cfg(test)]
mod tests;
mod trainer;

pub use error::TrainingError;
pub use history::{EpochMetrics, PartialEpoch};
pub use images::ExtraImages;
pub use learner::{Learner, TrainingDevice};
pub use snapshot::Snapshot;
pub use trainer::Trainer;
