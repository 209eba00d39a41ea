use super::*;
use crate::model::activations::Activations;
use crate::model::integers::IntegerLayer;
use crate::model::network::{Network, hidden};
use crate::model::weights::{Affine, FloatWeights, layer_shapes};
use crate::quantize::{Quantization, quantize_weights};
use crate::test_images::synthetic;
use dfdx::prelude::{Backward, Const, NoneTape, SumTo, Trace};
use lenet_core::shape::{CLASSES, FC1_OUTPUTS, IMAGE_PIXELS, POOL2_LEN};
use lenet_infer::Engine;

/// Activation ranges that clip some activations of an untrained network.
const RANGES: [f64; 4] = [0.5, 0.4, 0.3, 0.2];

fn weights() -> FloatWeights {
    Network::new(Cpu::seed_from_u64(7), CLASSES).unwrap().weights()
}

fn quantization(bits: &str) -> Quantization {
    Quantization::new(&weights(), RANGES, bits.parse().unwrap())
}

fn integer_network(quantization: &Quantization) -> Network {
    Network::from_integers(Cpu::default(), &quantization.integers(&weights()).unwrap()).unwrap()
}

/// The accumulators of a convolution of a CHW image, computed in integers as in the definition.
fn convolve(layer: &IntegerLayer, input: &[i32], side: usize) -> Vec<i32> {
    let (out, taps) = (side - 4, layer.weights.len() / layer.biases.len());
    let sum = |index: usize| {
        let (output, y, x) = (index / (out * out), index / out % out, index % out);
        let product = |tap: usize| {
            let (channel, row, column) = (tap / 25, tap / 5 % 5, tap % 5);
            i32::from(layer.weights[output * taps + tap])
                * input[(channel * side + y + row) * side + x + column]
        };
        layer.biases[output] + (0..taps).map(product).sum::<i32>()
    };
    (0..layer.biases.len() * out * out).map(sum).collect()
}

/// The activations of the largest accumulator of each 2x2 window.
fn pool(layer: &IntegerLayer, accumulators: &[i32], side: usize) -> Vec<i32> {
    let pooled = side / 2;
    let activation = |index: usize| {
        let (channel, y, x) = (index / (pooled * pooled), index / pooled % pooled, index % pooled);
        let first = (channel * side + 2 * y) * side + 2 * x;
        let largest =
            [0, 1, side, side + 1].map(|offset| accumulators[first + offset]).into_iter().max().unwrap();
        let max = largest_activation(layer.activation_bits);
        i32::from(layer.requants[channel].activation(largest, max))
    };
    (0..layer.biases.len() * pooled * pooled).map(activation).collect()
}

fn dense(layer: &IntegerLayer, input: &[i32]) -> Vec<i32> {
    let rows = layer.weights.chunks_exact(input.len()).zip(&layer.biases);
    rows.map(|(row, bias)| bias + row.iter().zip(input).map(|(&w, x)| i32::from(w) * x).sum::<i32>())
        .collect()
}

fn requantized(layer: &IntegerLayer, accumulators: Vec<i32>) -> Vec<i32> {
    let max = largest_activation(layer.activation_bits);
    accumulators
        .iter()
        .zip(&layer.requants)
        .map(|(&accumulator, requant)| i32::from(requant.activation(accumulator, max)))
        .collect()
}

/// The outputs of every layer for one image, as in the definition of the layers.
fn by_definition(layers: &[IntegerLayer; 5], image: &[u8; IMAGE_PIXELS]) -> [Vec<i32>; 5] {
    let [conv1, conv2, fc1, fc2, fc3] = layers;
    let pixels: Vec<i32> = image.iter().map(|&pixel| i32::from(pixel)).collect();
    let pool1 = pool(conv1, &convolve(conv1, &pixels, 28), 24);
    let pool2 = pool(conv2, &convolve(conv2, &pool1, 12), 8);
    let after_fc1 = requantized(fc1, dense(fc1, &pool2));
    let after_fc2 = requantized(fc2, dense(fc2, &after_fc1));
    let logits = dense(fc3, &after_fc2);
    [pool1, pool2, after_fc1, after_fc2, logits]
}

#[test]
fn every_layer_of_an_integer_network_gives_the_integers_of_the_definition_and_of_the_engine() {
    let images = synthetic(30).images;
    for bits in ["8", "4", "conv=8,fc=4,activations=7", "fc=8,conv2=4,activations=4"] {
        let quantization = quantization(bits);
        let layers = quantization.integers(&weights()).unwrap();
        let all = Activations::of_network(&integer_network(&quantization), &images);
        let found = [&all.pool1, &all.pool2, &all.fc1, &all.fc2, &all.logits];
        let model = quantize_weights(&weights(), &quantization).unwrap();
        let model = model.model();
        let mut engine = Engine::new(&model);
        for (index, image) in images.iter().enumerate() {
            let expected = by_definition(&layers, image);
            for (layer, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let found: Vec<i32> = found[index * expected.len()..][..expected.len()]
                    .iter()
                    .map(|&value| value as i32)
                    .collect();
                assert_eq!(&found, expected, "layer {layer}, {bits} bits");
            }
            assert_eq!(engine.classify(image).logits[..], expected[4], "{bits} bits");
        }
    }
}

#[test]
fn an_integer_network_takes_every_gray_level_exactly() {
    let images: [[u8; IMAGE_PIXELS]; 1] = [std::array::from_fn(|index| index as u8)];
    let network = integer_network(&quantization("8"));
    let pixels = network.scale_pixels(network.upload(&images).unwrap()).unwrap();
    assert_eq!(
        pixels.as_vec(),
        images.as_flattened().iter().map(|&level| f32::from(level)).collect::<Vec<_>>()
    );
}

#[test]
fn the_gradient_passes_between_the_ends_of_the_range_and_nowhere_else() {
    let requant = Requant::new(32_768, 2).unwrap();
    let fake_quantize =
        FakeQuantize { requants: vec![requant], factors: vec![factor(&requant)], largest: 15 };
    assert_eq!(fake_quantize.factor(0), 1.0 / 1_024.0);
    let accumulators = [-5_000.0, 0.0, 1_023.0, 1_024.0, 16_383.0, 16_384.0, 1e6];
    let expected =
        [(0.0, false), (0.0, false), (0.0, true), (1.0, true), (15.0, true), (15.0, false), (15.0, false)];
    assert_eq!(accumulators.map(|accumulator| fake_quantize.activation(0, accumulator)), expected);

    let device = Cpu::default();
    let batch: Batch<1, NoneTape> = device.tensor_from_vec(accumulators.to_vec(), (7, Const));
    let activations = fake_quantize.apply(batch.leaky_trace()).unwrap();
    assert_eq!(activations.as_vec(), expected.map(|(activation, _)| activation));
    let gradients = activations.sum().backward();
    let slopes = expected.map(|(_, passes)| if passes { 1.0 / 1_024.0 } else { 0.0 });
    assert_eq!(gradients.get(&batch).as_vec(), slopes);
}

/// Parameters given by functions: `weight` of layer, output and tap, and `bias` of layer and output.
fn extreme(weight: impl Fn(usize, usize, usize) -> f32, bias: impl Fn(usize, usize) -> f32) -> FloatWeights {
    let mut layers = layer_shapes(CLASSES).into_iter().enumerate().map(|(layer, [outputs, taps])| Affine {
        weight: (0..outputs * taps).map(|index| weight(layer, index / taps, index % taps)).collect(),
        bias: (0..outputs).map(|output| bias(layer, output)).collect(),
    });
    let [conv1, conv2, fc1, fc2, fc3] = std::array::from_fn(|_| layers.next().unwrap());
    FloatWeights { conv1, conv2, fc1, fc2, fc3 }
}

/// Networks with extreme accumulators. Some have equal weights, for which images full of ink give the largest accumulators;
/// others have weights of both signs, and channels that are dead or constant.
fn extremes() -> Vec<FloatWeights> {
    let sign = |place: usize| if place.is_multiple_of(2) { 1.0 } else { -1.0 };
    vec![
        extreme(|_, _, _| 0.5, |_, _| 0.1),
        extreme(|_, _, _| 0.5, |_, _| -0.1),
        extreme(
            |layer, _, _| if layer == 2 { -4.5e-4 } else { 0.5 },
            |layer, _| [1.0, 1.0, 3.8, 0.1, 0.1][layer],
        ),
        extreme(
            |_, output, tap| 0.3 * sign(output * tap),
            |layer, output| if layer == 4 { 0.1 } else { sign(output) * [0.1, 1e9][output / 3 % 2] },
        ),
        extreme(
            |_, output, tap| sign(tap) * [0.4, 1e-20, 1e-30, 0.0, 1e-7][output % 5],
            |layer, output| if layer == 4 { -50.0 } else { [0.1, -0.3, 0.2, -1e30, -2.0][output / 5 % 5] },
        ),
    ]
}

#[test]
fn the_logits_of_networks_with_extreme_accumulators_are_those_of_the_engine() {
    let columns = std::array::from_fn(|pixel| if pixel.is_multiple_of(2) { u8::MAX } else { 0 });
    let images: Vec<_> = [[u8::MAX; IMAGE_PIXELS], [0; IMAGE_PIXELS], columns]
        .into_iter()
        .chain(synthetic(10).images)
        .collect();
    for (network, weights) in extremes().iter().enumerate() {
        for bits in ["8", "4", "conv=8,fc=4,activations=4"] {
            let quantization = Quantization::new(weights, [4.0; 4], bits.parse().unwrap());
            let layers = quantization.integers(weights).unwrap();
            let integer_network = Network::from_integers(Cpu::default(), &layers).unwrap();
            let all = Activations::of_network(&integer_network, &images);
            let model = quantize_weights(weights, &quantization).unwrap();
            let model = model.model();
            let mut engine = Engine::new(&model);
            for (image, found) in images.iter().zip(all.logits.chunks_exact(CLASSES)) {
                let found: Vec<i32> = found.iter().map(|&logit| logit as i32).collect();
                assert_eq!(found, by_definition(&layers, image)[4], "network {network}, {bits} bits");
                assert_eq!(found, engine.classify(image).logits[..], "network {network}, {bits} bits");
            }
        }
    }
}

#[test]
fn the_inputs_with_the_largest_accumulators_of_fc1_and_fc2_are_quantized_as_by_the_definition() {
    /// For each channel, the inputs with its largest and its smallest accumulator.
    fn worst(layer: &IntegerLayer, largest: f32) -> Vec<f32> {
        let input = |positive: bool| {
            layer.weights.iter().map(move |&weight| if (weight > 0) == positive { largest } else { 0.0 })
        };
        input(true).chain(input(false)).collect()
    }

    for weights in extremes() {
        for bits in ["8", "4", "conv=4,fc=8,activations=5"] {
            let quantization = Quantization::new(&weights, [4.0; 4], bits.parse().unwrap());
            let layers = quantization.integers(&weights).unwrap();
            let network = Network::from_integers(Cpu::default(), &layers).unwrap();
            let (_, _, fc1, fc2, _) = &network.layers;
            let fake_quantizers = &network.fake_quantize().unwrap().hidden;
            let device = network.device();
            let largest = |layer: usize| f32::from(largest_activation(layers[layer].activation_bits));

            let inputs = worst(&layers[2], largest(1));
            let count = inputs.len() / POOL2_LEN;
            let batch: Batch<POOL2_LEN, NoneTape> = device.tensor_from_vec(inputs.clone(), (count, Const));
            let found = hidden(fc1, batch, Some(&fake_quantizers[2])).unwrap().as_vec();
            assert_eq!(found, outputs(&layers[2], &inputs, POOL2_LEN), "fc1, {bits} bits");

            let inputs = worst(&layers[3], largest(2));
            let count = inputs.len() / FC1_OUTPUTS;
            let batch: Batch<FC1_OUTPUTS, NoneTape> = device.tensor_from_vec(inputs.clone(), (count, Const));
            let found = hidden(fc2, batch, Some(&fake_quantizers[3])).unwrap().as_vec();
            assert_eq!(found, outputs(&layers[3], &inputs, FC1_OUTPUTS), "fc2, {bits} bits");
        }
    }
}

/// The activations of a fully-connected layer for inputs of `len` values each, as in the definition.
fn outputs(layer: &IntegerLayer, inputs: &[f32], len: usize) -> Vec<f32> {
    let images = inputs.chunks_exact(len).flat_map(|input| {
        let input: Vec<i32> = input.iter().map(|&value| value as i32).collect();
        requantized(layer, dense(layer, &input))
    });
    images.map(|activation| activation as f32).collect()
}
