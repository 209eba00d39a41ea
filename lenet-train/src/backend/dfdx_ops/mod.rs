//! The network's operations from those of dfdx, for every device: what a GPU runs.

pub mod conv;
pub mod fake_quantize;
pub(crate) mod rounding;
