//! From f32 weights to a model of integers.

pub mod calibrate;
mod grid;
mod model;

pub use grid::{Grid, QuantizeError, RANGE_UNIT, Ranges, quantize_weights};
pub use model::QuantizedModel;
