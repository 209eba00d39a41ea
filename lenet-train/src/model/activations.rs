//! The activations of a network on the CPU, for calibration and for the comparison with the integer engine.

use super::network::{Network, NetworkFakeQuantize, hidden};
use super::weights::FloatWeights;
use crate::backend::cpu::conv;
use crate::backend::{Batch, ConvLayers};
use dfdx::nn::Module;
use dfdx::prelude::{Const, Cpu, NoneTape, TensorFromVec};
use lenet_core::shape::{IMAGE_PIXELS, POOL2_LEN};

/// Number of images per forward pass, which bounds the memory for intermediate results.
const BATCH: usize = 500;
/// The only error of dfdx's CPU device is a lack of memory, which ends a Rust program anyway.
const MEMORY: &str = "memory for the activations";

/// The activations of every layer for a set of images, one image after the other.
///
/// All but the logits are 0 or more. The activations of an integer network are integers, and its logits are accumulators.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activations {
    /// After the first block, 864 per image: 6 x 12 x 12, channel by channel (CHW).
    pub pool1: Vec<f32>,
    /// After the second block, 256 per image: 16 x 4 x 4, channel by channel (CHW).
    pub pool2: Vec<f32>,
    /// After `fc1`, 120 per image.
    pub fc1: Vec<f32>,
    /// After `fc2`, 84 per image.
    pub fc2: Vec<f32>,
    /// One per class for each image.
    pub logits: Vec<f32>,
}

impl Activations {
    /// Runs the f32 network with these weights on `images`, on the CPU.
    ///
    /// # Panics
    ///
    /// Panics if a tensor of `weights` has another length than in the network.
    pub fn of(weights: &FloatWeights, images: &[[u8; IMAGE_PIXELS]]) -> Self {
        let mut network = Network::new(Cpu::default(), weights.classes()).expect(MEMORY);
        network.set_weights(weights);
        Self::of_network(&network, images)
    }

    /// Runs `network`, an f32 or an integer network, on `images`.
    pub(crate) fn of_network(network: &Network, images: &[[u8; IMAGE_PIXELS]]) -> Self {
        let mut all = Self::default();
        images.chunks(BATCH).for_each(|batch| all.run(network, batch));
        all
    }

    /// Returns the activations of the four hidden layers, in the order of the network.
    pub fn hidden(&self) -> [&[f32]; 4] {
        [&self.pool1, &self.pool2, &self.fc1, &self.fc2]
    }

    fn run(&mut self, network: &Network, images: &[[u8; IMAGE_PIXELS]]) {
        let (conv1, conv2, fc1, fc2, fc3) = &network.layers;
        let fake_quantize = network.fake_quantize();
        let dense = |index: usize| fake_quantize.map(|fake_quantize| &fake_quantize.hidden[index]);
        let pixels = network.upload(images).and_then(|pixels| network.scale_pixels(pixels));
        let convolutions = fake_quantize.map(NetworkFakeQuantize::convolutions);
        let (pool1, pool2) =
            conv::pooled(&ConvLayers { conv1, conv2 }, convolutions, &pixels.expect(MEMORY).as_vec());
        let features: Batch<POOL2_LEN, NoneTape> =
            network.device().tensor_from_vec(pool2.clone(), (images.len(), Const));
        let after_fc1 = hidden(fc1, features, dense(2)).expect(MEMORY);
        let after_fc2 = hidden(fc2, after_fc1.clone(), dense(3)).expect(MEMORY);
        self.pool1.extend(pool1);
        self.pool2.extend(pool2);
        self.fc1.extend(after_fc1.as_vec());
        self.fc2.extend(after_fc2.as_vec());
        self.logits.extend(fc3.try_forward(after_fc2).expect(MEMORY).as_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::weights::Affine;
    use crate::test_images::synthetic;

    /// Convolution, ReLU and pooling of a CHW image in f64, written as in their definitions.
    fn conv_pool(layer: &Affine, input: &[f64], channels: usize, side: usize) -> Vec<f64> {
        let (out_side, taps) = (side - 4, channels * 25);
        let sum = |output: usize, y: usize, x: usize| {
            let products = (0..taps).map(|tap| {
                let (channel, row, column) = (tap / 25, tap / 5 % 5, tap % 5);
                f64::from(layer.weight[output * taps + tap])
                    * input[(channel * side + y + row) * side + x + column]
            });
            products.sum::<f64>() + f64::from(layer.bias[output])
        };
        let mut pooled = Vec::new();
        for output in 0..layer.bias.len() {
            for y in (0..out_side).step_by(2) {
                for x in (0..out_side).step_by(2) {
                    let window = [(0, 0), (0, 1), (1, 0), (1, 1)];
                    pooled.push(
                        window.map(|(dy, dx)| sum(output, y + dy, x + dx)).into_iter().fold(0.0, f64::max),
                    );
                }
            }
        }
        pooled
    }

    fn dense(layer: &Affine, input: &[f64]) -> Vec<f64> {
        let rows = layer.weight.chunks_exact(input.len()).zip(&layer.bias);
        rows.map(|(row, &bias)| {
            row.iter().zip(input).map(|(&weight, x)| f64::from(weight) * x).sum::<f64>() + f64::from(bias)
        })
        .collect()
    }

    fn relu(values: Vec<f64>) -> Vec<f64> {
        values.into_iter().map(|value| value.max(0.0)).collect()
    }

    fn assert_close(values: &[f32], expected: &[f64]) {
        assert_eq!(values.len(), expected.len());
        for (&value, expected) in values.iter().zip(expected) {
            assert!((f64::from(value) - expected).abs() <= 1e-5, "{value} {expected}");
        }
    }

    #[test]
    fn the_activations_match_the_definition_of_the_layers_for_any_number_of_classes() {
        let set = synthetic(2);
        let second: Vec<f64> = set.images[1].iter().map(|&pixel| f64::from(pixel) / 255.0).collect();
        for classes in [2, 10, 64] {
            let network = Network::new(Cpu::seed_from_u64(5), classes).unwrap();
            let weights = network.weights();
            let all = Activations::of(&weights, &set.images);
            let pool1 = conv_pool(&weights.conv1, &second, 1, 28);
            let pool2 = conv_pool(&weights.conv2, &pool1, 6, 12);
            let fc1 = relu(dense(&weights.fc1, &pool2));
            let fc2 = relu(dense(&weights.fc2, &fc1));
            assert_close(&all.pool1[864..], &pool1);
            assert_close(&all.pool2[256..], &pool2);
            assert_close(&all.fc1[120..], &fc1);
            assert_close(&all.fc2[84..], &fc2);
            assert_close(&all.logits[classes..], &dense(&weights.fc3, &fc2));
            let logits = network.logits(network.upload(&set.images).unwrap(), NoneTape).unwrap();
            assert_eq!(logits.as_vec(), all.logits, "{classes} classes");
        }
    }

    #[test]
    fn each_image_of_several_batches_gets_its_own_activations() {
        let weights = Network::new(Cpu::seed_from_u64(5), 10).unwrap().weights();
        let set = synthetic(BATCH + 3);
        let all = Activations::of(&weights, &set.images);
        let last = Activations::of(&weights, &set.images[BATCH..]);
        assert_eq!(all.pool1.len(), set.len() * 864);
        assert_close(
            &all.logits[BATCH * 10..],
            &last.logits.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(),
        );
    }
}
