//! Post-training quantization: f32 weights and four activation ranges to a model of integers.
//!
//! - An int8 weight is `round(w / scale)`, the scale of each output channel being its largest magnitude / 127. An int4
//!   weight is the nearest multiple of 16 up to 112, and its scale is the one with the least squared error. The last
//!   layer has one scale for all its outputs, since its accumulators are compared with one another. A channel whose
//!   activation no input changes has the scale of a channel without weights, and every accumulator stays below 2^24:
//!   `scale/mod.rs` says how.
//! - An activation of layer L is an integer in steps of `range[L] / (2^bits - 1)`; larger ones clip. [`calibrate`](crate::quantize::calibrate::calibrate)
//!   chooses the ranges.
//! - A bias is in accumulator units, `round(b / (input scale * weight scale))`, and takes the rounding of the
//!   requantization with it ([`Requant::rounding`]).

mod scale;

use crate::model::bits::Bits;
use crate::model::integers::IntegerLayer;
use crate::model::weights::{Affine, FloatWeights, LAYERS};
use crate::quantize::model::QuantizedModel;
use lenet_core::Requant;
use scale::{ActivationUnits, FactorTooLarge, LayerUnits, requant};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Fraction bits of a range in the model's metadata.
pub const RANGE_UNIT: f64 = 65_536.0;

#[cfg(test)]
mod tests;

/// Why weights cannot be quantized.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum QuantizeError {
    /// A trained parameter is not a finite number.
    #[error(
        "{layer} has a parameter that is not a finite number: train again with a lower learning rate (--lr)"
    )]
    NotFinite {
        /// The layer's name.
        layer: &'static str,
    },
    /// A requantization factor that the format cannot express.
    #[error(
        "{layer} channel {channel} needs the requantization factor {factor:.3e}, expected at most 2^-7: \
         its weights are too large for its range; train again with more weight decay (--weight-decay)"
    )]
    Factor {
        /// The layer's name, or `confidence`.
        layer: &'static str,
        /// The output channel, counted from 0.
        channel: usize,
        /// The factor.
        factor: f64,
    },
    /// A value that no model can have: the number of classes or of bits per activation is out of range.
    #[error("the quantized network has a value that no model can have")]
    Model(#[from] lenet_core::Error),
}

/// The real value of the largest activation after `conv1`, `conv2`, `fc1` and `fc2`.
pub type Ranges = [f64; 4];

/// What weights and activations are rounded to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantization {
    /// How many values there are.
    pub bits: Bits,
    /// How far the activations reach.
    pub ranges: Ranges,
    /// The scale of each layer's weights, the real value of 1 in int8: one per output channel, and one for all of the last
    /// layer.
    pub scales: [Vec<f64>; 5],
}

impl Quantization {
    /// The quantization of `weights` at these `ranges`, none of which is smaller than its layer allows, each a multiple of 1/65536.
    pub fn new(weights: &FloatWeights, ranges: Ranges, bits: Bits) -> Self {
        let mut quantization = Self { bits, ranges, scales: Default::default() };
        for (index, layer) in weights.layers().into_iter().enumerate() {
            quantization.widen(index, layer);
            quantization.scales[index] = quantization.layer_scales(index, layer);
        }
        quantization
    }

    /// Widens the range of a hidden layer where it has to be.
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

    /// What the channels of a layer have in common.
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

    /// The scale of an output channel's weights: the real value of 1 in int8.
    pub(crate) fn scale(&self, layer: usize, channel: usize) -> f64 {
        let scales = &self.scales[layer];
        scales[channel % scales.len()]
    }

    /// The network in integers. No accumulator of any input, nor any partial sum of it, reaches 2^24 in magnitude, whatever
    /// the weights are.
    ///
    /// # Errors
    ///
    /// [`QuantizeError`].
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

/// The smallest range a layer may have: below it one product of the largest weight and the largest input would
/// clip, and the requantization factor would leave its format.
fn smallest_range(layer: &Affine, units: &LayerUnits, output_steps: f64) -> f64 {
    let largest = layer.weight.iter().fold(0_f64, |max, w| max.max(f64::from(w.abs())));
    let factor_limit = f64::from(u16::MAX) / f64::from(1_u32 << Requant::ACTIVATION_SHIFT);
    // One unit of the range's fixed point on top covers its rounding.
    units.input.step * largest / f64::from(units.bits.largest()) * output_steps / factor_limit
        + 1.0 / RANGE_UNIT
}

/// Each output's weights and its bias.
fn rows(layer: &Affine) -> impl Iterator<Item = (&[f32], f32)> {
    layer.weight.chunks_exact(layer.weight.len() / layer.bias.len()).zip(layer.bias.iter().copied())
}

fn check_finite(name: &'static str, layer: &Affine) -> Result<(), QuantizeError> {
    let finite = layer.weight.iter().chain(&layer.bias).all(|value| value.is_finite());
    if finite { Ok(()) } else { Err(QuantizeError::NotFinite { layer: name }) }
}

/// Quantizes `weights` to `quantization`.
///
/// # Errors
///
/// [`QuantizeError`].
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub fn quantize_weights(
    weights: &FloatWeights,
    quantization: &Quantization,
) -> Result<QuantizedModel, QuantizeError> {
    let layers = quantization.integers(weights)?;
    // The confidence is read out 7 bits finer than an activation, in 1/256 nat.
    let factor = layers[4].units[0] * 256.0 / 128.0;
    let confidence =
        requant(factor).ok_or(QuantizeError::Factor { layer: "confidence", channel: 0, factor })?;
    let range_units = quantization.ranges.map(|range| (range * RANGE_UNIT) as u32);
    Ok(QuantizedModel::new(range_units, confidence, &layers)?)
}
