//! The network: its parameters as plain numbers, on dfdx, and in integers.

pub mod activations;
pub mod bits;
pub(crate) mod integers;
pub mod network;
pub mod output_layer;
pub mod weights;
