//! The real numbers behind a model's integers: `real = integer * scale`.
//!
//! A file carries only what the engine needs, but the scales follow from it. The input's is 1/255 and a hidden
//! activation's is its range / 255; a requant's factor is `input * weight / output`, and the logits' unit, which
//! the confidence requant holds, is `input * weight` in nats.

use lenet_core::Requant;
use lenet_core::model::{Conv, Dense};
use lenet_core::quant::PIXEL_STEPS;
use lenet_core::shape::{CLASSES, FC2_OUTPUTS, IMAGE_CHANNELS, KERNEL_SIDE};
use lenet_infer::Model;
use lenet_infer::evaluation::logit_scale;

/// Activation ranges are kept in steps of 1/65536.
const RANGE_STEPS: f64 = 65_536.0;

/// One layer of a model.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    /// The shape of its weights, in words.
    pub(crate) shape: String,
    /// Number of weights.
    pub(crate) weights: usize,
    /// Bytes of weights, biases and requants.
    pub(crate) bytes: usize,
    /// The smallest and the largest over the output channels; `None` beside an activation range of 0, which says
    /// nothing.
    pub(crate) weight_scale: Option<[f64; 2]>,
    /// Of its output: the activations, or the logits in nats.
    pub(crate) output_scale: f64,
    /// One an output channel; none for the logits.
    pub(crate) requants: Vec<Requant>,
}

/// The five layers, in the order of the network.
pub(crate) fn layers(model: &Model<'_>) -> [Layer; 5] {
    let input = 1.0 / f64::from(PIXEL_STEPS);
    let [pool1, pool2, fc1, fc2] =
        model.metadata.activation_ranges.map(|range| f64::from(range) / RANGE_STEPS * input);
    [
        conv("conv1", IMAGE_CHANNELS, &model.conv1, [input, pool1]),
        conv("conv2", model.conv1.biases.iter().len(), &model.conv2, [pool1, pool2]),
        dense("fc1", &model.fc1, [pool2, fc1]),
        dense("fc2", &model.fc2, [fc1, fc2]),
        Layer {
            name: "fc3",
            shape: format!("{FC2_OUTPUTS} to {CLASSES}"),
            weights: FC2_OUTPUTS * CLASSES,
            bytes: FC2_OUTPUTS * CLASSES + size_of::<[i32; CLASSES]>(),
            weight_scale: (fc2 > 0.0).then(|| [logit_scale(model) / fc2; 2]),
            output_scale: logit_scale(model),
            requants: Vec::new(),
        },
    ]
}

fn conv<const TAPS: usize, const OUT: usize>(
    name: &'static str,
    channels: usize,
    layer: &Conv<'_, TAPS, OUT>,
    scales: [f64; 2],
) -> Layer {
    let shape = format!("{KERNEL_SIDE}x{KERNEL_SIDE}, {channels} to {OUT} channels");
    hidden(name, shape, TAPS * OUT, layer.requants.iter().collect(), scales)
}

fn dense<const IN: usize, const OUT: usize>(
    name: &'static str,
    layer: &Dense<'_, IN, OUT>,
    scales: [f64; 2],
) -> Layer {
    hidden(name, format!("{IN} to {OUT}"), IN * OUT, layer.requants.iter().collect(), scales)
}

fn hidden(
    name: &'static str,
    shape: String,
    weights: usize,
    requants: Vec<Requant>,
    [input, output]: [f64; 2],
) -> Layer {
    let weight_scale = |requant: &Requant| factor(*requant, Requant::ACTIVATION_SHIFT) * output / input;
    Layer {
        name,
        shape,
        weights,
        bytes: weights + requants.len() * (size_of::<i32>() + Requant::BYTES),
        weight_scale: (input > 0.0 && output > 0.0).then(|| ends(requants.iter().map(weight_scale))),
        output_scale: output,
        requants,
    }
}

/// The smallest and the largest.
fn ends(scales: impl Iterator<Item = f64>) -> [f64; 2] {
    scales.fold([f64::INFINITY, 0.0], |[low, high], scale| [low.min(scale), high.max(scale)])
}

fn factor(requant: Requant, shift: u32) -> f64 {
    f64::from(requant.multiplier()) * (-f64::from(shift + u32::from(requant.pre_shift()))).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_core::shape::WEIGHTS;
    use lenet_infer::{SHIPPED_MODEL, decode};

    fn shipped() -> Model<'static> {
        decode(SHIPPED_MODEL).unwrap()
    }

    #[test]
    fn the_layers_hold_all_weights_and_have_the_bytes_of_the_format() {
        let layers = layers(&shipped());
        assert_eq!(layers.each_ref().map(|layer| layer.bytes), [192, 2_512, 31_560, 10_668, 880]);
        assert_eq!(layers.iter().map(|layer| layer.weights).sum::<usize>(), WEIGHTS);
    }

    #[test]
    fn scales_follow_from_the_file() {
        let mut model = shipped();
        // 2^-10 = 32768 * 2^-(23 + 2), and activation 255 stands for 2, so one step is 2/255.
        let requants = [Requant::new(32_768, 2).unwrap().to_bytes(); 6];
        model.conv1.requants = lenet_core::model::Requants::new(&requants);
        model.metadata.activation_ranges = [2 << 16; 4];
        // 2^-1 of 1/256 nat
        model.confidence = Requant::new(32_768, 0).unwrap();
        let [conv1, .., fc3] = layers(&model);
        assert_eq!(conv1.output_scale, 2.0 / 255.0);
        assert_eq!(conv1.weight_scale, Some([2.0 / 1024.0; 2]));
        assert_eq!((logit_scale(&model), fc3.output_scale), (1.0 / 512.0, 1.0 / 512.0));
        assert_eq!(fc3.weight_scale, Some([255.0 / 1024.0; 2]));
    }

    #[test]
    fn a_range_of_zero_leaves_the_weight_scales_on_both_sides_unknown() {
        let mut model = shipped();
        model.metadata.activation_ranges = [1 << 16, 0, 1 << 16, 1 << 16];
        let known = layers(&model).map(|layer| layer.weight_scale.is_some());
        assert_eq!(known, [true, false, false, true, true]);
    }
}
