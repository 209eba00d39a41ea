//! The network as dfdx layers, with the sizes of [`lenet_core::shape`].

use super::integers::IntegerLayer;
use super::output_layer::{Classes, OutputLayer};
use super::weights::{Affine, FloatWeights};
use crate::backend::cpu::conv;
use crate::backend::{Batch, ConvLayers, FakeQuantize, Features, Pixels};
use dfdx::nn::modules::Linear;
use dfdx::nn::{BuildModule, Module};
use dfdx::prelude::{Const, Cpu, CpuError, Tape, Tensor, TensorFromVec, TryMul};
use lenet_core::requant::PIXEL_STEPS;
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_PIXELS, POOL2_LEN,
};
use rayon::prelude::*;

/// The gray level that the f32 network takes as 1.0: pixels are scaled as by PyTorch's `ToTensor`.
pub(crate) const MAX_GRAY_LEVEL: f32 = PIXEL_STEPS as f32;

/// The logits of a batch: images x classes.
pub type Logits<T> = Tensor<(usize, Classes), f32, Cpu, T>;

/// The five layers: conv1, conv2, fc1, fc2, fc3.
///
/// A convolution is a linear map of each 5x5 patch, so its parameters are those of a linear layer. The initial values are
/// drawn as in PyTorch, uniformly within 1 / sqrt(fan-in).
pub type Layers = (
    Linear<CONV1_TAPS, CONV1_CHANNELS, f32, Cpu>,
    Linear<CONV2_TAPS, CONV2_CHANNELS, f32, Cpu>,
    Linear<POOL2_LEN, FC1_OUTPUTS, f32, Cpu>,
    Linear<FC1_OUTPUTS, FC2_OUTPUTS, f32, Cpu>,
    OutputLayer<f32, Cpu>,
);

/// A network on the CPU: the f32 network, or an integer network.
///
/// An integer network has the parameters of the quantized model, stored as f32, and fake-quantizes its activations. Its
/// results are those of the integer engine.
pub struct Network {
    device: Cpu,
    /// The layers with their parameters.
    pub layers: Layers,
    /// The fake quantization of an integer network; `None` in an f32 network.
    fake_quantize: Option<NetworkFakeQuantize>,
}

impl Network {
    /// Creates an f32 network with `classes` outputs and initial weights drawn from the device's seed.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub fn new(device: Cpu, classes: usize) -> Result<Self, CpuError> {
        // The order decides which random numbers each layer gets.
        let (conv1, conv2, fc1, fc2) = BuildModule::try_build(&device)?;
        let fc3 = OutputLayer::new(&device, classes)?;
        Ok(Network { layers: (conv1, conv2, fc1, fc2, fc3), fake_quantize: None, device })
    }

    /// Creates an integer network from quantized layers.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(crate) fn from_integers(device: Cpu, integers: &[IntegerLayer; 5]) -> Result<Self, CpuError> {
        let fake_quantize = NetworkFakeQuantize::new(integers);
        let mut network = Network::new(device, integers[4].biases.len())?;
        network.fake_quantize = Some(fake_quantize);
        network.set_integers(integers);
        Ok(network)
    }

    /// Returns the number of classes.
    pub fn classes(&self) -> usize {
        let (.., fc3) = &self.layers;
        fc3.classes()
    }

    /// Returns the device of the tensors.
    pub fn device(&self) -> &Cpu {
        &self.device
    }

    /// Returns the fake quantization of an integer network, `None` for an f32 network.
    pub(crate) fn fake_quantize(&self) -> Option<&NetworkFakeQuantize> {
        self.fake_quantize.as_ref()
    }

    /// Uploads a batch of images as pixels from 0 to 1.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(crate) fn upload(&self, images: &[[u8; IMAGE_PIXELS]]) -> Result<Pixels, CpuError> {
        let mut values = vec![0.0; images.len() * IMAGE_PIXELS];
        values.par_chunks_exact_mut(IMAGE_PIXELS).zip(images).for_each(|(values, image)| {
            for (value, &pixel) in values.iter_mut().zip(image) {
                *value = f32::from(pixel) / MAX_GRAY_LEVEL;
            }
        });
        self.device.try_tensor_from_vec(values, (images.len(), Const))
    }

    /// Scales pixels from 0 to 1 to the input of the first layer: unchanged for an f32 network, gray levels from 0 to 255
    /// for an integer network.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub(crate) fn scale_pixels(&self, pixels: Pixels) -> Result<Pixels, CpuError> {
        if self.fake_quantize.is_some() { pixels.try_mul(MAX_GRAY_LEVEL) } else { Ok(pixels) }
    }

    /// Runs a batch of pixels, 0 to 1, through the network. Returns one logit per class for each image, in nats, and
    /// records the operations on `tape`.
    ///
    /// # Errors
    ///
    /// Returns an error if memory runs out.
    pub fn logits<T: Tape<f32, Cpu>>(&self, pixels: Pixels, tape: T) -> Result<Logits<T>, CpuError> {
        let fake_quantize = self.fake_quantize.as_ref();
        let convolutions = fake_quantize.map(NetworkFakeQuantize::convolutions);
        let pixels = self.scale_pixels(pixels)?;
        let (conv1, conv2, ..) = &self.layers;
        let features = conv::features(&ConvLayers { conv1, conv2 }, convolutions, &pixels, tape)?;
        fully_connected(&self.layers, features, fake_quantize)
    }

    /// Returns the parameters as plain numbers.
    pub fn weights(&self) -> FloatWeights {
        let (conv1, conv2, fc1, fc2, fc3) = &self.layers;
        FloatWeights {
            conv1: read(conv1),
            conv2: read(conv2),
            fc1: read(fc1),
            fc2: read(fc2),
            fc3: Affine { weight: fc3.weight.as_vec(), bias: fc3.bias.as_vec() },
        }
    }

    /// Replaces the parameters.
    ///
    /// # Panics
    ///
    /// Panics if a tensor has another length than in the network.
    pub fn set_weights(&mut self, weights: &FloatWeights) {
        let (conv1, conv2, fc1, fc2, fc3) = &mut self.layers;
        write(conv1, &weights.conv1);
        write(conv2, &weights.conv2);
        write(fc1, &weights.fc1);
        write(fc2, &weights.fc2);
        fc3.weight.copy_from(&weights.fc3.weight);
        fc3.bias.copy_from(&weights.fc3.bias);
    }

    /// Replaces the parameters of an integer network by others with the same quantization.
    pub(crate) fn set_integers(&mut self, integers: &[IntegerLayer; 5]) {
        let layer = |layer: &IntegerLayer| Affine {
            weight: layer.weights.iter().map(|&weight| f32::from(weight)).collect(),
            bias: layer.biases.iter().map(|&bias| bias as f32).collect(),
        };
        let [conv1, conv2, fc1, fc2, fc3] = integers.each_ref().map(layer);
        self.set_weights(&FloatWeights { conv1, conv2, fc1, fc2, fc3 });
    }
}

/// The fake quantization of all layers of a network.
pub struct NetworkFakeQuantize {
    /// The fake quantizations of `conv1`, `conv2`, `fc1` and `fc2`.
    pub(crate) hidden: [FakeQuantize; 4],
    /// The real value of one unit of the integer logits, in nats.
    pub(crate) logit_unit: f32,
}

impl NetworkFakeQuantize {
    /// Creates the fake quantization of the given layers.
    pub(crate) fn new([conv1, conv2, fc1, fc2, fc3]: &[IntegerLayer; 5]) -> Self {
        let hidden = [conv1, conv2, fc1, fc2]
            .map(|layer| FakeQuantize::new(layer.requants.clone(), layer.activation_bits));
        NetworkFakeQuantize { hidden, logit_unit: fc3.units[0] as f32 }
    }

    /// Returns the fake quantizations of both convolutions.
    pub(crate) fn convolutions(&self) -> [&FakeQuantize; 2] {
        [&self.hidden[0], &self.hidden[1]]
    }
}

/// Runs the three fully-connected layers on the features. Returns the logits, in nats.
pub(crate) fn fully_connected<T: Tape<f32, Cpu>>(
    (_, _, fc1, fc2, fc3): &Layers,
    features: Features<T>,
    fake_quantize: Option<&NetworkFakeQuantize>,
) -> Result<Logits<T>, CpuError> {
    let x = hidden(fc1, features, fake_quantize.map(|fake_quantize| &fake_quantize.hidden[2]))?;
    let x = hidden(fc2, x, fake_quantize.map(|fake_quantize| &fake_quantize.hidden[3]))?;
    let logits = fc3.try_forward(x)?;
    match fake_quantize {
        Some(fake_quantize) => logits.try_mul(fake_quantize.logit_unit),
        None => Ok(logits),
    }
}

/// Runs a hidden fully-connected layer, followed by the ReLU or, in an integer network, by fake quantization.
pub(crate) fn hidden<const I: usize, const O: usize, T: Tape<f32, Cpu>>(
    layer: &Linear<I, O, f32, Cpu>,
    input: Batch<I, T>,
    fake_quantize: Option<&FakeQuantize>,
) -> Result<Batch<O, T>, CpuError> {
    let accumulators = layer.try_forward(input)?;
    match fake_quantize {
        Some(fake_quantize) => fake_quantize.apply(accumulators),
        None => accumulators.try_relu(),
    }
}

fn read<const I: usize, const O: usize>(layer: &Linear<I, O, f32, Cpu>) -> Affine {
    Affine { weight: layer.weight.as_vec(), bias: layer.bias.as_vec() }
}

fn write<const I: usize, const O: usize>(layer: &mut Linear<I, O, f32, Cpu>, values: &Affine) {
    layer.weight.copy_from(&values.weight);
    layer.bias.copy_from(&values.bias);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_weights_depend_on_the_seed() {
        let [weights, again, other] =
            [1, 1, 2].map(|seed| Network::new(Cpu::seed_from_u64(seed), 10).unwrap().weights());
        assert_eq!(weights, again);
        assert_ne!(weights, other);
    }

    #[test]
    fn weights_are_read_from_a_network_as_they_were_written_bit_by_bit() {
        let mut network = Network::new(Cpu::seed_from_u64(1), 10).unwrap();
        let mut weights = network.weights();
        for layer in weights.layers_mut() {
            layer.weight.reverse();
            layer.bias[..2].copy_from_slice(&[-0.0, f32::from_bits(1)]);
        }
        network.set_weights(&weights);
        let read = network.weights();
        assert_eq!(read, weights);
        assert!(read.layers().iter().all(|layer| layer.bias[0].is_sign_negative()));
    }
}
