//! The scales of weights, and the bound that they keep: every accumulator stays below 2^24.
//!
//! An f32 number holds each integer up to 2^24, so below it the fake quantization of training adds the engine's own
//! integers, in any order. For an output channel the bound is
//!
//! ```text
//! |bias| + sum of |weight| * largest input <= 2^24 - 1
//! ```
//!
//! and no partial sum exceeds its left side. The products alone always fit: 256 * 127 * 255 = 8,290,560. So it is the bias
//! that has to give way, in two steps:
//!
//! - [`LayerUnits::channel_scale`] gives a coarser scale to a channel whose accumulator would not fit, and to one whose
//!   activation is the same for every input. Most of these are dead units, whose weights have decayed to about 1e-20 and
//!   whose bias is negative; by their own magnitude their weights would get an absurdly small scale. Every other
//!   channel keeps the scale of its weights.
//! - [`LayerUnits::channel`] clamps a bias that still does not fit. With the weights that the scale was chosen for, the
//!   clamp changes no activation: a negative bias at the clamp outweighs all products, and a positive one is clamped only
//!   at a factor of 2^-8 or more, where the smallest accumulator, 2^24 - 1 - 2 * 8,290,560 = 196,095, is already above the
//!   largest activation.

use super::rows;
use crate::model::bits::WeightBits;
use crate::model::weights::Affine;
use lenet_core::Requant;
use lenet_core::model::largest_activation;
use lenet_core::requant::PIXEL_STEPS;
use lenet_core::shape::{CONV2_TAPS, FC1_OUTPUTS, POOL2_LEN};
use std::iter::successors;

/// The largest magnitude of an accumulator, and of every partial sum in it.
const MAX_ACCUMULATOR: i64 = (1 << 24) - 1;
/// Accumulator units per step of the activation in a channel without weights: the factor is 2^-8.
const UNITS_PER_STEP: f64 = 256.0;
/// Fractions of the largest magnitude that int4 weights are tried with as their range, in hundredths.
const INT4_CLIPS: std::ops::RangeInclusive<u32> = 40..=100;

const _: () = assert!(POOL2_LEN <= 256 && CONV2_TAPS <= 256 && FC1_OUTPUTS <= 256);
/// Twice the largest sum of products leaves room for the largest activation at 256 units per step.
const _: () = assert!(MAX_ACCUMULATOR - 2 * 256 * 127 * 255 >= 256 * 256);

/// What the channels of a layer have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerUnits {
    pub(super) bits: WeightBits,
    /// The activations, or pixels, that it takes.
    pub(super) input: ActivationUnits,
    /// The activations that it gives; `None` in the last layer.
    pub(super) output: Option<ActivationUnits>,
}

/// What the activations of a layer have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct ActivationUnits {
    /// The real value of one step.
    pub(super) step: f64,
    /// The largest activation, in steps.
    pub(super) largest: u8,
}

impl ActivationUnits {
    /// Pixels: the engine takes their gray levels.
    pub(super) const PIXEL: Self = Self { step: 1.0 / PIXEL_STEPS as f64, largest: PIXEL_STEPS };

    /// Activations of so many bits, the largest of which is `range`.
    pub(super) fn new(range: f64, bits: u8) -> Self {
        let largest = largest_activation(bits);
        Self { step: range / f64::from(largest), largest }
    }
}

/// An output channel in integers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IntegerChannel {
    pub(super) weights: Vec<i8>,
    /// In accumulator units, with the rounding of the requantization, within the bound.
    pub(super) bias: i32,
    /// The bias as it was before the bound.
    unbounded_bias: i64,
    /// `None` in the last layer.
    pub(super) requant: Option<Requant>,
}

/// The requantization factor that the format cannot express.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FactorTooLarge(pub(super) f64);

impl LayerUnits {
    /// The real value of one unit of the accumulator.
    pub(super) fn accumulator_unit(&self, scale: f64) -> f64 {
        self.input.step * scale
    }

    /// A channel in integers at this scale, within the bound for any weights.
    ///
    /// # Errors
    ///
    /// [`FactorTooLarge`].
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
        let (negative, positive) = self.products(&weights);
        let limit = MAX_ACCUMULATOR - positive + negative;
        let bias = unbounded_bias.clamp(-limit, limit) as i32;
        Ok(IntegerChannel { weights, bias, unbounded_bias, requant })
    }

    /// The smallest and the largest sum of products.
    fn products(&self, weights: &[i8]) -> (i64, i64) {
        let sum = |sign: i64| {
            weights.iter().map(|&weight| (sign * i64::from(weight)).max(0)).sum::<i64>()
                * sign
                * i64::from(self.input.largest)
        };
        (sum(-1), sum(1))
    }

    /// The scale of a hidden layer's channel: the one by its weights, unless they change nothing or the bias does not fit.
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

    /// Whether no input changes the channel's activation.
    fn is_constant(&self, channel: &IntegerChannel, output: ActivationUnits) -> bool {
        let (negative, positive) = self.products(&channel.weights);
        let activation = |products: i64| {
            let accumulator = i64::from(channel.bias) + products;
            channel.requant.map(|requant| requant.activation(accumulator as i32, output.largest))
        };
        activation(negative) == activation(positive)
    }

    /// The one scale of the last layer, since its accumulators are compared with one another.
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
    /// Whether the bound has left its bias as it was.
    fn fits(&self) -> bool {
        i64::from(self.bias) == self.unbounded_bias
    }
}

/// The scale by the weights alone: int8 reaches the largest, int4 has the least squared error. `None` where all are 0.
pub(super) fn weight_scale(weights: &[f32], bits: WeightBits) -> Option<f64> {
    let largest = weights.iter().fold(0_f64, |max, weight| max.max(f64::from(weight.abs())));
    let whole = largest / f64::from(bits.largest());
    let scale = match bits {
        WeightBits::Eight => whole,
        WeightBits::Four => INT4_CLIPS
            .map(|clip| whole * f64::from(clip) / 100.0)
            .min_by(|a, b| squared_error(weights, *a, bits).total_cmp(&squared_error(weights, *b, bits)))
            .unwrap_or(whole),
    };
    Some(scale).filter(|scale| *scale > 0.0)
}

/// What rounding and clipping change of the weights.
fn squared_error(weights: &[f32], scale: f64, bits: WeightBits) -> f64 {
    let error = |weight: &f32| f64::from(*weight) - scale * f64::from(quantize(*weight, scale, bits));
    weights.iter().map(|weight| error(weight).powi(2)).sum()
}

/// The nearest weight of so many bits, in units of int8.
pub(super) fn quantize(weight: f32, scale: f64, bits: WeightBits) -> i8 {
    let (step, largest) = (f64::from(bits.step()), f64::from(bits.largest()));
    ((f64::from(weight) / scale / step).round() * step).clamp(-largest, largest) as i8
}

/// `factor` as `multiplier * 2^-(23 + pre_shift)` with 16 significant bits, or fewer below 2^-23. `None` from 2^-7 up.
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
