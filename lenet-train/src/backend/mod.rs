//! The operations that the CPU and CUDA implement differently: the convolutions and the fake quantization.
//!
//! [`cpu`] implements them with AVX2 or plain loops. [`cuda`] uses [`dfdx_ops`], which consist of dfdx's own operations
//! and run on every device.

pub mod cpu;
pub mod cuda;
pub mod dfdx_ops;
mod fake_quantize;
mod tensors;

pub use fake_quantize::FakeQuantize;
pub use tensors::{Batch, ConvLayers, Features, Pixels};

use dfdx::prelude::{Device, Storage, Tape};

/// A device that a network can be trained on.
pub trait Backend: Device<f32> {
    /// The name of the device: `cpu` or `cuda`.
    const NAME: &'static str;
    /// Whether the training images stay in the device's memory and are augmented there.
    const KEEPS_IMAGES: bool;
    /// The index tensors that the convolutions read, created once per network. `()` if they need none.
    type ConvIndices;
    /// The fake quantization of one hidden layer, with its constants on the device.
    type FakeQuantizer;

    /// Creates the index tensors of the convolutions.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    fn conv_indices(&self) -> Result<Self::ConvIndices, Self::Err>;

    /// Uploads the constants of a layer's fake quantization to the device.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    fn fake_quantizer(&self, fake_quantize: FakeQuantize) -> Result<Self::FakeQuantizer, Self::Err>;

    /// Runs both convolutional blocks (convolution, pooling, ReLU) and records them on `tape`.
    ///
    /// `pixels` are from 0 to 1. In an integer network `fake_quantizers` replace the ReLUs, and `pixels` are gray levels
    /// from 0 to 255.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    fn features<T: Tape<f32, Self>>(
        indices: &Self::ConvIndices,
        layers: &ConvLayers<'_, Self>,
        pixels: Pixels<Self>,
        tape: T,
        fake_quantizers: Option<[&Self::FakeQuantizer; 2]>,
    ) -> Result<Features<Self, T>, Self::Err>;

    /// Fake-quantizes the accumulators of a fully-connected layer.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    fn fake_quantize<const LEN: usize, T: Tape<f32, Self>>(
        fake_quantizer: &Self::FakeQuantizer,
        accumulators: Batch<LEN, Self, T>,
    ) -> Result<Batch<LEN, Self, T>, Self::Err>;

    /// Sets subnormal numbers to 0 on devices where they slow down arithmetic. Does nothing by default.
    fn flush_subnormals(_buffer: &mut <Self as Storage<f32>>::Vec) {}
}
