//! What the CPU and CUDA do differently.
//!
//! [`cpu`] has the convolutions, with AVX2 or plain loops; dfdx computes the rest there. [`cuda`] has kernels of our own for
//! all of training.

pub mod cpu;
pub mod cuda;
mod fake_quantize;
mod tensors;

pub use fake_quantize::FakeQuantize;
pub use tensors::{Batch, ConvLayers, Features, Pixels};
