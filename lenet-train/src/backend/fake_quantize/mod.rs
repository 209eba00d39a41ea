//! Fake quantization: the integer engine's requantization of a hidden layer, computed in f32.
//!
//! A network whose weights are the engine's integers, stored as f32, and whose activations are fake-quantized computes
//! the same numbers as the engine. Every accumulator is a sum of integers.
//! [`Quantization`](crate::quantize::Quantization) keeps every partial sum below 2^24 for any input, and f32 adds such
//! integers exactly in any order. The requantization is [`Requant::activation`] itself. In the backward pass, the
//! requantization counts as the linear function that it approximates (the straight-through estimator of Bengio et al.,
//! 2013, <https://arxiv.org/abs/1308.3432>).

use super::Batch;
use dfdx::prelude::{Cpu, CpuError, HasShape, Tape, TensorFromVec, TryAdd, TryMul};
use lenet_core::Requant;
use lenet_core::model::largest_activation;

/// The fake quantization of one hidden layer.
#[derive(Clone, Debug, PartialEq)]
pub struct FakeQuantize {
    /// One requantization per channel.
    requants: Vec<Requant>,
    /// The factor of each requantization as one f32 number.
    factors: Vec<f32>,
    /// The largest activation.
    largest: u8,
}

impl FakeQuantize {
    /// Creates the fake quantization of a layer with one requantization per channel and activations of `activation_bits`
    /// bits.
    pub(crate) fn new(requants: Vec<Requant>, activation_bits: u8) -> Self {
        FakeQuantize {
            factors: requants.iter().map(factor).collect(),
            largest: largest_activation(activation_bits),
            requants,
        }
    }

    /// Returns the activation of an accumulator, and whether its gradient passes: it does unless the ReLU or the end of the
    /// activation range clips the accumulator.
    #[inline(always)]
    pub(crate) fn activation(&self, channel: usize, accumulator: f32) -> (f32, bool) {
        let activation = self.requants[channel].activation(accumulator as i32, self.largest);
        let fits = accumulator * self.factors[channel] < f32::from(self.largest) + 1.0;
        (f32::from(activation), accumulator > 0.0 && fits)
    }

    /// Returns the slope of a channel's activations over its accumulators, where the gradient passes.
    pub(crate) fn factor(&self, channel: usize) -> f32 {
        self.factors[channel]
    }

    /// Fake-quantizes the accumulators of a fully-connected layer on the CPU.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(crate) fn apply<const LEN: usize, T: Tape<f32, Cpu>>(
        &self,
        accumulators: Batch<LEN, T>,
    ) -> Result<Batch<LEN, T>, CpuError> {
        let device = accumulators.device().clone();
        let shape = *accumulators.shape();
        let mut slopes = accumulators.as_vec();
        // The difference between the activation and `slope * accumulator`. Their sum is exact in f32.
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

/// The factor of a requantization, multiplier * 2^-shift, as one f32 number.
fn factor(requant: &Requant) -> f32 {
    let exponent = Requant::ACTIVATION_SHIFT as i32 + i32::from(requant.pre_shift());
    f32::from(requant.multiplier()) * 2_f32.powi(-exponent)
}

#[cfg(test)]
mod tests;
