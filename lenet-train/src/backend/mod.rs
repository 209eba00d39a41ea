//! What differs between the devices that a network trains on: how they convolve and how they fake-quantize.
//!
//! [`cpu`] has operations of its own on AVX2 or plain loops; [`cuda`] is made of [`dfdx_ops`], which run on any device.

pub mod cpu;
pub mod cuda;
pub mod dfdx_ops;
mod fake_quantize;
mod tensors;

pub use fake_quantize::FakeQuantize;
pub use tensors::{Batch, ConvLayers, Features, Pixels};

use dfdx::prelude::{Device, Storage, Tape};

/// A device of dfdx that the network trains on.
pub trait Backend: Device<f32> {
    /// `cpu` or `cuda`.
    const NAME: &'static str;
    /// Whether a run's images stay on the device, and are augmented there.
    const KEEPS_IMAGES: bool;
    /// What the convolutions need beside the weights, made once.
    type ConvIndices;
    /// What fake quantization of a hidden layer needs, made once.
    type FakeQuantizer;

    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    fn conv_indices(&self) -> Result<Self::ConvIndices, Self::Err>;

    /// Puts `fake_quantize` on the device.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    fn fake_quantizer(&self, fake_quantize: FakeQuantize) -> Result<Self::FakeQuantizer, Self::Err>;

    /// Both convolutional blocks, recorded on `tape`; with `fake_quantizers`, in integers, from grey levels 0 to 255.
    ///
    /// # Errors
    ///
    /// What the device reports.
    fn features<T: Tape<f32, Self>>(
        indices: &Self::ConvIndices,
        layers: &ConvLayers<'_, Self>,
        pixels: Pixels<Self>,
        tape: T,
        fake_quantizers: Option<[&Self::FakeQuantizer; 2]>,
    ) -> Result<Features<Self, T>, Self::Err>;

    /// The activations of a fully-connected layer's accumulators.
    ///
    /// # Errors
    ///
    /// What the device reports.
    fn fake_quantize<const LEN: usize, T: Tape<f32, Self>>(
        fake_quantizer: &Self::FakeQuantizer,
        accumulators: Batch<LEN, Self, T>,
    ) -> Result<Batch<LEN, Self, T>, Self::Err>;

    /// Sets subnormal numbers to 0, where they are slow to calculate with.
    fn flush_subnormals(_buffer: &mut <Self as Storage<f32>>::Vec) {}
}
