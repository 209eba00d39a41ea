//! Computes the scales of a model's integers: `real = integer * scale`.
//!
//! A model file holds only what the engine needs, and the scales follow from it. The scale of the input is 1/255, and that
//! of a hidden activation is its range / (2^bits - 1). A requantization factor is
//! `input scale * weight scale / output scale`. The unit of the logits is `input scale * weight scale` in nats, and the
//! confidence requantization holds it.

use lenet_core::Requant;
use lenet_core::model::{Conv, Dense, Hidden, largest_activation};
use lenet_core::requant::PIXEL_STEPS;
use lenet_core::shape::{CONV1_CHANNELS, FC2_OUTPUTS, IMAGE_CHANNELS, KERNEL_SIDE};
use lenet_infer::Model;
use lenet_infer::host::evaluation::logit_scale;

/// The number of steps per unit of an activation range in the metadata.
const RANGE_STEPS: f64 = 65_536.0;

/// One layer of a model.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    /// The shape of its weights, in words.
    pub(crate) shape: String,
    /// The number of weights.
    pub(crate) weights: usize,
    /// Bits per weight.
    pub(crate) weight_bits: u8,
    /// Bits per output activation; `None` for the logits.
    pub(crate) activation_bits: Option<u8>,
    /// Bytes of weights, biases and requants.
    pub(crate) bytes: usize,
    /// The smallest and the largest weight scale over the output channels; `None` if the activation range on either side is
    /// 0, which means unknown.
    pub(crate) weight_scale: Option<[f64; 2]>,
    /// The scale of its output: of the activations, or of the logits in nats.
    pub(crate) output_scale: f64,
    /// One per output channel; none for the logits.
    pub(crate) requants: Vec<Requant>,
}

/// The five layers, in the order of the network.
pub(crate) fn layers(model: &Model<'_>, activation_ranges: [u32; 4]) -> [Layer; 5] {
    let input = 1.0 / f64::from(PIXEL_STEPS);
    let (conv1, conv2, fc1, fc2, fc3) = (model.conv1(), model.conv2(), model.fc1(), model.fc2(), model.fc3());
    let bits =
        [conv1.activation_bits(), conv2.activation_bits(), fc1.activation_bits(), fc2.activation_bits()];
    let mut scales = activation_ranges.map(|range| f64::from(range) / RANGE_STEPS);
    for (scale, bits) in scales.iter_mut().zip(bits) {
        *scale /= f64::from(largest_activation(bits));
    }
    let [pool1, pool2, hidden1, hidden2] = scales;
    [
        conv("conv1", IMAGE_CHANNELS, conv1, [input, pool1]),
        conv("conv2", CONV1_CHANNELS, conv2, [pool1, pool2]),
        dense("fc1", fc1, [pool2, hidden1]),
        dense("fc2", fc2, [hidden1, hidden2]),
        Layer {
            name: "fc3",
            shape: format!("{FC2_OUTPUTS} to {}", fc3.classes()),
            weights: FC2_OUTPUTS * fc3.classes(),
            weight_bits: fc3.weights().bits(),
            activation_bits: None,
            bytes: fc3.weights().as_bytes().len() + fc3.bias_bytes().as_flattened().len(),
            weight_scale: (hidden2 > 0.0).then(|| [logit_scale(model) / hidden2; 2]),
            output_scale: logit_scale(model),
            requants: Vec::new(),
        },
    ]
}

fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
    name: &'static str,
    channels: usize,
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    scales: [f64; 2],
) -> Layer {
    let shape = format!("{KERNEL_SIDE}x{KERNEL_SIDE}, {channels} to {OUT} channels");
    hidden(name, shape, layer, layer.weights().as_bytes(), layer.weights().bits(), TAPS, scales)
}

fn dense<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    name: &'static str,
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    scales: [f64; 2],
) -> Layer {
    let shape = format!("{IN} to {OUT}");
    hidden(name, shape, layer, layer.weights().as_bytes(), layer.weights().bits(), IN, scales)
}

/// `inputs` is the number of weights per output.
fn hidden<W: Copy, const OUT: usize>(
    name: &'static str,
    shape: String,
    layer: &Hidden<'_, W, OUT>,
    weights: &[u8],
    weight_bits: u8,
    inputs: usize,
    [input, output]: [f64; 2],
) -> Layer {
    let requants: Vec<Requant> = layer.requants().iter().collect();
    Layer {
        name,
        shape,
        weights: inputs * OUT,
        weight_bits,
        activation_bits: Some(layer.activation_bits()),
        bytes: weights.len() + OUT * (size_of::<i32>() + Requant::BYTES),
        weight_scale: weight_scale(&requants, input, output),
        output_scale: output,
        requants,
    }
}

fn weight_scale(requants: &[Requant], input: f64, output: f64) -> Option<[f64; 2]> {
    let scale = |requant: &Requant| factor(*requant, Requant::ACTIVATION_SHIFT) * output / input;
    (input > 0.0 && output > 0.0).then(|| ends(requants.iter().map(scale)))
}

/// The smallest and the largest scale.
fn ends(scales: impl Iterator<Item = f64>) -> [f64; 2] {
    scales.fold([f64::INFINITY, 0.0], |[low, high], scale| [low.min(scale), high.max(scale)])
}

fn factor(requant: Requant, shift: u32) -> f64 {
    f64::from(requant.multiplier()) * (-f64::from(shift + u32::from(requant.pre_shift()))).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_core::error;
    use lenet_core::model::{Confidence, Conv1};
    use lenet_core::shape::{CLASSES, parameters};
    use lenet_infer::{SHIPPED, SHIPPED_INT4, SHIPPED_TERNARY};

    /// One per output channel.
    const BIASES: usize = 6 + 16 + 120 + 84 + CLASSES;

    #[test]
    fn the_layers_hold_all_weights_and_have_the_bytes_of_the_format() {
        for (file, bytes) in [
            (&SHIPPED, [192, 2_512, 31_560, 10_668, 880]),
            (&SHIPPED_INT4, [192, 1_312, 16_200, 5_628, 460]),
            (&SHIPPED_TERNARY, [192, 1_312, 7_080, 2_604, 460]),
        ] {
            let layers = layers(&file.model, [1 << 16; 4]);
            assert_eq!(layers.each_ref().map(|layer| layer.bytes), bytes);
            assert_eq!(layers.iter().map(|layer| layer.weights).sum::<usize>(), parameters(CLASSES) - BIASES);
        }
    }

    #[test]
    fn scales_follow_from_the_file() {
        let model = &SHIPPED.model;
        // 2^-10 = 32768 * 2^-(23 + 2), and activation 255 stands for 2, so one step is 2/255.
        let requants = [Requant::new(32_768, 2).unwrap().to_bytes(); CONV1_CHANNELS];
        let (weights, biases) = (model.conv1().weights(), model.conv1().biases().as_bytes());
        let conv1 = Conv1::new(error::Layer::Conv1, weights, biases, &requants, 8).unwrap();
        // 2^-1 of 1/256 nat
        let confidence = Confidence { requant: Requant::new(32_768, 0).unwrap(), threshold: 0 };
        let model = Model::new(conv1, *model.conv2(), *model.fc1(), *model.fc2(), *model.fc3(), confidence);
        let [conv1, .., fc3] = layers(&model, [2 << 16; 4]);
        assert_eq!(conv1.output_scale, 2.0 / 255.0);
        assert_eq!(conv1.weight_scale, Some([2.0 / 1024.0; 2]));
        assert_eq!((logit_scale(&model), fc3.output_scale), (1.0 / 512.0, 1.0 / 512.0));
        assert_eq!(fc3.weight_scale, Some([255.0 / 1024.0; 2]));
    }

    #[test]
    fn a_range_of_zero_leaves_the_weight_scales_on_both_sides_unknown() {
        let known =
            layers(&SHIPPED.model, [1 << 16, 0, 1 << 16, 1 << 16]).map(|layer| layer.weight_scale.is_some());
        assert_eq!(known, [true, false, false, true, true]);
    }
}
