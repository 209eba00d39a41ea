//! The choice of weight scales, and the bound on accumulators: their magnitude stays below 2^24.
//!
//! f32 represents every integer up to 2^24, so below that bound fake quantization adds the engine's integers exactly, in
//! any order. The bound for an output channel is
//!
//! ```text
//! |bias| + sum of |weight| * largest input <= 2^24 - 1
//! ```
//!
//! and no partial sum exceeds its left side. The products alone always fit: 256 * 127 * 255 = 8,290,560. Only the bias can
//! exceed the bound. Two steps prevent that:
//!
//! - [`LayerUnits::channel_scale`] gives a larger scale to a channel whose bias would not fit, and to a channel whose
//!   activation is the same for every input. Most of the latter are dead units, with a negative bias and weights that have
//!   decayed to about 1e-20; the magnitude of those weights would give an absurdly small scale. Every other channel has the
//!   scale of its weights.
//! - [`LayerUnits::channel`] clamps a bias that still does not fit. With the weights that the scale was chosen for, the
//!   clamp changes no activation: a negative bias at the limit outweighs all products, and a positive bias is clamped
//!   only at a factor of 2^-8 or more, where even the smallest accumulator, 2^24 - 1 - 2 * 8,290,560 = 196,095, gives the
//!   largest activation.

use super::rows;
use crate::model::bits::WeightBits;
use crate::model::weights::Affine;
use lenet_core::Requant;
use lenet_core::model::largest_activation;
use lenet_core::requant::PIXEL_STEPS;
use lenet_core::shape::{CONV2_TAPS, FC1_OUTPUTS, POOL2_LEN};
use std::iter::successors;

/// The largest magnitude of an accumulator and of its partial sums.
const MAX_ACCUMULATOR: i64 = (1 << 24) - 1;
/// The accumulator units per activation step in a channel without weights, whose requantization factor is 2^-8.
const UNITS_PER_STEP: f64 = 256.0;
/// The candidates for the range of int4 weights, in percent of the largest magnitude.
const INT4_CLIPS: std::ops::RangeInclusive<u32> = 40..=100;

const _: () = assert!(POOL2_LEN <= 256 && CONV2_TAPS <= 256 && FC1_OUTPUTS <= 256);
// Twice the largest sum of products leaves room for the largest activation at 256 units per step.
const _: () = assert!(MAX_ACCUMULATOR - 2 * 256 * 127 * 255 >= 256 * 256);

/// The units that all channels of a layer share.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerUnits {
    /// The bits of the weights.
    pub(super) bits: WeightBits,
    /// The units of the inputs: activations or pixels.
    pub(super) input: ActivationUnits,
    /// The units of the outputs. `None` in the last layer.
    pub(super) output: Option<ActivationUnits>,
}

/// The units of a layer's activations.
#[derive(Clone, Copy, Debug)]
pub(super) struct ActivationUnits {
    /// The real value of one step.
    pub(super) step: f64,
    /// The largest activation, in steps.
    pub(super) largest: u8,
}

impl ActivationUnits {
    /// The units of pixels: gray levels from 0 to 255 for real values from 0 to 1.
    pub(super) const PIXEL: Self = Self { step: 1.0 / PIXEL_STEPS as f64, largest: PIXEL_STEPS };

    /// Returns the units of activations with `bits` bits and the largest real value `range`.
    pub(super) fn new(range: f64, bits: u8) -> Self {
        let largest = largest_activation(bits);
        Self { step: range / f64::from(largest), largest }
    }
}

/// The quantized parameters of one output channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IntegerChannel {
    pub(super) weights: Vec<i8>,
    /// The bias in accumulator units, with the rounding term of the requantization, clamped to the bound.
    pub(super) bias: i32,
    /// The bias before it was clamped.
    unbounded_bias: i64,
    /// The requantization. `None` in the last layer.
    pub(super) requant: Option<Requant>,
}

/// The error for a requantization factor that is too large for the model file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FactorTooLarge(pub(super) f64);

impl LayerUnits {
    /// Returns the real value of one accumulator unit at this weight scale.
    pub(super) fn accumulator_unit(&self, scale: f64) -> f64 {
        self.input.step * scale
    }

    /// Quantizes a channel at this weight scale. The result keeps the bound for any weights.
    ///
    /// # Errors
    ///
    /// Returns [`FactorTooLarge`] if the requantization factor is 2^-7 or more.
    pub(super) fn channel(
        &self,
        weights: &[f32],
        bias: f32,
        scale: f64,
    ) -> Result<IntegerChannel, FactorTooLarge> {
        let unit = self.accumulator_unit(scale);
        let requant = match self.output {
            None => None,
            Some(output) => Some(requant(unit / output.step).ok_or(FactorTooLarge(unit / output.step))?),
        };
        let rounding = requant.map_or(0, Requant::rounding);
        let unbounded_bias = ((f64::from(bias) / unit).round() as i64).saturating_add(rounding);
        let weights: Vec<i8> = weights.iter().map(|&weight| quantize(weight, scale, self.bits)).collect();
        let (negative, positive) = self.product_range(&weights);
        let limit = MAX_ACCUMULATOR - positive + negative;
        let bias = unbounded_bias.clamp(-limit, limit) as i32;
        Ok(IntegerChannel { weights, bias, unbounded_bias, requant })
    }

    /// Returns the smallest and the largest sum of products that any input gives.
    fn product_range(&self, weights: &[i8]) -> (i64, i64) {
        // One pass over narrow sums, which the compiler vectorizes: this runs in every quantization-aware step.
        let (mut negative, mut positive) = (0_i32, 0_i32);
        for weight in weights.iter().copied().map(i32::from) {
            negative += weight.min(0);
            positive += weight.max(0);
        }
        let largest = i64::from(self.input.largest);
        (i64::from(negative) * largest, i64::from(positive) * largest)
    }

    /// Chooses the scale of a hidden layer's channel: that of its weights, unless no input changes the activation, or the
    /// bias does not fit.
    pub(super) fn channel_scale(&self, weights: &[f32], bias: f32, output: ActivationUnits) -> f64 {
        let without_weights = output.step / self.input.step / UNITS_PER_STEP;
        let Some(scale) = weight_scale(weights, self.bits) else { return without_weights };
        if scale >= without_weights {
            return scale;
        }
        let channel = |scale: f64| self.channel(weights, bias, scale);
        let constant = |scale: f64| channel(scale).is_ok_and(|channel| self.is_constant(&channel, output));
        if constant(scale) && constant(without_weights) {
            return without_weights;
        }
        let fits = |scale: f64| channel(scale).is_ok_and(|channel| channel.fits());
        let coarser = successors(Some(scale), |scale| Some(2.0 * scale));
        coarser
            .take_while(|scale| *scale < without_weights)
            .find(|scale| fits(*scale))
            .unwrap_or(without_weights)
    }

    /// Whether the channel's activation is the same for every input.
    fn is_constant(&self, channel: &IntegerChannel, output: ActivationUnits) -> bool {
        let (negative, positive) = self.product_range(&channel.weights);
        let activation = |products: i64| {
            let accumulator = i64::from(channel.bias) + products;
            channel.requant.map(|requant| requant.activation(accumulator as i32, output.largest))
        };
        activation(negative) == activation(positive)
    }

    /// Chooses the single scale of the last layer, whose accumulators are compared with one another.
    pub(super) fn shared_scale(&self, layer: &Affine) -> f64 {
        let largest_bias = layer.bias.iter().fold(0_f64, |max, bias| max.max(f64::from(bias.abs())));
        let for_bias = largest_bias / self.input.step / MAX_ACCUMULATOR as f64;
        let smallest = weight_scale(&layer.weight, self.bits).unwrap_or(0.0).max(for_bias);
        if smallest == 0.0 {
            return 1.0 / f64::from(self.bits.largest());
        }
        let fits = |scale: f64| {
            rows(layer).all(|(row, bias)| self.channel(row, bias, scale).is_ok_and(|channel| channel.fits()))
        };
        let coarser = successors(Some(smallest), |scale| Some(2.0 * scale));
        coarser.take_while(|scale| scale.is_finite()).find(|scale| fits(*scale)).unwrap_or(smallest)
    }
}

impl IntegerChannel {
    /// Whether the bias is within the bound without clamping.
    fn fits(&self) -> bool {
        i64::from(self.bias) == self.unbounded_bias
    }
}

/// Chooses a scale by the weights alone: for int8 by the largest magnitude, for int4 and ternary weights by the least
/// squared error. `None` if all weights are 0.
pub(super) fn weight_scale(weights: &[f32], bits: WeightBits) -> Option<f64> {
    let largest = weights.iter().fold(0_f64, |max, weight| max.max(f64::from(weight.abs())));
    let unclipped = largest / f64::from(bits.largest());
    let scale = match bits {
        WeightBits::Eight => unclipped,
        WeightBits::Four => INT4_CLIPS
            .map(|clip| unclipped * f64::from(clip) / 100.0)
            .min_by(|a, b| squared_error(weights, *a, bits).total_cmp(&squared_error(weights, *b, bits)))
            .unwrap_or(unclipped),
        WeightBits::Ternary => ternary_magnitude(weights) / f64::from(bits.largest()),
    };
    Some(scale).filter(|scale| *scale > 0.0)
}

/// Returns the magnitude m for which the weights -m, 0 and m have the least squared error.
///
/// If the k weights of the largest magnitudes become -m or m, the best m is the mean of these magnitudes, and lowers the
/// squared error by their sum^2 / k. So the best k is found exactly, in one pass over the sorted magnitudes. It is the k
/// for which rounding to the nearest of the three values, with a threshold of m / 2, gives just these k weights. For
/// normally distributed weights the threshold is about 0.77 of their mean magnitude (Li and Liu, 2016,
/// <https://arxiv.org/abs/1605.04711>, approximate it by 0.7).
fn ternary_magnitude(weights: &[f32]) -> f64 {
    let mut magnitudes: Vec<f64> = weights.iter().map(|&weight| f64::from(weight.abs())).collect();
    magnitudes.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut best_gain, mut best_mean) = (0.0, 0.0, 0.0);
    for (index, magnitude) in magnitudes.into_iter().enumerate() {
        let count = (index + 1) as f64;
        sum += magnitude;
        let gain = sum * sum / count;
        if gain > best_gain {
            (best_gain, best_mean) = (gain, sum / count);
        }
    }
    best_mean
}

/// Returns the squared error that quantization at this scale adds to the weights.
fn squared_error(weights: &[f32], scale: f64, bits: WeightBits) -> f64 {
    let error = |weight: &f32| f64::from(*weight) - scale * f64::from(quantize(*weight, scale, bits));
    weights.iter().map(|weight| error(weight).powi(2)).sum()
}

/// Quantizes a weight to the nearest value that `bits` allow, in units of int8.
pub(super) fn quantize(weight: f32, scale: f64, bits: WeightBits) -> i8 {
    let (step, largest) = (f64::from(bits.step()), f64::from(bits.largest()));
    ((f64::from(weight) / scale / step).round() * step).clamp(-largest, largest) as i8
}

/// Converts a factor to the form `multiplier * 2^-(23 + pre_shift)`, with 16 significant bits, or fewer below 2^-23.
/// `None` if the factor is 2^-7 or more.
pub(super) fn requant(factor: f64) -> Option<Requant> {
    let shift = i32::from(Requant::MAX_PRE_SHIFT);
    (0..=shift).rev().find_map(|pre_shift| {
        let multiplier = (factor * 2_f64.powi(Requant::ACTIVATION_SHIFT as i32 + pre_shift)).round();
        let fits = multiplier <= f64::from(u16::MAX);
        fits.then(|| Requant::new(multiplier as u16, pre_shift as u8)).flatten()
    })
}

#[cfg(test)]
mod tests;
