//! The network as dfdx layers, with the sizes of [`lenet_core::shape`].

use super::integers::IntegerLayer;
use super::output_layer::{Classes, OutputLayer};
use super::weights::{Affine, FloatWeights};
use crate::backend::{Backend, Batch, ConvLayers, FakeQuantize, Features, Pixels};
use dfdx::nn::modules::Linear;
use dfdx::nn::{BuildModule, Module};
use dfdx::prelude::{Const, Device, Tape, Tensor, TryMul};
use lenet_core::requant::PIXEL_STEPS;
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_PIXELS, POOL2_LEN,
};
use rayon::prelude::*;

/// The gray level that the f32 network takes as 1.0: pixels are scaled as by PyTorch's `ToTensor`.
pub(crate) const MAX_GRAY_LEVEL: f32 = PIXEL_STEPS as f32;

/// The logits of a batch: images x classes.
pub type Logits<D, T> = Tensor<(usize, Classes), f32, D, T>;

/// The five layers: conv1, conv2, fc1, fc2, fc3.
///
/// A convolution is a linear map of each 5x5 patch, so its parameters are those of a linear layer. The initial values are
/// drawn as in PyTorch, uniformly within 1 / sqrt(fan-in).
pub type Layers<D> = (
    Linear<CONV1_TAPS, CONV1_CHANNELS, f32, D>,
    Linear<CONV2_TAPS, CONV2_CHANNELS, f32, D>,
    Linear<POOL2_LEN, FC1_OUTPUTS, f32, D>,
    Linear<FC1_OUTPUTS, FC2_OUTPUTS, f32, D>,
    OutputLayer<f32, D>,
);

/// A network on a device: the f32 network, or an integer network.
///
/// An integer network has the parameters of the quantized model, stored as f32, and fake-quantizes its activations. Its
/// results are those of the integer engine.
pub struct Network<D: Backend> {
    device: D,
    conv_indices: D::ConvIndices,
    /// The layers with their parameters.
    pub layers: Layers<D>,
    /// The fake quantization of an integer network; `None` in an f32 network.
    fake_quantize: Option<NetworkFakeQuantize<D>>,
}

impl<D: Backend> Network<D> {
    /// Creates an f32 network with `classes` outputs and initial weights drawn from the device's seed.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub fn new(device: D, classes: usize) -> Result<Self, D::Err> {
        // The order decides which random numbers each layer gets.
        let (conv1, conv2, fc1, fc2) = BuildModule::try_build(&device)?;
        let fc3 = OutputLayer::new(&device, classes)?;
        Ok(Network {
            conv_indices: device.conv_indices()?,
            layers: (conv1, conv2, fc1, fc2, fc3),
            fake_quantize: None,
            device,
        })
    }

    /// Creates an integer network from quantized layers.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub(crate) fn from_integers(device: D, integers: &[IntegerLayer; 5]) -> Result<Self, D::Err> {
        let fake_quantize = NetworkFakeQuantize::new(&device, integers)?;
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

    /// Returns the device that the network runs on.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// Returns the fake quantization of an integer network, `None` for an f32 network.
    pub(crate) fn fake_quantize(&self) -> Option<&NetworkFakeQuantize<D>> {
        self.fake_quantize.as_ref()
    }

    /// Uploads a batch of images as pixels from 0 to 1.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub(crate) fn upload(&self, images: &[[u8; IMAGE_PIXELS]]) -> Result<Pixels<D>, D::Err> {
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
    /// Returns the device's error, for example out of memory.
    pub(crate) fn scale_pixels(&self, pixels: Pixels<D>) -> Result<Pixels<D>, D::Err> {
        if self.fake_quantize.is_some() { pixels.try_mul(MAX_GRAY_LEVEL) } else { Ok(pixels) }
    }

    /// Runs a batch of pixels, 0 to 1, through the network. Returns one logit per class for each image, in nats, and
    /// records the operations on `tape`.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub fn logits<T: Tape<f32, D>>(&self, pixels: Pixels<D>, tape: T) -> Result<Logits<D, T>, D::Err> {
        let fake_quantize = self.fake_quantize.as_ref();
        let convolutions = fake_quantize.map(NetworkFakeQuantize::convolutions);
        let pixels = self.scale_pixels(pixels)?;
        let (conv1, conv2, ..) = &self.layers;
        let features =
            D::features(&self.conv_indices, &ConvLayers { conv1, conv2 }, pixels, tape, convolutions)?;
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

/// The fake quantization of all layers of a network, on a device.
pub struct NetworkFakeQuantize<D: Backend> {
    /// The fake quantizers of `conv1`, `conv2`, `fc1` and `fc2`.
    pub(crate) hidden: [D::FakeQuantizer; 4],
    /// The real value of one unit of the integer logits, in nats.
    pub(crate) logit_unit: f32,
}

impl<D: Backend> NetworkFakeQuantize<D> {
    /// Uploads the fake quantization of the given layers.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub(crate) fn new(device: &D, [conv1, conv2, fc1, fc2, fc3]: &[IntegerLayer; 5]) -> Result<Self, D::Err> {
        let fake_quantizer = |layer: &IntegerLayer| {
            device.fake_quantizer(FakeQuantize::new(layer.requants.clone(), layer.activation_bits))
        };
        Ok(NetworkFakeQuantize {
            hidden: [
                fake_quantizer(conv1)?,
                fake_quantizer(conv2)?,
                fake_quantizer(fc1)?,
                fake_quantizer(fc2)?,
            ],
            logit_unit: fc3.units[0] as f32,
        })
    }

    /// Returns the fake quantizers of both convolutions.
    pub(crate) fn convolutions(&self) -> [&D::FakeQuantizer; 2] {
        [&self.hidden[0], &self.hidden[1]]
    }
}

/// Runs the three fully-connected layers on the features. Returns the logits, in nats.
pub(crate) fn fully_connected<D: Backend, T: Tape<f32, D>>(
    (_, _, fc1, fc2, fc3): &Layers<D>,
    features: Features<D, T>,
    fake_quantize: Option<&NetworkFakeQuantize<D>>,
) -> Result<Logits<D, T>, D::Err> {
    let x = hidden(fc1, features, fake_quantize.map(|fake_quantize| &fake_quantize.hidden[2]))?;
    let x = hidden(fc2, x, fake_quantize.map(|fake_quantize| &fake_quantize.hidden[3]))?;
    let logits = fc3.try_forward(x)?;
    match fake_quantize {
        Some(fake_quantize) => logits.try_mul(fake_quantize.logit_unit),
        None => Ok(logits),
    }
}

/// Runs a hidden fully-connected layer, followed by the ReLU or, in an integer network, by fake quantization.
pub(crate) fn hidden<const I: usize, const O: usize, D: Backend, T: Tape<f32, D>>(
    layer: &Linear<I, O, f32, D>,
    input: Batch<I, D, T>,
    fake_quantizer: Option<&D::FakeQuantizer>,
) -> Result<Batch<O, D, T>, D::Err> {
    let accumulators = layer.try_forward(input)?;
    match fake_quantizer {
        Some(fake_quantizer) => D::fake_quantize(fake_quantizer, accumulators),
        None => accumulators.try_relu(),
    }
}

fn read<const I: usize, const O: usize, D: Device<f32>>(layer: &Linear<I, O, f32, D>) -> Affine {
    Affine { weight: layer.weight.as_vec(), bias: layer.bias.as_vec() }
}

fn write<const I: usize, const O: usize, D: Device<f32>>(layer: &mut Linear<I, O, f32, D>, values: &Affine) {
    layer.weight.copy_from(&values.weight);
    layer.bias.copy_from(&values.bias);
}
