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
    /// There is no GPU of the given number.
    #[error("--device: expected the number of a GPU, found {given}; the GPUs are {}", numbered(gpus))]
    NoSuchDevice {
        /// The number that was given.
        given: usize,
        /// The names of the GPUs.
        gpus: Vec<String>,
    },
    /// The GPU is too old.
    #[error(
        "--cuda: expected a GPU of compute capability 7.5 (Turing) or newer, found {gpu} of {}.{}: choose a newer one with \
         --device, or train on the CPU without --cuda", capability / 10, capability % 10
    )]
    TooOld {
        /// The name of the GPU.
        gpu: String,
        /// Its compute capability: 70 for 7.0.
        capability: i32,
    },
    /// The driver is older than the toolkit that the program was built with, and does not know its PTX.
    #[error(
        "--cuda: expected a driver for CUDA {} or newer, with which this program was built, found one for CUDA {found}: \
         update the driver, or build with a CUDA toolkit of version {found} or older", BUILT_WITH.unwrap_or("of its toolkit")
    )]
    OldDriver {
        /// The newest version of CUDA that the driver knows.
        found: String,
    },
    /// The driver failed. Holds its message.
    #[error("--cuda: {0}")]
    Failed(String),
}

/// The version of the CUDA toolkit that the kernels were compiled with, such as 13.0.
const BUILT_WITH: Option<&str> = option_env!("LENET_CUDA_VERSION");

/// Lists names with their numbers, counted from 0.
fn numbered(names: &[String]) -> String {
    let numbered: Vec<_> =
        names.iter().enumerate().map(|(number, name)| format!("{number} ({name})")).collect();
    numbered.join(", ")
}

/// Checks that the GPU of this number, counted from 0, can be used. Returns its name.
///
/// # Errors
///
/// Returns a [`DeviceError`] if it cannot be opened, or if the program was built without the feature `cuda`.
pub fn check(number: usize) -> Result<String, DeviceError> {
    #[cfg(feature = "cuda")]
    return open(number)?.gpu.name().map_err(|error| DeviceError::Failed(error.to_string()));
    #[cfg(not(feature = "cuda"))]
    open(number).map(|_| String::new())
}

/// A GPU that networks can be trained on.
#[cfg(feature = "cuda")]
#[derive(Clone)]
pub struct Cuda {
    pub(crate) gpu: std::rc::Rc<Gpu>,
    pub(crate) kernels: std::rc::Rc<launch::Kernels>,
}

/// Opens the GPU of this number, counted from 0, and loads the kernels.
///
/// # Errors
///
/// Returns a [`DeviceError`] if there is no driver or no such GPU, or if the GPU or its driver is too old.
#[cfg(feature = "cuda")]
pub fn open(number: usize) -> Result<Cuda, DeviceError> {
    /// The oldest compute capability that the kernels are compiled for.
    const OLDEST: i32 = 75;
    let failed = |error: CudaError| DeviceError::Failed(error.to_string());
    let gpu = Gpu::open(number).map_err(|error| match error {
        driver::OpenError::NoDriver(message) => DeviceError::NoDriver(message),
        driver::OpenError::NoDevice(message) => DeviceError::NoDevice(message),
        driver::OpenError::NoSuchDevice(gpus) => DeviceError::NoSuchDevice { given: number, gpus },
        driver::OpenError::Driver(error) => failed(error),
    })?;
    match gpu.compute_capability().map_err(failed)? {
        capability if capability < OLDEST => {
            Err(DeviceError::TooOld { gpu: gpu.name().map_err(failed)?, capability })
        }
        _ => match launch::Kernels::load(&gpu) {
            Ok(kernels) => Ok(Cuda { gpu, kernels: std::rc::Rc::new(kernels) }),
            Err(error) if error.is_of_unknown_ptx() => {
                Err(DeviceError::OldDriver { found: gpu.driver_version().map_err(failed)? })
            }
            Err(error) => Err(failed(error)),
        },
    }
}

/// Always fails in this build, which lacks the feature `cuda`. The device type is a placeholder.
///
/// # Errors
///
/// Always returns [`DeviceError::NotBuilt`].
#[cfg(not(feature = "cuda"))]
pub fn open(_number: usize) -> Result<dfdx::prelude::Cpu, DeviceError> {
    Err(DeviceError::NotBuilt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_what_was_found_and_what_to_do() {
        let gpus = vec!["Tesla T4".to_owned(), "NVIDIA A10".to_owned()];
        let message = DeviceError::NoSuchDevice { given: 2, gpus }.to_string();
        assert!(message.ends_with("found 2; the GPUs are 0 (Tesla T4), 1 (NVIDIA A10)"), "{message}");
        let message = DeviceError::TooOld { gpu: "Tesla V100".to_owned(), capability: 70 }.to_string();
        assert!(message.contains("found Tesla V100 of 7.0: choose a newer one with --device"), "{message}");
        let message = DeviceError::OldDriver { found: "12.2".to_owned() }.to_string();
        assert!(message.contains("found one for CUDA 12.2: update the driver, or build with"), "{message}");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_build_without_cuda_says_how_to_build_it() {
        let message = open(0).unwrap_err().to_string();
        assert!(message.contains("cargo run --release -p lenet-train --features cuda -- --cuda"));
    }
}
