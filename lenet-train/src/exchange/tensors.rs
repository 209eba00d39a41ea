//! The names and shapes that PyTorch gives the network's ten tensors.

use crate::model::weights::{FloatWeights, LAYERS};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV2_CHANNELS, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_CHANNELS, KERNEL_SIDE, POOL2_LEN,
};

/// The names of the ten tensors, in the order of the network: `conv1.weight`, `conv1.bias` and so on.
pub(super) fn names() -> impl Iterator<Item = String> {
    LAYERS.into_iter().flat_map(|layer| [format!("{layer}.weight"), format!("{layer}.bias")])
}

/// The shapes of the ten tensors of a network of so many classes, in the order of [`names`]. A weight is
/// `[outputs, input channels, rows, columns]` in a convolution and `[outputs, inputs]` in a fully-connected layer.
pub(super) fn shapes(classes: usize) -> impl Iterator<Item = Vec<usize>> {
    let weights = [
        vec![CONV1_CHANNELS, IMAGE_CHANNELS, KERNEL_SIDE, KERNEL_SIDE],
        vec![CONV2_CHANNELS, CONV1_CHANNELS, KERNEL_SIDE, KERNEL_SIDE],
        vec![FC1_OUTPUTS, POOL2_LEN],
        vec![FC2_OUTPUTS, FC1_OUTPUTS],
        vec![classes, FC2_OUTPUTS],
    ];
    weights.into_iter().flat_map(|weight| {
        let bias = vec![weight[0]];
        [weight, bias]
    })
}

/// A tensor of the network.
#[derive(Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// Little-endian f32, the last axis contiguous.
    pub(super) bytes: Vec<u8>,
}

/// The ten tensors, in the order of [`names`].
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub(super) fn tensors(weights: &FloatWeights) -> Vec<Tensor> {
    let values = weights.layers().into_iter().flat_map(|layer| [&layer.weight, &layer.bias]);
    let tensors = names().zip(shapes(weights.classes())).zip(values).map(|((name, shape), values)| {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "numbers in {name}");
        Tensor { name, shape, bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect() }
    });
    tensors.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::test_weights::weights;

    #[test]
    fn the_tensors_have_the_names_and_shapes_of_pytorch() {
        let found: Vec<_> =
            tensors(&weights(7)).into_iter().map(|tensor| (tensor.name, tensor.shape)).collect();
        let expected: [(&str, &[usize]); 10] = [
            ("conv1.weight", &[6, 1, 5, 5]),
            ("conv1.bias", &[6]),
            ("conv2.weight", &[16, 6, 5, 5]),
            ("conv2.bias", &[16]),
            ("fc1.weight", &[120, 256]),
            ("fc1.bias", &[120]),
            ("fc2.weight", &[84, 120]),
            ("fc2.bias", &[84]),
            ("fc3.weight", &[7, 84]),
            ("fc3.bias", &[7]),
        ];
        assert_eq!(found, expected.map(|(name, shape)| (name.to_owned(), shape.to_vec())));
    }

    #[test]
    #[should_panic(expected = "numbers in fc1.bias")]
    fn weights_of_another_network_are_a_bug_of_the_caller() {
        let mut weights = weights(7);
        weights.fc1.bias.pop();
        tensors(&weights);
    }
}
