//! A layer of the network in integers, as the engine calculates with it.

use super::bits::WeightBits;
use lenet_core::Requant;

/// One layer in integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IntegerLayer {
    /// In PyTorch's order, as [`Affine::weight`](super::weights::Affine::weight).
    pub(crate) weights: Vec<i8>,
    /// In units of the accumulator.
    pub(crate) biases: Vec<i32>,
    /// One for each output; none in the last layer.
    pub(crate) requants: Vec<Requant>,
    pub(crate) bits: WeightBits,
    /// 0 in the last layer.
    pub(crate) activation_bits: u8,
    /// The real value of an accumulator's unit, for each output.
    pub(crate) units: Vec<f64>,
}
