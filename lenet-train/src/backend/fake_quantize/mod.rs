//! Fake quantization: what the integer engine does to a hidden layer's accumulators, inside the f32 network.
//!
//! A network whose weights are the engine's integers and whose activations are rounded by a [`FakeQuantize`] calculates the
//! engine's own numbers. Every accumulator is a sum of integers, and the quantization that they come from keeps each of its partial
//! sums below 2^24 for any input, where f32 is exact in any order. The requantization is [`Requant::activation`] itself. Backward, the rounding counts as the line that it
//! approximates (the straight-through estimator of Bengio et al. 2013, <https://arxiv.org/abs/1308.3432>).

use super::Batch;
use dfdx::prelude::{Cpu, CpuError, HasShape, Tape, TensorFromVec, TryAdd, TryMul};
use lenet_core::Requant;
use lenet_core::model::largest_activation;

/// How one hidden layer's accumulators become activations.
#[derive(Clone, Debug, PartialEq)]
pub struct FakeQuantize {
    pub(in crate::backend) requants: Vec<Requant>,
    pub(in crate::backend) factors: Vec<f32>,
    pub(in crate::backend) largest: u8,
}

impl FakeQuantize {
    /// The rounding of a hidden layer with these requantizations, one per channel, to activations of so many bits.
    pub(crate) fn new(requants: Vec<Requant>, activation_bits: u8) -> Self {
        FakeQuantize {
            factors: requants.iter().map(factor).collect(),
            largest: largest_activation(activation_bits),
            requants,
        }
    }

    /// The activation of an accumulator, and whether its gradient passes: neither the ReLU nor the range has clipped it.
    #[inline(always)]
    pub(crate) fn activation(&self, channel: usize, accumulator: f32) -> (f32, bool) {
        let activation = self.requants[channel].activation(accumulator as i32, self.largest);
        let fits = accumulator * self.factors[channel] < f32::from(self.largest) + 1.0;
        (f32::from(activation), accumulator > 0.0 && fits)
    }

    /// How much an activation grows with its accumulator where the gradient passes.
    pub(crate) fn factor(&self, channel: usize) -> f32 {
        self.factors[channel]
    }

    /// Rounds the accumulators of a fully-connected layer on the CPU, one after the other.
    ///
    /// # Errors
    ///
    /// Out of memory.
    pub(crate) fn apply<const LEN: usize, T: Tape<f32, Cpu>>(
        &self,
        accumulators: Batch<LEN, Cpu, T>,
    ) -> Result<Batch<LEN, Cpu, T>, CpuError> {
        let device = accumulators.device().clone();
        let shape = *accumulators.shape();
        let mut slopes = accumulators.as_vec();
        // What is missing from `slope * accumulator` to the activation; their sum is exact in f32.
        let mut corrections = vec![0.0; slopes.len()];
        for (index, (slope, correction)) in slopes.iter_mut().zip(&mut corrections).enumerate() {
            let (channel, accumulator) = (index % LEN, *slope);
            let (activation, passes) = self.activation(channel, accumulator);
            *slope = if passes { self.factors[channel] } else { 0.0 };
            *correction = activation - *slope * accumulator;
        }
        let slopes = device.try_tensor_from_vec(slopes, shape)?;
        let corrections = device.try_tensor_from_vec(corrections, shape)?;
        accumulators.try_mul(slopes)?.try_add(corrections)
    }
}

fn factor(requant: &Requant) -> f32 {
    let exponent = Requant::ACTIVATION_SHIFT as i32 + i32::from(requant.pre_shift());
    f32::from(requant.multiplier()) * 2_f32.powi(-exponent)
}

#[cfg(test)]
mod tests;
