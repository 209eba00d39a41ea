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
mod trainer;
#[cfg(all(test, feature = "cuda"))]
mod two_devices;

pub use error::TrainingError;
pub use history::{EpochMetrics, PartialEpoch};
pub use images::ExtraImages;
pub use learner::{Learner, LearnerState, TrainingDevice};
pub use snapshot::Snapshot;
pub use trainer::Trainer;

#[cfg(test)]
#[path = "."]
mod on_cpu {
    use dfdx::prelude::Cpu as TestDevice;
    mod tests;
}
#[cfg(all(test, feature = "cuda"))]
#[path = "."]
mod on_cuda {
    use crate::backend::cuda::Cuda as TestDevice;
    mod tests;
}
