//! Quantization-aware training: the gradients are those of the quantized network.
//!
//! Each step quantizes the weights, with the scales and activation ranges that were chosen when this phase began. An
//! integer network computes with them what the integer engine would. Its gradients then update the f32 weights, as if
//! quantization were the identity (the straight-through estimator).

use super::pass::TensorBatch;
use crate::model::integers::IntegerLayer;
use crate::model::network::{Logits, Network};
use crate::model::weights::FloatWeights;
use crate::quantize::Quantization;
use crate::train::error::TrainingError;
use crate::train::learner::device_error;
use crate::train::optimizer;
use dfdx::nn::ZeroGrads;
use dfdx::prelude::{Cpu, Gradients, NoneTape};

/// The integer network of a run, with its gradients.
pub(in crate::train) struct IntegerNetwork {
    /// How the weights are quantized.
    pub(super) quantization: Quantization,
    network: Network,
    /// Zero between steps. `None` only while a step uses them.
    gradients: Option<Gradients<f32, Cpu>>,
}

impl IntegerNetwork {
    /// Creates the integer network of the quantized `weights`.
    ///
    /// # Errors
    ///
    /// Returns a [`TrainingError`] if the weights cannot be quantized or memory runs out.
    pub(in crate::train) fn new(
        device: &Cpu,
        weights: &FloatWeights,
        quantization: Quantization,
    ) -> Result<Self, TrainingError> {
        let integers = quantization.integers(weights)?;
        let network = Network::from_integers(device.clone(), &integers).map_err(device_error::<Cpu>)?;
        let gradients = Some(network.layers.try_alloc_grads().map_err(device_error::<Cpu>)?);
        Ok(IntegerNetwork { quantization, network, gradients })
    }

    /// Quantizes `weights` and returns the network with them.
    ///
    /// # Errors
    ///
    /// Returns [`TrainingError::Quantize`] if the weights cannot be quantized.
    pub(in crate::train) fn quantized(&mut self, weights: &FloatWeights) -> Result<&Network, TrainingError> {
        self.network.set_integers(&self.quantization.integers(weights)?);
        Ok(&self.network)
    }

    /// Runs the forward and the backward pass with quantized `weights`. Returns the logits, and the gradients for the f32
    /// weights.
    ///
    /// # Errors
    ///
    /// Returns a [`TrainingError`] if the weights cannot be quantized or memory runs out.
    pub(super) fn pass(
        &mut self,
        batch: TensorBatch,
        weights: &FloatWeights,
    ) -> Result<(Logits<NoneTape>, FloatWeights), TrainingError> {
        let integers = self.quantization.integers(weights)?;
        self.network.set_integers(&integers);
        let gradients = self.gradients.take().expect("returned by the last step");
        let pass = batch.pass(&self.network, gradients).and_then(|(logits, mut gradients)| {
            let read = optimizer::read(&mut gradients, &self.network)?;
            self.network.layers.try_zero_grads(&mut gradients)?;
            self.gradients = Some(gradients);
            Ok((logits, read))
        });
        let (logits, mut gradients) = pass.map_err(device_error::<Cpu>)?;
        self.unscale(&mut gradients, &integers, weights);
        Ok((logits, gradients))
    }

    /// Converts the gradients for the integers to gradients for the f32 weights that they represent.
    fn unscale(&self, gradients: &mut FloatWeights, integers: &[IntegerLayer; 5], weights: &FloatWeights) {
        let layers = gradients.layers_mut().into_iter().zip(integers).zip(weights.layers());
        for (index, ((gradient, integers), layer)) in layers.enumerate() {
            let taps = layer.weight.len() / layer.bias.len();
            let rows = gradient.weight.chunks_exact_mut(taps).zip(layer.weight.chunks_exact(taps));
            for (channel, ((row, weights), bias)) in rows.zip(&mut gradient.bias).enumerate() {
                let factors = ChannelFactors::new(&self.quantization, integers, index, channel);
                *bias *= factors.per_bias;
                for (gradient, &weight) in row.iter_mut().zip(weights) {
                    // A weight beyond the largest integer may only move back towards the range.
                    let outwards = weight.abs() > factors.clip && *gradient * weight < 0.0;
                    *gradient *= if outwards { 0.0 } else { factors.per_weight };
                }
            }
        }
    }
}

/// How the gradients for the integers of an output channel become those for its f32 parameters.
#[derive(Clone, Copy, Debug)]
pub(in crate::train) struct ChannelFactors {
    /// Integers per unit of a weight.
    pub(in crate::train) per_weight: f32,
    /// Accumulator units per unit of the bias.
    pub(in crate::train) per_bias: f32,
    /// The largest magnitude of a weight that is not clipped.
    pub(in crate::train) clip: f32,
}

impl ChannelFactors {
    /// The factors of `channel` of the layer with number `index`, whose integers are `layer`.
    pub(in crate::train) fn new(
        quantization: &Quantization,
        layer: &IntegerLayer,
        index: usize,
        channel: usize,
    ) -> Self {
        let scale = quantization.scale(index, channel);
        ChannelFactors {
            per_weight: (1.0 / scale) as f32,
            per_bias: (1.0 / layer.units[channel]) as f32,
            clip: (scale * f64::from(layer.bits.largest())) as f32,
        }
    }
}

#[cfg(test)]
mod tests;
