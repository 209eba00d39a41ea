//! The integers that a device computes with in quantization-aware training.

use crate::backend::cuda::Cuda;
use crate::model::activations::Activations;
use crate::model::network::Network;
use crate::model::weights::FloatWeights;
use crate::test_device::Open;
use crate::train::Trainer;
use dfdx::prelude::Cpu;
use lenet_core::shape::IMAGE_PIXELS;

/// A device whose integers can be read.
pub(super) trait Integers: Open {
    /// Quantizes `weights` as `trainer` does. Returns the parameters of the quantized network, in the order of the layers, and
    /// then what its layers give for `images`, the first training images: the activations, and the logits in nats.
    fn integers(
        trainer: &mut Trainer<'_, Self>,
        weights: &FloatWeights,
        images: &[[u8; IMAGE_PIXELS]],
    ) -> Vec<Vec<f32>>;
}

impl Integers for Cpu {
    fn integers(
        trainer: &mut Trainer<'_, Self>,
        weights: &FloatWeights,
        images: &[[u8; IMAGE_PIXELS]],
    ) -> Vec<Vec<f32>> {
        let integers = trainer.quantization().expect("quantized weights").integers(weights).unwrap();
        let network = Network::from_integers(Cpu::default(), &integers).unwrap();
        let mut activations = Activations::of_network(&network, images);
        let unit = integers[4].units[0] as f32;
        activations.logits.iter_mut().for_each(|logit| *logit *= unit);
        in_order(network.weights(), activations)
    }
}

impl Integers for Cuda {
    fn integers(
        trainer: &mut Trainer<'_, Self>,
        weights: &FloatWeights,
        images: &[[u8; IMAGE_PIXELS]],
    ) -> Vec<Vec<f32>> {
        let (parameters, activations) = trainer.learner.integers(weights, images.len()).unwrap();
        in_order(parameters, activations)
    }
}

fn in_order(parameters: FloatWeights, activations: Activations) -> Vec<Vec<f32>> {
    let Activations { pool1, pool2, fc1, fc2, logits } = activations;
    let parameters = parameters.layers().into_iter().flat_map(|layer| [&layer.weight, &layer.bias]);
    parameters.cloned().chain([pool1, pool2, fc1, fc2, logits]).collect()
}
