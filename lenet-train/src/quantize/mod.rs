//! Post-training quantisation: f32 weights and four activation ranges to a model of integers.
//!
//! - An int8 weight is `round(w / scale)`, the scale of each output channel being its largest magnitude / 127. An int4
//!   weight is the nearest multiple of 16 up to 112, and its scale is the one with the least squared error. The last
//!   layer has one scale for all its outputs, since its accumulators are compared with one another.
//! - An activation of layer L is an integer in steps of `range[L] / (2^bits - 1)`; larger ones clip. [`calibrate`]
//!   chooses the ranges.
//! - A bias is in accumulator units, `round(b / (input scale * weight scale))`, and takes the rounding of the
//!   requantisation with it ([`Requant::rounding`]).

mod bits;
pub mod calibrate;
mod quantized;

pub use bits::{Bits, ParseBitsError, WeightBits};
pub use quantized::{Provenance, QuantizedModel};

use crate::weights::{Affine, FloatWeights, LAYERS};
use lenet_core::Requant;
use lenet_core::model::{MAX_BIAS, largest_activation};
use lenet_core::quant::PIXEL_STEPS;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, IMAGE_CHANNELS, KERNEL_SIDE, POOL2_SIDE};
use thiserror::Error;

/// Fractions of the largest magnitude that int4 weights are tried with as their range, in hundredths.
const INT4_CLIPS: std::ops::RangeInclusive<u32> = 40..=100;
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

/// The real value of the largest activation after `conv1`, `conv2`, `fc1` and `fc2`.
pub type Ranges = [f64; 4];

/// One layer in integers: `weights[output * taps + tap]` in the order of the file's taps.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    weights: Vec<i8>,
    biases: Vec<i32>,
    requants: Vec<Requant>,
    bits: WeightBits,
    activation_bits: u8,
}

/// The smallest range a layer may have: below it one product of the largest weight and the largest input would
/// clip, and the requantisation factor would leave its format.
fn smallest_range(layer: &Affine, bits: WeightBits, input_scale: f64, output_steps: f64) -> f64 {
    let largest = layer.weight.iter().fold(0_f64, |max, w| max.max(f64::from(w.abs())));
    let factor_limit = f64::from(u16::MAX) / f64::from(1_u32 << Requant::ACTIVATION_SHIFT);
    // One unit of the range's fixed point on top covers its rounding.
    input_scale * largest / f64::from(bits.largest()) * output_steps / factor_limit + 1.0 / RANGE_UNIT
}

/// Steps between 0 and the largest activation of this many bits.
fn steps(activation_bits: u8) -> f64 {
    f64::from(largest_activation(activation_bits))
}

/// `ranges` as a model can have them: none smaller than its layer allows, each a multiple of 1/65536.
pub fn admissible(weights: &FloatWeights, ranges: Ranges, bits: Bits) -> Ranges {
    let mut input_scale = 1.0 / f64::from(PIXEL_STEPS);
    let mut admissible = ranges;
    let layers = weights.layers().into_iter().zip(bits.weights).zip(bits.activations);
    for (range, ((layer, weight_bits), activation_bits)) in admissible.iter_mut().zip(layers) {
        let output_steps = steps(activation_bits);
        let range_units =
            range.max(smallest_range(layer, weight_bits, input_scale, output_steps)) * RANGE_UNIT;
        *range = range_units.round().min(f64::from(u32::MAX)) / RANGE_UNIT;
        input_scale = *range / output_steps;
    }
    admissible
}

/// What a hidden layer is quantised by.
struct Hidden {
    name: &'static str,
    bits: WeightBits,
    /// The real value of one step of the input.
    input_scale: f64,
    /// The real value of the largest activation.
    range: f64,
    activation_bits: u8,
}

impl Hidden {
    fn output_scale(&self) -> f64 {
        self.range / steps(self.activation_bits)
    }

    /// One weight scale and one requant an output channel; `taps` gives PyTorch's tap for the file's.
    fn quantise(&self, layer: &Affine, taps: impl Fn(usize) -> usize) -> Result<Layer, QuantizeError> {
        let &Self { name, bits, input_scale, activation_bits, .. } = self;
        check_finite(name, layer)?;
        let taps_per_output = layer.weight.len() / layer.bias.len();
        let mut quantized =
            Layer { weights: Vec::new(), biases: Vec::new(), requants: Vec::new(), bits, activation_bits };
        for (channel, (row, &bias)) in layer.weight.chunks_exact(taps_per_output).zip(&layer.bias).enumerate()
        {
            let scale = weight_scale(row, bias, input_scale, bits)
                .unwrap_or(self.output_scale() / input_scale / 256.0);
            let factor = input_scale * scale / self.output_scale();
            let requant = requant(factor).ok_or(QuantizeError::Factor { layer: name, channel, factor })?;
            quantized.weights.extend((0..taps_per_output).map(|tap| quantize(row[taps(tap)], scale, bits)));
            quantized.biases.push(bias_units(bias, input_scale * scale, requant.rounding()));
            quantized.requants.push(requant);
        }
        Ok(quantized)
    }
}

/// The last layer: one weight scale for all, no requants. Also gives the unit of its logits, in nats.
fn logits(
    name: &'static str,
    layer: &Affine,
    input_scale: f64,
    bits: WeightBits,
) -> Result<(Layer, f64), QuantizeError> {
    check_finite(name, layer)?;
    let largest_bias = layer.bias.iter().fold(0_f32, |max, bias| max.max(bias.abs()));
    let scale = weight_scale(&layer.weight, largest_bias, input_scale, bits)
        .unwrap_or(1.0 / f64::from(bits.largest()));
    let unit = input_scale * scale;
    let quantized = Layer {
        weights: layer.weight.iter().map(|&weight| quantize(weight, scale, bits)).collect(),
        biases: layer.bias.iter().map(|&bias| bias_units(bias, unit, 0)).collect(),
        requants: Vec::new(),
        bits,
        activation_bits: 0,
    };
    Ok((quantized, unit))
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

/// From the file's tap of a convolution, HWC, to PyTorch's, CHW.
fn conv_tap(channels: usize) -> impl Fn(usize) -> usize {
    move |tap| (tap % channels) * KERNEL_SIDE * KERNEL_SIDE + tap / channels
}

/// From the engine's order of the flattened features, HWC, to PyTorch's, CHW.
fn feature(index: usize) -> usize {
    (index % CONV2_CHANNELS) * POOL2_SIDE * POOL2_SIDE + index / CONV2_CHANNELS
}

/// Quantises `weights` to `bits` with the given activation ranges, made [`admissible`] first.
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
    bits: Bits,
    provenance: Provenance,
) -> Result<QuantizedModel, QuantizeError> {
    let ranges = admissible(weights, ranges, bits);
    let mut input_scale = 1.0 / f64::from(PIXEL_STEPS);
    let mut hidden = |index: usize, layer: &Affine, taps: &dyn Fn(usize) -> usize| {
        let (name, ..) = LAYERS[index];
        let (bits, range, activation_bits) = (bits.weights[index], ranges[index], bits.activations[index]);
        let hidden = Hidden { name, bits, input_scale, range, activation_bits };
        input_scale = hidden.output_scale();
        hidden.quantise(layer, taps)
    };
    let conv1 = hidden(0, &weights.conv1, &conv_tap(IMAGE_CHANNELS))?;
    let conv2 = hidden(1, &weights.conv2, &conv_tap(CONV1_CHANNELS))?;
    let fc1 = hidden(2, &weights.fc1, &feature)?;
    let fc2 = hidden(3, &weights.fc2, &|input| input)?;
    let (fc3, unit) = logits("fc3", &weights.fc3, input_scale, bits.weights[4])?;
    // The confidence is read out 7 bits finer than an activation, in 1/256 nat.
    let factor = unit * 256.0 / 128.0;
    let confidence =
        requant(factor).ok_or(QuantizeError::Factor { layer: "confidence", channel: 0, factor })?;
    let range_units = ranges.map(|range| (range * RANGE_UNIT) as u32);
    Ok(QuantizedModel::new(provenance, range_units, confidence, [&conv1, &conv2, &fc1, &fc2, &fc3]))
}

#[cfg(test)]
mod tests;
