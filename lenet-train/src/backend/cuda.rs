//! The CUDA device, and the only place that depends on the feature `cuda`.

use thiserror::Error;

/// The error when CUDA cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The program was built without the feature `cuda`.
    #[error(
        "--cuda: expected a program built for CUDA, found one for the CPU only: install the CUDA toolkit \
         (nvcc 11.8 to 13.0) and run `cargo run --release -p lenet-train --features cuda -- --cuda`"
    )]
    NotBuilt,
    /// The driver or the GPU is missing. Holds the driver's message.
    #[error(
        "--cuda: expected an NVIDIA driver and a GPU, found none ({0}): check with `nvidia-smi`, \
         or train on the CPU without --cuda"
    )]
    NoDevice(String),
}

/// Checks that CUDA can be used.
///
/// # Errors
///
/// Returns a [`DeviceError`] if there is no GPU, or if the program was built without the feature `cuda`.
pub fn check() -> Result<(), DeviceError> {
    open_cuda(0).map(drop)
}

#[cfg(feature = "cuda")]
pub use cuda::open_cuda;
#[cfg(not(feature = "cuda"))]
pub use no_cuda::open_cuda;

#[cfg(feature = "cuda")]
mod cuda {
    use super::DeviceError;
    use crate::backend::dfdx_ops::conv::{self, GatherIndices};
    use crate::backend::dfdx_ops::fake_quantize::DfdxFakeQuantize;
    use crate::backend::{Backend, Batch, ConvLayers, FakeQuantize, Features, Pixels};
    use dfdx::prelude::{Cache, Cuda, Tape};
    use std::panic;

    impl Backend for Cuda {
        const NAME: &'static str = "cuda";
        const KEEPS_IMAGES: bool = true;
        type ConvIndices = GatherIndices<Cuda>;
        type FakeQuantizer = DfdxFakeQuantize<Cuda>;

        fn conv_indices(&self) -> Result<Self::ConvIndices, Self::Err> {
            GatherIndices::new(self)
        }

        fn fake_quantizer(&self, fake_quantize: FakeQuantize) -> Result<Self::FakeQuantizer, Self::Err> {
            DfdxFakeQuantize::new(self, &fake_quantize)
        }

        fn features<T: Tape<f32, Self>>(
            indices: &Self::ConvIndices,
            layers: &ConvLayers<'_, Self>,
            pixels: Pixels<Self>,
            tape: T,
            fake_quantizers: Option<[&Self::FakeQuantizer; 2]>,
        ) -> Result<Features<Self, T>, Self::Err> {
            conv::features(indices, layers, fake_quantizers, pixels, tape)
        }

        fn fake_quantize<const LEN: usize, T: Tape<f32, Self>>(
            fake_quantizer: &Self::FakeQuantizer,
            accumulators: Batch<LEN, Self, T>,
        ) -> Result<Batch<LEN, Self, T>, Self::Err> {
            fake_quantizer.apply_dense(accumulators)
        }
    }

    /// Opens the first GPU. Initial weights are drawn from `seed`.
    ///
    /// # Errors
    ///
    /// Returns [`DeviceError::NoDevice`] if there is no GPU.
    pub fn open_cuda(seed: u64) -> Result<Cuda, DeviceError> {
        // dfdx panics instead of returning an error if the driver finds no GPU.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let opened = panic::catch_unwind(|| Cuda::try_build(0, seed));
        panic::set_hook(hook);
        let device = match opened {
            Ok(opened) => opened.map_err(|error| DeviceError::NoDevice(error.to_string()))?,
            Err(panic) => {
                // The message is "called `Result::unwrap()` on an `Err` value: ", followed by the driver's error.
                let message = panic.downcast_ref::<String>().map_or("the driver does not start", |text| text);
                let cause = message.rsplit_once("value: ").map_or(message, |(_, cause)| cause);
                return Err(DeviceError::NoDevice(cause.to_owned()));
            }
        };
        // Without the cache, every operation allocates memory from the driver.
        device.enable_cache();
        Ok(device)
    }
}

#[cfg(not(feature = "cuda"))]
mod no_cuda {
    use super::DeviceError;
    use dfdx::prelude::Cpu;

    /// Always fails in this build, which lacks the feature `cuda`. The device type is a placeholder.
    ///
    /// # Errors
    ///
    /// Always returns [`DeviceError::NotBuilt`].
    pub fn open_cuda(_seed: u64) -> Result<Cpu, DeviceError> {
        Err(DeviceError::NotBuilt)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_build_without_cuda_says_how_to_build_it() {
            let message = open_cuda(0).unwrap_err().to_string();
            assert!(message.contains("cargo run --release -p lenet-train --features cuda -- --cuda"));
        }
    }
}
