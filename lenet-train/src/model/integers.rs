//! A layer of the quantized network as plain integers, the numbers that the engine computes with.

use super::bits::WeightBits;
use lenet_core::Requant;

/// The quantized parameters of one layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IntegerLayer {
    /// The weights in PyTorch's order, as in [`Affine::weight`](super::weights::Affine::weight).
    pub(crate) weights: Vec<i8>,
    /// The biases in accumulator units, one per output.
    pub(crate) biases: Vec<i32>,
    /// One requantization per output. Empty in the last layer.
    pub(crate) requants: Vec<Requant>,
    /// The number of bits of the weights.
    pub(crate) bits: WeightBits,
    /// The number of bits of the activations. 0 in the last layer.
    pub(crate) activation_bits: u8,
    /// The real value of one accumulator unit, per output: input scale times weight scale.
    pub(crate) units: Vec<f64>,
}
