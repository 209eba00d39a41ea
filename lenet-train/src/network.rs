//! The f32 network on dfdx, built from the sizes in [`lenet_core::shape`].

use crate::conv_block;
use crate::output_layer::{Classes, OutputLayer};
use crate::quantize::IntegerLayer;
use crate::rounding::{NetworkRounding, Rounding};
use crate::weights::{Affine, FloatWeights};
use dfdx::nn::modules::Linear;
use dfdx::nn::{BuildModule, Module};
use dfdx::prelude::{Const, Cpu, Device, Storage, Tape, Tensor, TryMul};
use lenet_core::requant::PIXEL_STEPS;
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, IMAGE_PIXELS, POOL2_LEN,
};
use rayon::prelude::*;

/// Grey level that a network takes as 1, as PyTorch's `ToTensor` scales it.
pub(crate) const WHITE: f32 = PIXEL_STEPS as f32;

/// A batch of images: batch x 784 pixels, row by row, 0 to 1.
pub type Pixels<D> = Tensor<(usize, Const<IMAGE_PIXELS>), f32, D>;
/// batch x classes.
pub type Logits<D, T> = Tensor<(usize, Classes), f32, D, T>;
/// batch x 256, channel by channel (CHW), as PyTorch flattens.
pub type Features<D, T> = Tensor<(usize, Const<POOL2_LEN>), f32, D, T>;

/// The five layers: conv1, conv2, fc1, fc2, fc3. A convolution is a linear map of each 5x5 patch, so its
/// parameters have that shape; the initial values are PyTorch's (uniform within 1 / sqrt(fan-in)).
pub type Layers<D> = (
    Linear<CONV1_TAPS, CONV1_CHANNELS, f32, D>,
    Linear<CONV2_TAPS, CONV2_CHANNELS, f32, D>,
    Linear<POOL2_LEN, FC1_OUTPUTS, f32, D>,
    Linear<FC1_OUTPUTS, FC2_OUTPUTS, f32, D>,
    OutputLayer<f32, D>,
);

/// Both convolutions.
pub struct ConvLayers<'a, D: Device<f32>> {
    /// 6 x 1 x 5 x 5.
    pub conv1: &'a Linear<CONV1_TAPS, CONV1_CHANNELS, f32, D>,
    /// 16 x 6 x 5 x 5.
    pub conv2: &'a Linear<CONV2_TAPS, CONV2_CHANNELS, f32, D>,
}

/// A device that the network runs on: dfdx's, and how it convolves.
pub trait ConvDevice: Device<f32> {
    /// `cpu` or `cuda`.
    const NAME: &'static str;
    /// Whether a run's images stay on the device, and are augmented there.
    const KEEPS_IMAGES: bool;
    /// What the convolutions need beside the weights, made once.
    type Plan;
    /// What the rounding of a hidden layer needs, made once.
    type Rounder;

    /// Makes the plan.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    fn plan(&self) -> Result<Self::Plan, Self::Err>;

    /// Makes what rounds as `rounding`.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    fn rounder(&self, rounding: Rounding) -> Result<Self::Rounder, Self::Err>;

    /// Both convolutional blocks, recorded on `tape`; with `rounders`, in integers, from grey levels 0 to 255.
    ///
    /// # Errors
    ///
    /// What the device reports.
    fn features<T: Tape<f32, Self>>(
        plan: &Self::Plan,
        layers: &Layers<Self>,
        pixels: Pixels<Self>,
        tape: T,
        rounders: Option<[&Self::Rounder; 2]>,
    ) -> Result<Features<Self, T>, Self::Err>;

    /// The activations of a fully-connected layer's accumulators.
    ///
    /// # Errors
    ///
    /// What the device reports.
    fn round<const LEN: usize, T: Tape<f32, Self>>(
        rounder: &Self::Rounder,
        accumulators: Batch<LEN, Self, T>,
    ) -> Result<Batch<LEN, Self, T>, Self::Err>;

    /// Sets subnormal numbers to 0, where they are slow to calculate with.
    fn flush_subnormals(_buffer: &mut <Self as Storage<f32>>::Vec) {}
}

impl ConvDevice for Cpu {
    const NAME: &'static str = "cpu";
    const KEEPS_IMAGES: bool = false;
    type Plan = ();
    type Rounder = Rounding;

    fn plan(&self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn rounder(&self, rounding: Rounding) -> Result<Rounding, Self::Err> {
        Ok(rounding)
    }

    fn features<T: Tape<f32, Self>>(
        (): &(),
        (conv1, conv2, ..): &Layers<Self>,
        pixels: Pixels<Self>,
        tape: T,
        roundings: Option<[&Rounding; 2]>,
    ) -> Result<Features<Self, T>, Self::Err> {
        conv_block::features(&ConvLayers { conv1, conv2 }, roundings, &pixels, tape)
    }

    fn round<const LEN: usize, T: Tape<f32, Self>>(
        rounding: &Rounding,
        accumulators: Batch<LEN, Self, T>,
    ) -> Result<Batch<LEN, Self, T>, Self::Err> {
        rounding.apply(accumulators)
    }

    fn flush_subnormals(buffer: &mut <Self as Storage<f32>>::Vec) {
        buffer.iter_mut().filter(|value| value.is_subnormal()).for_each(|value| *value = 0.0);
    }
}

/// The network on a device.
pub struct Network<D: ConvDevice> {
    device: D,
    plan: D::Plan,
    /// The parameters.
    pub layers: Layers<D>,
    /// In a network whose parameters are integers.
    rounding: Option<NetworkRounding<D>>,
}

impl<D: ConvDevice> Network<D> {
    /// A network of so many classes with initial weights drawn from the device's seed.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub fn new(device: D, classes: usize) -> Result<Self, D::Err> {
        // The order is that of the draws from the seed.
        let (conv1, conv2, fc1, fc2) = BuildModule::try_build(&device)?;
        let fc3 = OutputLayer::new(&device, classes)?;
        Ok(Network { plan: device.plan()?, layers: (conv1, conv2, fc1, fc2, fc3), rounding: None, device })
    }

    /// A network in integers: the integer engine's numbers, kept as f32.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(crate) fn in_integers(device: D, integers: &[IntegerLayer; 5]) -> Result<Self, D::Err> {
        let rounding = NetworkRounding::new(&device, integers)?;
        let mut network = Network::new(device, integers[4].biases.len())?;
        network.rounding = Some(rounding);
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
    pub(crate) fn rounding(&self) -> Option<&NetworkRounding<D>> {
        self.rounding.as_ref()
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
                *value = f32::from(pixel) / WHITE;
            }
        });
        self.device.try_tensor_from_vec(values, (images.len(), Const))
    }

    /// Pixels in the unit that the first layer takes: as they are, or in a network in integers their grey levels.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(crate) fn in_units(&self, pixels: Pixels<D>) -> Result<Pixels<D>, D::Err> {
        if self.rounding.is_some() { pixels.try_mul(WHITE) } else { Ok(pixels) }
    }

    /// One logit a class for each image, recorded on `tape`, in nats.
    ///
    /// # Errors
    ///
    /// What the device reports, out of memory for one.
    pub fn logits<T: Tape<f32, D>>(&self, pixels: Pixels<D>, tape: T) -> Result<Logits<D, T>, D::Err> {
        let rounding = self.rounding.as_ref();
        let convolutions = rounding.map(NetworkRounding::convolutions);
        let pixels = self.in_units(pixels)?;
        let features = D::features(&self.plan, &self.layers, pixels, tape, convolutions)?;
        classify(&self.layers, features, rounding)
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

    /// Replaces the parameters of a network in integers by others of the same grid.
    pub(crate) fn set_integers(&mut self, integers: &[IntegerLayer; 5]) {
        let layer = |layer: &IntegerLayer| Affine {
            weight: layer.weights.iter().map(|&weight| f32::from(weight)).collect(),
            bias: layer.biases.iter().map(|&bias| bias as f32).collect(),
        };
        let [conv1, conv2, fc1, fc2, fc3] = integers.each_ref().map(layer);
        self.set_weights(&FloatWeights { conv1, conv2, fc1, fc2, fc3 });
    }
}

/// The three fully-connected layers.
pub(crate) fn classify<D: ConvDevice, T: Tape<f32, D>>(
    (_, _, fc1, fc2, fc3): &Layers<D>,
    features: Features<D, T>,
    rounding: Option<&NetworkRounding<D>>,
) -> Result<Logits<D, T>, D::Err> {
    let x = hidden(fc1, features, rounding.map(|rounding| &rounding.hidden[2]))?;
    let x = hidden(fc2, x, rounding.map(|rounding| &rounding.hidden[3]))?;
    let logits = fc3.try_forward(x)?;
    match rounding {
        Some(rounding) => logits.try_mul(rounding.logit_unit),
        None => Ok(logits),
    }
}

/// A batch of `LEN` numbers an image.
pub type Batch<const LEN: usize, D, T> = Tensor<(usize, Const<LEN>), f32, D, T>;

/// A fully-connected layer and its ReLU, or its rounding.
pub(crate) fn hidden<const I: usize, const O: usize, D: ConvDevice, T: Tape<f32, D>>(
    layer: &Linear<I, O, f32, D>,
    input: Batch<I, D, T>,
    rounder: Option<&D::Rounder>,
) -> Result<Batch<O, D, T>, D::Err> {
    let sums = layer.try_forward(input)?;
    match rounder {
        Some(rounder) => D::round(rounder, sums),
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
