//! Quantization of weights, biases and activations, given the activation ranges.
//!
//! - Weights: an int8 weight is `round(w / scale)`, and the scale of an output channel is its largest magnitude / 127. An
//!   int4 weight is the nearest multiple of 16 from -112 to 112, and a ternary weight the nearest of -64, 0 and 64. The
//!   scale of an int4 or ternary channel is the one with the least squared error.
//!   The last layer has one scale for all outputs, since its accumulators are compared with one another. `scale/mod.rs`
//!   describes the exceptions: channels whose activation is the same for every input, and the bound of 2^24 for
//!   accumulators.
//! - Activations: those of layer L are integers in steps of `range[L] / (2^bits - 1)`, and larger values are clipped.
//!   [`calibrate`](crate::quantize::calibrate::calibrate) chooses the ranges.
//! - Biases: they are in accumulator units, `round(b / (input scale * weight scale))`, and include the rounding term of the
//!   requantization ([`Requant::rounding`]).

mod scale;

use crate::model::bits::Bits;
use crate::model::integers::IntegerLayer;
use crate::model::weights::{Affine, FloatWeights, LAYERS};
use crate::quantize::model::QuantizedModel;
use lenet_core::Requant;
use scale::{ActivationUnits, FactorTooLarge, LayerUnits, requant};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The resolution of the activation ranges, in steps per unit: the model file stores them in 1/65536.
pub const RANGE_UNIT: f64 = 65_536.0;

#[cfg(test)]
mod tests;

/// The error when weights cannot be quantized.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum QuantizeError {
    /// A trained parameter is infinite or not a number.
    #[error(
        "{layer}: expected finite parameters, found one that is infinite or not a number: train again with a lower learning \
         rate (--lr)"
    )]
    NotFinite {
        /// The layer's name.
        layer: &'static str,
    },
    /// A requantization factor is too large for the model file.
    #[error(
        "{layer}, channel {channel}: expected a requantization factor below 2^-7, found {factor:.3e}, as its weights are \
         too large for the activation range: train again with more weight decay (--weight-decay)"
    )]
    Factor {
        /// The layer's name, or `confidence` for the factor of the confidence.
        layer: &'static str,
        /// The output channel, counted from 0.
        channel: usize,
        /// The factor.
        factor: f64,
    },
    /// A value is outside the range that a model file allows: the number of classes, or of bits per activation.
    #[error("the quantized network does not fit into a model file")]
    Model(#[from] lenet_core::Error),
}

/// The activation ranges: the real values of the largest activation after `conv1`, `conv2`, `fc1` and `fc2`.
pub type Ranges = [f64; 4];

/// The quantization of a network: bits, activation ranges and weight scales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantization {
    /// The bits of the weights and activations.
    pub bits: Bits,
    /// The activation ranges, each a multiple of 1/65536.
    pub ranges: Ranges,
    /// The scales of the weights, as the real value of 1 in int8: one per output channel, but a single one in the last
    /// layer.
    pub scales: [Vec<f64>; 5],
}

impl Quantization {
    /// Chooses the scales of `weights` for these activation ranges.
    ///
    /// Ranges are rounded to multiples of 1/65536, and widened where the weights of the layer need a larger range.
    pub fn new(weights: &FloatWeights, ranges: Ranges, bits: Bits) -> Self {
        let mut quantization = Self { bits, ranges, scales: Default::default() };
        for (index, layer) in weights.layers().into_iter().enumerate() {
            quantization.widen(index, layer);
            quantization.scales[index] = quantization.layer_scales(index, layer);
        }
        quantization
    }

    /// Widens and rounds the activation range of a hidden layer. Does nothing for the last layer.
    fn widen(&mut self, index: usize, layer: &Affine) {
        let units = self.units(index);
        if let (Some(range), Some(output)) = (self.ranges.get_mut(index), units.output) {
            let widened = range.max(smallest_range(layer, &units, f64::from(output.largest)));
            *range = (widened * RANGE_UNIT).round().min(f64::from(u32::MAX)) / RANGE_UNIT;
        }
    }

    fn layer_scales(&self, index: usize, layer: &Affine) -> Vec<f64> {
        let units = self.units(index);
        match units.output {
            Some(output) => rows(layer).map(|(row, bias)| units.channel_scale(row, bias, output)).collect(),
            None => vec![units.shared_scale(layer)],
        }
    }

    /// Returns the units that the channels of a layer share.
    fn units(&self, index: usize) -> LayerUnits {
        let activation =
            |layer: usize| ActivationUnits::new(self.ranges[layer], self.bits.activations[layer]);
        let input = index.checked_sub(1).map_or(ActivationUnits::PIXEL, activation);
        LayerUnits {
            bits: self.bits.weights[index],
            input,
            output: (index < self.ranges.len()).then(|| activation(index)),
        }
    }

    /// Returns the scale of an output channel's weights: the real value of 1 in int8.
    pub(crate) fn scale(&self, layer: usize, channel: usize) -> f64 {
        let scales = &self.scales[layer];
        scales[channel % scales.len()]
    }

    /// Quantizes `weights`, which may differ from those that the scales were chosen for.
    ///
    /// For any weights and any input, the magnitude of every accumulator and of its partial sums stays below 2^24.
    ///
    /// # Errors
    ///
    /// Returns a [`QuantizeError`] if a weight is not finite, or if the weights are too large for the activation ranges.
    pub(crate) fn integers(&self, weights: &FloatWeights) -> Result<[IntegerLayer; 5], QuantizeError> {
        let layers = weights.layers();
        let mut integers = Vec::with_capacity(layers.len());
        for (index, layer) in layers.into_iter().enumerate() {
            integers.push(self.integer_layer(index, layer)?);
        }
        Ok(integers.try_into().expect("one for each layer"))
    }

    fn integer_layer(&self, index: usize, layer: &Affine) -> Result<IntegerLayer, QuantizeError> {
        let name = LAYERS[index];
        check_finite(name, layer)?;
        let units = self.units(index);
        let mut integers = IntegerLayer {
            weights: Vec::with_capacity(layer.weight.len()),
            biases: Vec::with_capacity(layer.bias.len()),
            requants: Vec::new(),
            bits: units.bits,
            activation_bits: self.bits.activations.get(index).copied().unwrap_or(0),
            units: Vec::with_capacity(layer.bias.len()),
        };
        for (channel, (row, bias)) in rows(layer).enumerate() {
            let scale = self.scale(index, channel);
            let quantized = units.channel(row, bias, scale);
            let quantized = quantized.map_err(|FactorTooLarge(factor)| QuantizeError::Factor {
                layer: name,
                channel,
                factor,
            })?;
            integers.weights.extend(quantized.weights);
            integers.biases.push(quantized.bias);
            integers.requants.extend(quantized.requant);
            integers.units.push(units.accumulator_unit(scale));
        }
        Ok(integers)
    }
}

/// Returns the smallest activation range that a layer can have. Below it, a single product of the largest weight and the
/// largest input would be clipped, and the requantization factor would be too large for the model file.
fn smallest_range(layer: &Affine, units: &LayerUnits, output_steps: f64) -> f64 {
    let largest = layer.weight.iter().fold(0_f64, |max, w| max.max(f64::from(w.abs())));
    let factor_limit = f64::from(u16::MAX) / f64::from(1_u32 << Requant::ACTIVATION_SHIFT);
    // One more unit of the fixed-point range allows for its rounding.
    units.input.step * largest / f64::from(units.bits.largest()) * output_steps / factor_limit
        + 1.0 / RANGE_UNIT
}

/// Iterates over the weights and the bias of each output.
fn rows(layer: &Affine) -> impl Iterator<Item = (&[f32], f32)> {
    layer.weight.chunks_exact(layer.weight.len() / layer.bias.len()).zip(layer.bias.iter().copied())
}

fn check_finite(name: &'static str, layer: &Affine) -> Result<(), QuantizeError> {
    if layer.is_finite() { Ok(()) } else { Err(QuantizeError::NotFinite { layer: name }) }
}

/// Quantizes `weights` to a model.
///
/// # Errors
///
/// Returns a [`QuantizeError`] if the weights cannot be quantized.
///
/// # Panics
///
/// Panics if a tensor of `weights` has another length than in the network.
pub fn quantize_weights(
    weights: &FloatWeights,
    quantization: &Quantization,
) -> Result<QuantizedModel, QuantizeError> {
    let layers = quantization.integers(weights)?;
    // The confidence is in 1/256 nat, and has 7 more bits than an activation.
    let factor = layers[4].units[0] * 256.0 / 128.0;
    let confidence =
        requant(factor).ok_or(QuantizeError::Factor { layer: "confidence", channel: 0, factor })?;
    let range_units = quantization.ranges.map(|range| (range * RANGE_UNIT) as u32);
    Ok(QuantizedModel::new(range_units, confidence, &layers)?)
}
