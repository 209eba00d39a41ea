//! The parameters of a network in one array.

use crate::model::weights::{Affine, FloatWeights, LAYERS, layer_shapes};
use std::array::from_fn;
use std::ops::Range;

/// Where a layer's parameters are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) weights: Range<usize>,
    pub(super) biases: Range<usize>,
}

/// The order of a network's parameters: layer by layer, first the weights and then the biases.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) classes: usize,
    pub(super) layers: [Place; LAYERS.len()],
    /// The number of parameters.
    pub(super) len: usize,
}

impl Layout {
    pub(super) fn new(classes: usize) -> Self {
        let (shapes, mut len) = (layer_shapes(classes), 0);
        let layers = from_fn(|layer| {
            let [outputs, inputs] = shapes[layer];
            let weights = len..len + outputs * inputs;
            len = weights.end + outputs;
            Place { biases: weights.end..len, weights }
        });
        Layout { classes, layers, len }
    }

    /// Returns the parameters of a network in one array.
    ///
    /// # Panics
    ///
    /// Panics if a tensor has another length than in the network.
    pub(super) fn join(&self, weights: &FloatWeights) -> Vec<f32> {
        let mut all = vec![0.0; self.len];
        for (place, layer) in self.layers.iter().zip(weights.layers()) {
            all[place.weights.clone()].copy_from_slice(&layer.weight);
            all[place.biases.clone()].copy_from_slice(&layer.bias);
        }
        all
    }

    /// Returns the parameters in an array as those of a network.
    pub(super) fn split(&self, all: &[f32]) -> FloatWeights {
        let [conv1, conv2, fc1, fc2, fc3] = from_fn(|layer| {
            let Place { weights, biases } = self.layers[layer].clone();
            Affine { weight: all[weights].to_vec(), bias: all[biases].to_vec() }
        });
        FloatWeights { conv1, conv2, fc1, fc2, fc3 }
    }

    /// Returns the layer and the number within it of each output channel, in order.
    pub(super) fn channels(&self) -> impl Iterator<Item = (usize, usize)> {
        self.layers
            .iter()
            .enumerate()
            .flat_map(|(layer, place)| (0..place.biases.len()).map(move |channel| (layer, channel)))
    }

    /// Returns where an output channel's weights and its bias are.
    pub(super) fn channel(&self, layer: usize, channel: usize) -> (Range<usize>, usize) {
        let Place { weights, biases } = &self.layers[layer];
        let taps = weights.len() / biases.len();
        let first = weights.start + channel * taps;
        (first..first + taps, biases.start + channel)
    }

    /// Returns, for each parameter, twice the number of its output channel, plus 1 for a bias.
    pub(super) fn rows(&self) -> Vec<u32> {
        let mut rows = vec![0; self.len];
        for (row, (layer, channel)) in (0..).zip(self.channels()) {
            let (weights, bias) = self.channel(layer, channel);
            rows[weights].fill(2 * row);
            rows[bias] = 2 * row + 1;
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::Network;
    use dfdx::prelude::Cpu;

    #[test]
    fn joined_parameters_are_split_again_and_each_belongs_to_its_channel() {
        for classes in [2, 10, 64] {
            let weights = Network::new(Cpu::seed_from_u64(1), classes).unwrap().weights();
            let layout = Layout::new(classes);
            let all = layout.join(&weights);
            assert_eq!(layout.split(&all), weights);
            let rows = layout.rows();
            let fc1 = 6 + 16;
            assert_eq!((rows[0], rows[149], rows[150], rows[155]), (0, 10, 1, 11));
            assert_eq!(layout.channel(2, 3).0, 2_572 + 3 * 256..2_572 + 4 * 256);
            assert_eq!(rows[layout.channel(2, 3).0.start], 2 * (fc1 + 3));
            assert_eq!(*rows.last().unwrap(), 2 * (fc1 + 120 + 84 + classes as u32) - 1);
            assert_eq!(all.len(), rows.len());
        }
    }
}
