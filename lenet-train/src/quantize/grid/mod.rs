//! Post-training quantization: f32 weights and four activation ranges to a model of integers.
//!
//! - An int8 weight is `round(w / scale)`, the scale of each output channel being its largest magnitude / 127. An int4
//!   weight is the nearest multiple of 16 up to 112, and its scale is the one with the least squared error. The last
//!   layer has one scale for all its outputs, since its accumulators are compared with one another.
//! - An activation of layer L is an integer in steps of `range[L] / (2^bits - 1)`; larger ones clip. [`calibrate`](crate::quantize::calibrate::calibrate)
//!   chooses the ranges.
//! - A bias is in accumulator units, `round(b / (input scale * weight scale))`, and takes the rounding of the
//!   requantization with it ([`Requant::rounding`]).

use crate::model::bits::{Bits, WeightBits};
use crate::model::integers::IntegerLayer;
use crate::model::weights::{Affine, FloatWeights, LAYERS};
use crate::quantize::model::QuantizedModel;
use lenet_core::Requant;
use lenet_core::model::{MAX_BIAS, largest_activation};
use lenet_core::requant::PIXEL_STEPS;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Fractions of the largest magnitude that int4 weights are tried with as their range, in hundredths.
const INT4_CLIPS: std::ops::RangeInclusive<u32> = 40..=100;
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
pub struct Grid {
    /// How many values there are.
    pub bits: Bits,
    /// How far the activations reach.
    pub ranges: Ranges,
    /// The unit of int8 of each layer's weights: one an output channel, and one for all of the last layer.
    pub scales: [Vec<f64>; 5],
}

/// Steps between 0 and the largest activation of this many bits.
fn steps(activation_bits: u8) -> f64 {
    f64::from(largest_activation(activation_bits))
}

impl Grid {
    /// The grid of `weights` at these `ranges`, none of which is smaller than its layer allows, each a multiple of 1/65536.
    pub fn new(weights: &FloatWeights, ranges: Ranges, bits: Bits) -> Self {
        let mut grid = Self { bits, ranges, scales: Default::default() };
        for (index, layer) in weights.layers().into_iter().enumerate() {
            let input_scale = grid.input_scale(index);
            grid.scales[index] = match grid.ranges.get(index) {
                Some(_) => grid.channel_scales(index, layer, input_scale),
                None => vec![logit_scale(layer, input_scale, bits.weights[index])],
            };
        }
        grid
    }

    /// Widens the range of a hidden layer where it has to be, and gives its channels' scales.
    fn channel_scales(&mut self, index: usize, layer: &Affine, input_scale: f64) -> Vec<f64> {
        let (bits, steps) = (self.bits.weights[index], steps(self.bits.activations[index]));
        let range = self.ranges[index].max(smallest_range(layer, bits, input_scale, steps));
        let range = (range * RANGE_UNIT).round().min(f64::from(u32::MAX)) / RANGE_UNIT;
        self.ranges[index] = range;
        let rows = layer.weight.chunks_exact(layer.weight.len() / layer.bias.len()).zip(&layer.bias);
        rows.map(|(row, &bias)| {
            weight_scale(row, bias, input_scale, bits).unwrap_or(range / steps / input_scale / 256.0)
        })
        .collect()
    }

    /// The real value of one step of a layer's input.
    fn input_scale(&self, index: usize) -> f64 {
        match index.checked_sub(1) {
            None => 1.0 / f64::from(PIXEL_STEPS),
            Some(before) => self.ranges[before] / steps(self.bits.activations[before]),
        }
    }

    /// The unit of int8 of an output channel's weights.
    pub(crate) fn scale(&self, layer: usize, channel: usize) -> f64 {
        let scales = &self.scales[layer];
        scales[channel % scales.len()]
    }

    /// The network in integers.
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
        let (bits, input_scale) = (self.bits.weights[index], self.input_scale(index));
        let activation_bits = self.bits.activations.get(index).copied().unwrap_or(0);
        let rows = layer.weight.chunks_exact(layer.weight.len() / layer.bias.len());
        let mut integers = IntegerLayer {
            weights: Vec::with_capacity(layer.weight.len()),
            biases: Vec::new(),
            requants: Vec::new(),
            bits,
            activation_bits,
            units: Vec::new(),
        };
        for (channel, (row, &bias)) in rows.zip(&layer.bias).enumerate() {
            let scale = self.scale(index, channel);
            let unit = input_scale * scale;
            let mut rounding = 0;
            if let Some(range) = self.ranges.get(index) {
                let factor = unit / (range / steps(activation_bits));
                let requant =
                    requant(factor).ok_or(QuantizeError::Factor { layer: name, channel, factor })?;
                rounding = requant.rounding();
                integers.requants.push(requant);
            }
            integers.weights.extend(row.iter().map(|&weight| quantize(weight, scale, bits)));
            integers.biases.push(bias_units(bias, unit, rounding));
            integers.units.push(unit);
        }
        Ok(integers)
    }
}

/// The smallest range a layer may have: below it one product of the largest weight and the largest input would
/// clip, and the requantization factor would leave its format.
fn smallest_range(layer: &Affine, bits: WeightBits, input_scale: f64, output_steps: f64) -> f64 {
    let largest = layer.weight.iter().fold(0_f64, |max, w| max.max(f64::from(w.abs())));
    let factor_limit = f64::from(u16::MAX) / f64::from(1_u32 << Requant::ACTIVATION_SHIFT);
    // One unit of the range's fixed point on top covers its rounding.
    input_scale * largest / f64::from(bits.largest()) * output_steps / factor_limit + 1.0 / RANGE_UNIT
}

/// The one scale of the last layer, since its accumulators are compared with one another.
fn logit_scale(layer: &Affine, input_scale: f64, bits: WeightBits) -> f64 {
    let largest_bias = layer.bias.iter().fold(0_f32, |max, bias| max.max(bias.abs()));
    weight_scale(&layer.weight, largest_bias, input_scale, bits).unwrap_or(1.0 / f64::from(bits.largest()))
}

fn check_finite(name: &'static str, layer: &Affine) -> Result<(), QuantizeError> {
    let finite = layer.weight.iter().chain(&layer.bias).all(|value| value.is_finite());
    if finite { Ok(()) } else { Err(QuantizeError::NotFinite { layer: name }) }
}

/// The unit of int8 of weights that share a scale. Where they are all but 0, the unit that still lets the bias fit;
/// `None` where the bias is 0 too and any will do.
fn weight_scale(weights: &[f32], bias: f32, input_scale: f64, bits: WeightBits) -> Option<f64> {
    let largest = weights.iter().fold(0_f64, |max, weight| max.max(f64::from(weight.abs())));
    let whole = largest / f64::from(bits.largest());
    let scale = match bits {
        WeightBits::Eight => whole,
        WeightBits::Four => INT4_CLIPS
            .map(|clip| whole * f64::from(clip) / 100.0)
            .min_by(|a, b| squared_error(weights, *a, bits).total_cmp(&squared_error(weights, *b, bits)))
            .unwrap_or(whole),
    };
    let for_bias = f64::from(bias.abs()) / input_scale / f64::from(MAX_BIAS / 2);
    Some(scale.max(for_bias)).filter(|scale| *scale > 0.0)
}

/// What rounding and clipping change of the weights.
fn squared_error(weights: &[f32], scale: f64, bits: WeightBits) -> f64 {
    let error = |weight: &f32| f64::from(*weight) - scale * f64::from(quantize(*weight, scale, bits));
    weights.iter().map(|weight| error(weight).powi(2)).sum()
}

/// The nearest weight of so many bits, in units of int8.
fn quantize(weight: f32, scale: f64, bits: WeightBits) -> i8 {
    let (step, largest) = (f64::from(bits.step()), f64::from(bits.largest()));
    ((f64::from(weight) / scale / step).round() * step).clamp(-largest, largest) as i8
}

fn bias_units(bias: f32, unit: f64, rounding: i64) -> i32 {
    let limit = i64::from(MAX_BIAS);
    ((f64::from(bias) / unit).round() as i64).saturating_add(rounding).clamp(-limit, limit) as i32
}

/// `factor` as `multiplier * 2^-(23 + pre_shift)` with 16 significant bits, or fewer below 2^-23. `None` from 2^-7 up.
fn requant(factor: f64) -> Option<Requant> {
    let shift = i32::from(Requant::MAX_PRE_SHIFT);
    (0..=shift).rev().find_map(|pre_shift| {
        let multiplier = (factor * 2_f64.powi(Requant::ACTIVATION_SHIFT as i32 + pre_shift)).round();
        let fits = multiplier <= f64::from(u16::MAX);
        fits.then(|| Requant::new(multiplier as u16, pre_shift as u8)).flatten()
    })
}

/// Quantizes `weights` to `grid`.
///
/// # Errors
///
/// [`QuantizeError`].
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub fn quantize_weights(weights: &FloatWeights, grid: &Grid) -> Result<QuantizedModel, QuantizeError> {
    let layers = grid.integers(weights)?;
    // The confidence is read out 7 bits finer than an activation, in 1/256 nat.
    let factor = layers[4].units[0] * 256.0 / 128.0;
    let confidence =
        requant(factor).ok_or(QuantizeError::Factor { layer: "confidence", channel: 0, factor })?;
    let range_units = grid.ranges.map(|range| (range * RANGE_UNIT) as u32);
    Ok(QuantizedModel::new(range_units, confidence, &layers)?)
}
