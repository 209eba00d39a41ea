//! The operations of a back end, built from dfdx's own operations, which run on every device. CUDA uses them.

pub mod conv;
pub mod fake_quantize;
pub(crate) mod rounding;
