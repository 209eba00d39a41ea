//! The devices that tests run on.
//!
//! A file of tests for a device is compiled twice: as a child of `on_cpu`, and in a build with the feature `cuda` also as a
//! child of `on_cuda`. Each of these modules names its device `TestDevice`, and that name is all in which the tests differ.
//! So no test can be left out on one of them, and the name of a failed test tells the device.

use crate::train::TrainingDevice;
use dfdx::prelude::Cpu;

/// A device that tests can open.
pub(crate) trait Open: TrainingDevice {
    /// Opens the device. Initial weights are drawn from `seed`, which is that of the run: the same on every device.
    ///
    /// # Panics
    ///
    /// Panics if there is no such device: a test that needs one must not pass where there is none.
    fn open(seed: u64) -> Self;
}

impl Open for Cpu {
    fn open(seed: u64) -> Self {
        Cpu::seed_from_u64(seed)
    }
}

#[cfg(feature = "cuda")]
impl Open for crate::backend::cuda::Cuda {
    fn open(_: u64) -> Self {
        crate::backend::cuda::open(0).unwrap_or_else(|error| panic!("{error}"))
    }
}
