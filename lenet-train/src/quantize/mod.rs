//! Quantization: from f32 weights to an integer model.

pub mod calibrate;
mod model;
mod quantization;

pub use model::QuantizedModel;
pub use quantization::{Quantization, QuantizeError, RANGE_UNIT, Ranges, quantize_weights};
