//! The network: its parameters as plain numbers, as dfdx layers, and as integers.

pub mod activations;
pub mod bits;
pub(crate) mod integers;
pub mod network;
pub mod output_layer;
pub mod weights;
