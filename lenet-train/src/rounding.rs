//! Fake quantisation: what the integer engine does to a hidden layer's accumulators, inside the f32 network.
//!
//! A network whose weights are the engine's integers and whose activations are rounded by a [`Rounding`] calculates the
//! engine's own numbers: every accumulator is a sum of integers that stays below 2^24, where f32 is exact in any order,
//! and the requantisation is [`Requant::activation`] itself. Backward, the rounding counts as the line that it
//! approximates (the straight-through estimator of Bengio et al. 2013, <https://arxiv.org/abs/1308.3432>).

use crate::quantize::IntegerLayer;
use dfdx::prelude::{Device, HasShape, PutTape, Shape, SplitTape, Tape, Tensor, TryAdd, TryMul};
use lenet_core::Requant;
use lenet_core::model::largest_activation;

/// How one hidden layer's accumulators become activations.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    requants: Vec<Requant>,
    factors: Vec<f32>,
    largest: u8,
}

impl Rounding {
    /// The rounding of a hidden layer.
    pub(crate) fn of(layer: &IntegerLayer) -> Self {
        Rounding {
            requants: layer.requants.clone(),
            factors: layer.requants.iter().map(factor).collect(),
            largest: largest_activation(layer.activation_bits),
        }
    }

    /// The activation of an accumulator, and whether its gradient passes: neither the ReLU nor the range has clipped it.
    #[inline(always)]
    pub(crate) fn round(&self, channel: usize, accumulator: f32) -> (f32, bool) {
        let activation = self.requants[channel].activation(accumulator as i32, self.largest);
        let fits = accumulator * self.factors[channel] < f32::from(self.largest) + 1.0;
        (f32::from(activation), accumulator > 0.0 && fits)
    }

    /// How much an activation grows with its accumulator where the gradient passes.
    pub(crate) fn factor(&self, channel: usize) -> f32 {
        self.factors[channel]
    }

    /// Rounds accumulators on any device; `channel` gives the channel of each, in the order of the tensor.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub(crate) fn apply<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
        &self,
        accumulators: Tensor<S, f32, D, T>,
        channel: impl Fn(usize) -> usize,
    ) -> Result<Tensor<S, f32, D, T>, D::Err> {
        let device = accumulators.device().clone();
        let shape = *accumulators.shape();
        let mut slopes = accumulators.as_vec();
        // What is missing from `slope * accumulator` to the activation. f32 has room for the sum to be exact.
        let mut corrections = vec![0.0; slopes.len()];
        for (index, (slope, correction)) in slopes.iter_mut().zip(&mut corrections).enumerate() {
            let (channel, accumulator) = (channel(index), *slope);
            let (activation, passes) = self.round(channel, accumulator);
            *slope = if passes { self.factors[channel] } else { 0.0 };
            *correction = activation - *slope * accumulator;
        }
        let slopes: Tensor<S, f32, D> = device.try_tensor_from_vec(slopes, shape)?;
        let corrections: Tensor<S, f32, D> = device.try_tensor_from_vec(corrections, shape)?;
        let (accumulators, tape) = accumulators.split_tape();
        accumulators.put_tape(tape).try_mul(slopes)?.try_add(corrections)
    }
}

fn factor(requant: &Requant) -> f32 {
    let exponent = Requant::ACTIVATION_SHIFT as i32 + i32::from(requant.pre_shift());
    f32::from(requant.multiplier()) * 2_f32.powi(-exponent)
}

/// How a whole network in integers rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRounding {
    /// Of `conv1`, `conv2`, `fc1` and `fc2`.
    pub(crate) hidden: [Rounding; 4],
    /// The real value, in nats, of a unit of the logits.
    pub(crate) logit_unit: f32,
}

impl NetworkRounding {
    /// The rounding of a quantised network.
    pub(crate) fn of(layers: &[IntegerLayer; 5]) -> Self {
        let [conv1, conv2, fc1, fc2, fc3] = layers;
        NetworkRounding {
            hidden: [conv1, conv2, fc1, fc2].map(Rounding::of),
            logit_unit: fc3.units[0] as f32,
        }
    }

    /// Of both convolutions.
    pub(crate) fn convolutions(&self) -> [&Rounding; 2] {
        [&self.hidden[0], &self.hidden[1]]
    }
}

#[cfg(test)]
mod tests;
