//! Post-training quantisation: f32 weights and four activation ranges to a model of integers.
//!
//! - A weight is `round(w / scale)`, the scale of each output channel being its largest magnitude / 127. The last
//!   layer has one scale for all its outputs, since its accumulators are compared with one another.
//! - An activation of layer L is a byte in steps of `range[L] / 255`; larger ones clip. [`calibrate`] chooses the
//!   ranges.
//! - A bias is in accumulator units, `round(b / (input scale * weight scale))`, and takes the rounding of the
//!   requantisation with it ([`Requant::rounding`]).

pub mod calibrate;
mod quantized;

pub use quantized::{Provenance, QuantizedModel};

use crate::weights::{Affine, FloatWeights};
use lenet_core::Requant;
use lenet_core::model::MAX_BIAS;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, IMAGE_CHANNELS, KERNEL_SIDE, POOL2_SIDE};
use thiserror::Error;

/// Largest magnitude of an int8 weight; -128 is not used, so that the range is symmetric.
const WEIGHT_STEPS: f64 = 127.0;
/// Steps of an activation byte.
const ACTIVATION_STEPS: f64 = 255.0;
/// Fraction bits of a range in the model's metadata.
const RANGE_UNIT: f64 = 65_536.0;

/// Why weights cannot be quantised.
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
    /// A requantisation factor that the format cannot express.
    #[error(
        "{layer} channel {channel} needs the requantisation factor {factor:.3e}, expected at most 2^-7: \
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
}

/// The real value of activation 255 after `conv1`, `conv2`, `fc1` and `fc2`.
pub type Ranges = [f64; 4];

/// One layer in integers: `weights[output * taps + tap]` in the order of the file's taps.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    weights: Vec<i8>,
    biases: Vec<i32>,
    requants: Vec<Requant>,
}

/// The smallest range a layer may have: below it one product of the largest weight and the largest input would
/// clip, and the requantisation factor would leave its format.
fn smallest_range(layer: &Affine, input_range: f64) -> f64 {
    let largest = layer.weight.iter().fold(0_f64, |max, w| max.max(f64::from(w.abs())));
    let factor_limit = f64::from(u16::MAX) / f64::from(1_u32 << Requant::ACTIVATION_SHIFT);
    // One unit of the range's fixed point on top covers its rounding.
    input_range * largest / WEIGHT_STEPS / factor_limit + 1.0 / RANGE_UNIT
}

/// `ranges` as a model can have them: none smaller than its layer allows, each a multiple of 1/65536.
pub fn admissible(weights: &FloatWeights, ranges: Ranges) -> Ranges {
    let mut input_range = 1.0;
    let mut admissible = ranges;
    for (range, layer) in admissible.iter_mut().zip(weights.layers()) {
        let range_units = range.max(smallest_range(layer, input_range)) * RANGE_UNIT;
        *range = range_units.round().min(f64::from(u32::MAX)) / RANGE_UNIT;
        input_range = *range;
    }
    admissible
}

/// A hidden layer: one weight scale and one requant an output channel.
fn hidden(
    name: &'static str,
    layer: &Affine,
    taps: impl Fn(usize) -> usize,
    input_range: f64,
    output_range: f64,
) -> Result<Layer, QuantizeError> {
    check_finite(name, layer)?;
    let (input_scale, output_scale) = (input_range / ACTIVATION_STEPS, output_range / ACTIVATION_STEPS);
    let taps_per_output = layer.weight.len() / layer.bias.len();
    let mut quantized = Layer { weights: Vec::new(), biases: Vec::new(), requants: Vec::new() };
    for (channel, (row, &bias)) in layer.weight.chunks_exact(taps_per_output).zip(&layer.bias).enumerate() {
        let scale = weight_scale(row, bias, input_scale).unwrap_or(output_scale / input_scale / 256.0);
        let factor = input_scale * scale / output_scale;
        let requant = requant(factor).ok_or(QuantizeError::Factor { layer: name, channel, factor })?;
        quantized.weights.extend((0..taps_per_output).map(|tap| quantize(row[taps(tap)], scale)));
        quantized.biases.push(bias_units(bias, input_scale * scale, requant.rounding()));
        quantized.requants.push(requant);
    }
    Ok(quantized)
}

/// The last layer: one weight scale for all, no requants. Also gives the unit of its logits, in nats.
fn logits(name: &'static str, layer: &Affine, input_range: f64) -> Result<(Layer, f64), QuantizeError> {
    check_finite(name, layer)?;
    let input_scale = input_range / ACTIVATION_STEPS;
    let largest_bias = layer.bias.iter().fold(0_f32, |max, bias| max.max(bias.abs()));
    let scale = weight_scale(&layer.weight, largest_bias, input_scale).unwrap_or(1.0 / WEIGHT_STEPS);
    let unit = input_scale * scale;
    let quantized = Layer {
        weights: layer.weight.iter().map(|&weight| quantize(weight, scale)).collect(),
        biases: layer.bias.iter().map(|&bias| bias_units(bias, unit, 0)).collect(),
        requants: Vec::new(),
    };
    Ok((quantized, unit))
}

fn check_finite(name: &'static str, layer: &Affine) -> Result<(), QuantizeError> {
    let finite = layer.weight.iter().chain(&layer.bias).all(|value| value.is_finite());
    if finite { Ok(()) } else { Err(QuantizeError::NotFinite { layer: name }) }
}

/// The step of weights that share a scale: their largest magnitude is 127 steps. Where they are all but 0, the step
/// that still lets the bias fit; `None` where the bias is 0 too and any will do.
fn weight_scale(weights: &[f32], bias: f32, input_scale: f64) -> Option<f64> {
    let largest = weights.iter().fold(0_f64, |max, weight| max.max(f64::from(weight.abs())));
    let for_bias = f64::from(bias.abs()) / input_scale / f64::from(MAX_BIAS / 2);
    Some((largest / WEIGHT_STEPS).max(for_bias)).filter(|scale| *scale > 0.0)
}

fn quantize(weight: f32, scale: f64) -> i8 {
    (f64::from(weight) / scale).round().clamp(-WEIGHT_STEPS, WEIGHT_STEPS) as i8
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

/// From the file's tap of a convolution, HWC, to PyTorch's, CHW.
fn conv_tap(channels: usize) -> impl Fn(usize) -> usize {
    move |tap| (tap % channels) * KERNEL_SIDE * KERNEL_SIDE + tap / channels
}

/// From the engine's order of the flattened features, HWC, to PyTorch's, CHW.
fn feature(index: usize) -> usize {
    (index % CONV2_CHANNELS) * POOL2_SIDE * POOL2_SIDE + index / CONV2_CHANNELS
}

/// Quantises `weights` with the given activation ranges, made [`admissible`] first.
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
    ranges: Ranges,
    provenance: Provenance,
) -> Result<QuantizedModel, QuantizeError> {
    let ranges = admissible(weights, ranges);
    let [range1, range2, range3, range4] = ranges;
    let conv1 = hidden("conv1", &weights.conv1, conv_tap(IMAGE_CHANNELS), 1.0, range1)?;
    let conv2 = hidden("conv2", &weights.conv2, conv_tap(CONV1_CHANNELS), range1, range2)?;
    let fc1 = hidden("fc1", &weights.fc1, feature, range2, range3)?;
    let fc2 = hidden("fc2", &weights.fc2, |input| input, range3, range4)?;
    let (fc3, unit) = logits("fc3", &weights.fc3, range4)?;
    // The confidence is read out 7 bits finer than an activation, in 1/256 nat.
    let factor = unit * 256.0 / 128.0;
    let confidence =
        requant(factor).ok_or(QuantizeError::Factor { layer: "confidence", channel: 0, factor })?;
    let range_units = ranges.map(|range| (range * RANGE_UNIT) as u32);
    Ok(QuantizedModel::new(provenance, range_units, confidence, [&conv1, &conv2, &fc1, &fc2, &fc3]))
}

#[cfg(test)]
mod tests;
