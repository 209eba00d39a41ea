//! The f32 network on dfdx, built from the sizes in [`lenet_core::shape`].

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

/// Grey level that a network takes as 1, as PyTorch's `ToTensor` scales it.
pub(crate) const MAX_GRAY_LEVEL: f32 = PIXEL_STEPS as f32;

/// batch x classes.
pub type Logits<D, T> = Tensor<(usize, Classes), f32, D, T>;

/// The five layers: conv1, conv2, fc1, fc2, fc3. A convolution is a linear map of each 5x5 patch, so its
/// parameters have that shape; the initial values are PyTorch's (uniform within 1 / sqrt(fan-in)).
pub type Layers<D> = (
    Linear<CONV1_TAPS, CONV1_CHANNELS, f32, D>,
    Linear<CONV2_TAPS, CONV2_CHANNELS, f32, D>,
    Linear<POOL2_LEN, FC1_OUTPUTS, f32, D>,
    Linear<FC1_OUTPUTS, FC2_OUTPUTS, f32, D>,
    OutputLayer<f32, D>,
);

/// The network on a device.
pub struct Network<D: Backend> {
    device: D,
    conv_indices: D::ConvIndices,
    /// The parameters.
    pub layers: Layers<D>,
    /// In a network whose parameters are integers.
    fake_quantize: Option<NetworkFakeQuantize<D>>,
}

impl<D: Backend> Network<D> {
    /// A network of so many classes with initial weights drawn from the device's seed.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub fn new(device: D, classes: usize) -> Result<Self, D::Err> {
        // The order is that of the draws from the seed.
        let (conv1, conv2, fc1, fc2) = BuildModule::try_build(&device)?;
        let fc3 = OutputLayer::new(&device, classes)?;
        Ok(Network {
            conv_indices: device.conv_indices()?,
            layers: (conv1, conv2, fc1, fc2, fc3),
            fake_quantize: None,
            device,
        })
    }

    /// A network in integers: the integer engine's numbers, kept as f32.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(crate) fn from_integers(device: D, integers: &[IntegerLayer; 5]) -> Result<Self, D::Err> {
        let fake_quantize = NetworkFakeQuantize::new(&device, integers)?;
        let mut network = Network::new(device, integers[4].biases.len())?;
        network.fake_quantize = Some(fake_quantize);
        network.set_integers(integers);
        Ok(network)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        let (.., fc3) = &self.layers;
        fc3.classes()
    }

    /// The device it runs on.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// How it rounds, if it is a network in integers.
    pub(crate) fn fake_quantize(&self) -> Option<&NetworkFakeQuantize<D>> {
        self.fake_quantize.as_ref()
    }

    /// A batch of images on the device.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(crate) fn upload(&self, images: &[[u8; IMAGE_PIXELS]]) -> Result<Pixels<D>, D::Err> {
        let mut values = vec![0.0; images.len() * IMAGE_PIXELS];
        values.par_chunks_exact_mut(IMAGE_PIXELS).zip(images).for_each(|(values, image)| {
            for (value, &pixel) in values.iter_mut().zip(image) {
                *value = f32::from(pixel) / MAX_GRAY_LEVEL;
            }
        });
        self.device.try_tensor_from_vec(values, (images.len(), Const))
    }

    /// Pixels in the unit that the first layer takes: as they are, or in a network in integers their grey levels.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(crate) fn scale_pixels(&self, pixels: Pixels<D>) -> Result<Pixels<D>, D::Err> {
        if self.fake_quantize.is_some() { pixels.try_mul(MAX_GRAY_LEVEL) } else { Ok(pixels) }
    }

    /// One logit a class for each image, recorded on `tape`, in nats.
    ///
    /// # Errors
    ///
    /// What the device reports, out of memory for one.
    pub fn logits<T: Tape<f32, D>>(&self, pixels: Pixels<D>, tape: T) -> Result<Logits<D, T>, D::Err> {
        let fake_quantize = self.fake_quantize.as_ref();
        let convolutions = fake_quantize.map(NetworkFakeQuantize::convolutions);
        let pixels = self.scale_pixels(pixels)?;
        let (conv1, conv2, ..) = &self.layers;
        let features =
            D::features(&self.conv_indices, &ConvLayers { conv1, conv2 }, pixels, tape, convolutions)?;
        fully_connected(&self.layers, features, fake_quantize)
    }

    /// The parameters as plain numbers.
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
    /// If a length is not the network's.
    pub fn set_weights(&mut self, weights: &FloatWeights) {
        let (conv1, conv2, fc1, fc2, fc3) = &mut self.layers;
        write(conv1, &weights.conv1);
        write(conv2, &weights.conv2);
        write(fc1, &weights.fc1);
        write(fc2, &weights.fc2);
        fc3.weight.copy_from(&weights.fc3.weight);
        fc3.bias.copy_from(&weights.fc3.bias);
    }

    /// Replaces the parameters of a network in integers by others of the same quantization.
    pub(crate) fn set_integers(&mut self, integers: &[IntegerLayer; 5]) {
        let layer = |layer: &IntegerLayer| Affine {
            weight: layer.weights.iter().map(|&weight| f32::from(weight)).collect(),
            bias: layer.biases.iter().map(|&bias| bias as f32).collect(),
        };
        let [conv1, conv2, fc1, fc2, fc3] = integers.each_ref().map(layer);
        self.set_weights(&FloatWeights { conv1, conv2, fc1, fc2, fc3 });
    }
}

/// How a whole network in integers rounds on a device.
pub struct NetworkFakeQuantize<D: Backend> {
    /// Of `conv1`, `conv2`, `fc1` and `fc2`.
    pub(crate) hidden: [D::FakeQuantizer; 4],
    /// The real value, in nats, of a unit of the logits.
    pub(crate) logit_unit: f32,
}

impl<D: Backend> NetworkFakeQuantize<D> {
    /// The rounding of a quantized network.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
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

    /// Of both convolutions.
    pub(crate) fn convolutions(&self) -> [&D::FakeQuantizer; 2] {
        [&self.hidden[0], &self.hidden[1]]
    }
}

/// The three fully-connected layers.
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

/// A fully-connected layer and its ReLU, or its rounding.
pub(crate) fn hidden<const I: usize, const O: usize, D: Backend, T: Tape<f32, D>>(
    layer: &Linear<I, O, f32, D>,
    input: Batch<I, D, T>,
    fake_quantizer: Option<&D::FakeQuantizer>,
) -> Result<Batch<O, D, T>, D::Err> {
    let sums = layer.try_forward(input)?;
    match fake_quantizer {
        Some(fake_quantizer) => D::fake_quantize(fake_quantizer, sums),
        None => sums.try_relu(),
    }
}

fn read<const I: usize, const O: usize, D: Device<f32>>(layer: &Linear<I, O, f32, D>) -> Affine {
    Affine { weight: layer.weight.as_vec(), bias: layer.bias.as_vec() }
}

fn write<const I: usize, const O: usize, D: Device<f32>>(layer: &mut Linear<I, O, f32, D>, values: &Affine) {
    layer.weight.copy_from(&values.weight);
    layer.bias.copy_from(&values.bias);
}
