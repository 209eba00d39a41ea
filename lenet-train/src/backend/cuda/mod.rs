//! The CUDA device: kernels of our own, launched through NVIDIA's driver.
//!
//! [`open`] is all that a build without the feature `cuda` has of it. `driver` calls the driver's library, `launch`
//! launches the kernels in `kernels/*.cu`, and [`train`](crate::train) composes them to training steps.

#[cfg(feature = "cuda")]
mod driver;
#[cfg(feature = "cuda")]
pub(crate) mod launch;

#[cfg(feature = "cuda")]
pub(crate) use driver::{Buffer, CudaError, Gpu, Slice};

use thiserror::Error;

/// The error when CUDA cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The program was built without the feature `cuda`.
    #[error(
        "--cuda: expected a program built for CUDA, found one for the CPU only: install the CUDA toolkit (nvcc 11.8 or \
         newer) and run `cargo run --release -p lenet-train --features cuda -- --cuda`"
    )]
    NotBuilt,
    /// The driver's library cannot be loaded. Holds the system's message.
    #[error(
        "--cuda: expected NVIDIA's driver, found none ({0}): install it and check with `nvidia-smi`, or train on the CPU \
         without --cuda"
    )]
    NoDriver(String),
    /// The driver finds no GPU. Holds the driver's message.
    #[error(
        "--cuda: expected an NVIDIA driver and a GPU, found none ({0}): check with `nvidia-smi`, or train on the CPU \
         without --cuda"
    )]
    NoDevice(String),
    /// The GPU is too old.
    #[error(
        "--cuda: expected a GPU of compute capability 7.5 (Turing) or newer, found {}.{}: use a newer one, or train on the \
         CPU without --cuda", .0 / 10, .0 % 10
    )]
    TooOld(i32),
    /// The driver failed. Holds its message.
    #[error("--cuda: {0}")]
    Failed(String),
}

/// Checks that CUDA can be used.
///
/// # Errors
///
/// Returns a [`DeviceError`] if there is no GPU, or if the program was built without the feature `cuda`.
pub fn check() -> Result<(), DeviceError> {
    open().map(drop)
}

/// A GPU that networks can be trained on.
#[cfg(feature = "cuda")]
#[derive(Clone)]
pub struct Cuda {
    pub(crate) gpu: std::rc::Rc<Gpu>,
    pub(crate) kernels: std::rc::Rc<launch::Kernels>,
}

/// Opens the first GPU, and loads the kernels.
///
/// # Errors
///
/// Returns a [`DeviceError`] if there is no driver or no GPU, or if the GPU or its driver is too old.
#[cfg(feature = "cuda")]
pub fn open() -> Result<Cuda, DeviceError> {
    /// The oldest compute capability that the kernels are compiled for.
    const OLDEST: i32 = 75;
    let failed = |error: CudaError| DeviceError::Failed(error.to_string());
    let gpu = Gpu::open(0).map_err(|error| match error {
        driver::OpenError::NoDriver(message) => DeviceError::NoDriver(message),
        driver::OpenError::NoDevice(message) => DeviceError::NoDevice(message),
        driver::OpenError::Driver(error) => failed(error),
    })?;
    match gpu.compute_capability().map_err(failed)? {
        capability if capability < OLDEST => Err(DeviceError::TooOld(capability)),
        _ => {
            let kernels = launch::Kernels::load(&gpu).map_err(failed)?;
            Ok(Cuda { gpu, kernels: std::rc::Rc::new(kernels) })
        }
    }
}

/// Always fails in this build, which lacks the feature `cuda`. The device type is a placeholder.
///
/// # Errors
///
/// Always returns [`DeviceError::NotBuilt`].
#[cfg(not(feature = "cuda"))]
pub fn open() -> Result<dfdx::prelude::Cpu, DeviceError> {
    Err(DeviceError::NotBuilt)
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_cuda_says_how_to_build_it() {
        let message = open().unwrap_err().to_string();
        assert!(message.contains("cargo run --release -p lenet-train --features cuda -- --cuda"));
    }
}
