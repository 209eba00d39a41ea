use super::*;
use crate::activations::Activations;
use crate::network::Network;
use crate::quantize::{Grid, Provenance, quantize_weights};
use crate::test_images::synthetic;
use crate::weights::FloatWeights;
use dfdx::prelude::{Backward, Cpu, SumTo, TensorFrom, Trace};
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use lenet_infer::AnyEngine;

/// Ranges that clip some activations of an untrained network.
const RANGES: [f64; 4] = [0.5, 0.4, 0.3, 0.2];

fn weights() -> FloatWeights {
    Network::new(Cpu::seed_from_u64(7), CLASSES).unwrap().weights()
}

fn grid(bits: &str) -> Grid {
    Grid::new(&weights(), RANGES, bits.parse().unwrap())
}

fn in_integers(grid: &Grid) -> Network<Cpu> {
    let mut network = Network::new(Cpu::default(), CLASSES).unwrap();
    network.set_integers(&grid.integers(&weights()).unwrap());
    network
}

/// The sums of a convolution of a CHW image, in integers, straight from the definition.
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

/// Activations of the largest sum of each 2x2 window.
fn pool(layer: &IntegerLayer, sums: &[i32], side: usize) -> Vec<i32> {
    let pooled = side / 2;
    let activation = |index: usize| {
        let (channel, y, x) = (index / (pooled * pooled), index / pooled % pooled, index % pooled);
        let first = (channel * side + 2 * y) * side + 2 * x;
        let largest = [0, 1, side, side + 1].map(|offset| sums[first + offset]).into_iter().max().unwrap();
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

fn rounded(layer: &IntegerLayer, sums: Vec<i32>) -> Vec<i32> {
    let max = largest_activation(layer.activation_bits);
    sums.iter().zip(&layer.requants).map(|(&sum, requant)| i32::from(requant.activation(sum, max))).collect()
}

/// What every layer gives for one image.
fn by_definition(layers: &[IntegerLayer; 5], image: &[u8; IMAGE_PIXELS]) -> [Vec<i32>; 5] {
    let [conv1, conv2, fc1, fc2, fc3] = layers;
    let pixels: Vec<i32> = image.iter().map(|&pixel| i32::from(pixel)).collect();
    let pool1 = pool(conv1, &convolve(conv1, &pixels, 28), 24);
    let pool2 = pool(conv2, &convolve(conv2, &pool1, 12), 8);
    let after_fc1 = rounded(fc1, dense(fc1, &pool2));
    let after_fc2 = rounded(fc2, dense(fc2, &after_fc1));
    let logits = dense(fc3, &after_fc2);
    [pool1, pool2, after_fc1, after_fc2, logits]
}

#[test]
fn every_layers_f32_numbers_are_the_integers_of_the_definition_and_of_the_engine() {
    let images = synthetic(30).images;
    for bits in ["8", "4", "conv=8,fc=4,activations=7", "fc=8,conv2=4,activations=4"] {
        let grid = grid(bits);
        let layers = grid.integers(&weights()).unwrap();
        let all = Activations::in_network(&in_integers(&grid), &images);
        let found = [&all.pool1, &all.pool2, &all.fc1, &all.fc2, &all.logits];
        let model = quantize_weights(&weights(), &grid, Provenance::default()).unwrap();
        let mut engine = AnyEngine::new(&model.model());
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
fn the_gradient_passes_between_the_ends_of_the_range_and_nowhere_else() {
    let requant = Requant::new(32_768, 2).unwrap();
    let rounding = Rounding { requants: vec![requant], factors: vec![factor(&requant)], largest: 15 };
    assert_eq!(rounding.factor(0), 1.0 / 1_024.0);
    let accumulators = [-5_000.0, 0.0, 1_023.0, 1_024.0, 16_383.0, 16_384.0, 1e6];
    let expected =
        [(0.0, false), (0.0, false), (0.0, true), (1.0, true), (15.0, true), (15.0, false), (15.0, false)];
    assert_eq!(accumulators.map(|accumulator| rounding.round(0, accumulator)), expected);

    let device = Cpu::default();
    let sums = device.tensor(accumulators);
    let activations = rounding.apply(sums.leaky_trace(), |_| 0).unwrap();
    assert_eq!(activations.as_vec(), expected.map(|(activation, _)| activation));
    let gradients = activations.sum().backward();
    let slopes = expected.map(|(_, passes)| if passes { 1.0 / 1_024.0 } else { 0.0 });
    assert_eq!(gradients.get(&sums).as_vec(), slopes);
}
