//! The integer network of quantization-aware training on a GPU.

use super::layout::Layout;
use super::passes::{HIDDEN_CHANNELS, Integers, Network};
use crate::backend::FakeQuantize;
use crate::backend::cuda::launch::{REQUANTIZATION_WORDS, ROW_GRADIENT_NUMBERS, SCALE_WORDS};
use crate::backend::cuda::{Buffer, Cuda, CudaError, Slice};
use crate::model::integers::IntegerLayer;
use crate::quantize::Quantization;
use crate::train::cpu::qat::ChannelFactors;
use lenet_core::Requant;
use lenet_core::model::largest_activation;
use lenet_core::requant::PIXEL_STEPS;

/// The integer network, and the numbers that quantize the weights and convert its gradients.
pub(super) struct Quantized {
    /// How the weights are quantized.
    pub(super) quantization: Quantization,
    parameters: Buffer<f32>,
    scales: Buffer<u32>,
    requantizations: Buffer<u32>,
    logit_unit: f32,
    factors: Buffer<f32>,
    /// 1 if a parameter was not finite.
    failed: Buffer<u32>,
}

impl Quantized {
    /// Uploads the numbers of a quantization, which do not depend on the weights. `integers` are quantized by it.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example out of memory.
    pub(super) fn new(
        cuda: &Cuda,
        layout: &Layout,
        quantization: Quantization,
        integers: &[IntegerLayer; 5],
    ) -> Result<Self, CudaError> {
        let mut scales = Vec::new();
        let mut factors = Vec::with_capacity(HIDDEN_CHANNELS * ROW_GRADIENT_NUMBERS);
        for (index, channel) in layout.channels() {
            let layer = &integers[index];
            scales.extend(scale_words(layout, &quantization, integers, index, channel));
            let ChannelFactors { per_weight, per_bias, clip } =
                ChannelFactors::new(&quantization, layer, index, channel);
            factors.extend([per_weight, per_bias, clip]);
        }
        let requantizations: Vec<u32> = integers[..4].iter().flat_map(requantization_words).collect();
        Ok(Quantized {
            quantization,
            parameters: Buffer::zeros(&cuda.gpu, layout.len)?,
            scales: Buffer::of(&cuda.gpu, &scales)?,
            requantizations: Buffer::of(&cuda.gpu, &requantizations)?,
            logit_unit: integers[4].units[0] as f32,
            factors: Buffer::of(&cuda.gpu, &factors)?,
            failed: Buffer::zeros(&cuda.gpu, 1)?,
        })
    }

    /// Quantizes f32 `parameters`, and returns the network with the integers.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn network(&self, cuda: &Cuda, parameters: Slice<'_, f32>) -> Result<Network<'_>, CudaError> {
        cuda.kernels.quantize(parameters, self.scales.all(), self.parameters.all(), self.failed.all())?;
        let integers = Integers { requantizations: self.requantizations.all(), logit_unit: self.logit_unit };
        Ok(Network { parameters: self.parameters.all(), integers: Some(integers) })
    }

    /// Returns the numbers that convert the gradients.
    pub(super) fn factors(&self) -> Slice<'_, f32> {
        self.factors.all()
    }

    /// Returns whether a parameter that was quantized so far was infinite or not a number.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn has_failed(&self) -> Result<bool, CudaError> {
        Ok(self.failed.download(0..1)? != [0])
    }
}

/// Returns what the kernel `quantize` needs of an output channel: its `RowScale`.
fn scale_words(
    layout: &Layout,
    quantization: &Quantization,
    integers: &[IntegerLayer; 5],
    index: usize,
    channel: usize,
) -> [u32; SCALE_WORDS] {
    let layer = &integers[index];
    let (weights, bias) = layout.channel(index, channel);
    let input =
        index.checked_sub(1).map_or(PIXEL_STEPS, |input| largest_activation(integers[input].activation_bits));
    let halves = |word: u64| [word as u32, (word >> 32) as u32];
    let [scale, scale_high] = halves(quantization.scale(index, channel).to_bits());
    let [unit, unit_high] = halves(layer.units[channel].to_bits());
    let rounding = layer.requants.get(channel).map_or(0, |requant| Requant::rounding(*requant));
    let [rounding, rounding_high] = halves(rounding.cast_unsigned());
    let place = |place: usize| u32::try_from(place).expect("a place among the parameters");
    [
        scale,
        scale_high,
        unit,
        unit_high,
        rounding,
        rounding_high,
        place(weights.start),
        place(bias),
        place(weights.len()),
        layer.bits.step().unsigned_abs().into(),
        layer.bits.largest().unsigned_abs().into(),
        input.into(),
    ]
}

/// Returns what the kernels need of the requantizations of a hidden layer.
fn requantization_words(layer: &IntegerLayer) -> impl Iterator<Item = u32> {
    let fake_quantize = FakeQuantize::new(layer.requants.clone(), layer.activation_bits);
    let largest = largest_activation(layer.activation_bits);
    let words = move |channel: usize| -> [u32; REQUANTIZATION_WORDS] {
        let requant = layer.requants[channel];
        [
            requant.multiplier().into(),
            requant.pre_shift().into(),
            fake_quantize.factor(channel).to_bits(),
            largest.into(),
        ]
    };
    (0..layer.requants.len()).flat_map(words)
}

#[cfg(test)]
impl Quantized {
    /// Returns the quantized parameters.
    pub(super) fn integers(&self, layout: &Layout) -> Result<crate::model::weights::FloatWeights, CudaError> {
        Ok(layout.split(&self.parameters.download(0..layout.len)?))
    }
}
