//! From f32 weights to a model of integers.

pub mod calibrate;
mod model;
mod quantization;

pub use model::QuantizedModel;
pub use quantization::{Quantization, QuantizeError, RANGE_UNIT, Ranges, quantize_weights};
