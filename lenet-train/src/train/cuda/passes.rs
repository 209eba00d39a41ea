//! The forward and the backward pass of a network on a GPU, with the memory for their results.

use super::layout::{Layout, Place};
use crate::backend::cuda::launch::{
    CONV_PARAMETERS, Convolutions, Dense, Images, MAX_PARTS, Outputs, Pooled, REQUANTIZATION_WORDS,
};
use crate::backend::cuda::{Buffer, Cuda, CudaError, Slice};
use lenet_core::requant::PIXEL_STEPS;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, FC1_OUTPUTS, FC2_OUTPUTS, POOL1_LEN, POOL2_LEN};
use std::ops::Range;

/// The channels of the hidden layers, in the order of their requantizations.
const FC1_CHANNELS: Range<usize> = CONV1_CHANNELS + CONV2_CHANNELS..FC2_CHANNELS.start;
const FC2_CHANNELS: Range<usize> = CONV1_CHANNELS + CONV2_CHANNELS + FC1_OUTPUTS..HIDDEN_CHANNELS;
/// The number of channels of all hidden layers.
pub(super) const HIDDEN_CHANNELS: usize = CONV1_CHANNELS + CONV2_CHANNELS + FC1_OUTPUTS + FC2_OUTPUTS;

/// A network on a GPU: the f32 network, or an integer network.
#[derive(Clone, Copy)]
pub(super) struct Network<'a> {
    pub(super) parameters: Slice<'a, f32>,
    /// In an integer network.
    pub(super) integers: Option<Integers<'a>>,
}

/// What an integer network has in addition to its parameters.
#[derive(Clone, Copy)]
pub(super) struct Integers<'a> {
    /// Those of all hidden layers, channel by channel.
    pub(super) requantizations: Slice<'a, u32>,
    /// The real value of one unit of the logits, in nats.
    pub(super) logit_unit: f32,
}

impl<'a> Network<'a> {
    /// Returns the real value of one unit of the last layer's sums.
    pub(super) fn logit_unit(self) -> f32 {
        self.integers.map_or(1.0, |integers| integers.logit_unit)
    }

    fn requantizations(self, channels: Range<usize>) -> Option<Slice<'a, u32>> {
        let words = channels.start * REQUANTIZATION_WORDS..channels.end * REQUANTIZATION_WORDS;
        self.integers.map(|integers| integers.requantizations.part(words))
    }

    fn convolutions(self) -> Convolutions<'a> {
        Convolutions {
            parameters: self.parameters.part(0..CONV_PARAMETERS),
            requantizations: self.requantizations(0..FC1_CHANNELS.start),
            white: if self.integers.is_some() { 1.0 } else { f32::from(PIXEL_STEPS) },
        }
    }
}

/// The memory for the results of a batch, and the passes that use it.
pub(super) struct Passes {
    cuda: Cuda,
    layout: Layout,
    pooled1: Buffer<f32>,
    winners1: Buffer<u8>,
    pooled2: Buffer<f32>,
    winners2: Buffer<u8>,
    /// The activations of fc1 and fc2, and their slopes.
    hidden: [Buffer<f32>; 2],
    slopes: [Buffer<f32>; 2],
    /// The gradients of the sums of fc1, fc2 and fc3.
    sum_gradients: [Buffer<f32>; 3],
    pooled2_gradients: Buffer<f32>,
    partial: Buffer<f32>,
    /// The gradients of the parameters.
    gradients: Buffer<f32>,
}

impl Passes {
    /// Allocates the memory for batches of at most `images` images.
    ///
    /// # Errors
    ///
    /// Returns the driver's error, for example out of memory.
    pub(super) fn new(cuda: &Cuda, layout: &Layout, images: usize) -> Result<Self, CudaError> {
        let numbers = |per_image: usize| Buffer::zeros(&cuda.gpu, images * per_image);
        let bytes = |per_image: usize| Buffer::zeros(&cuda.gpu, images * per_image);
        Ok(Passes {
            pooled1: numbers(POOL1_LEN)?,
            winners1: bytes(POOL1_LEN)?,
            pooled2: numbers(POOL2_LEN)?,
            winners2: bytes(POOL2_LEN)?,
            hidden: [numbers(FC1_OUTPUTS)?, numbers(FC2_OUTPUTS)?],
            slopes: [numbers(FC1_OUTPUTS)?, numbers(FC2_OUTPUTS)?],
            sum_gradients: [numbers(FC1_OUTPUTS)?, numbers(FC2_OUTPUTS)?, numbers(layout.classes)?],
            pooled2_gradients: numbers(POOL2_LEN)?,
            partial: Buffer::zeros(&cuda.gpu, images.min(MAX_PARTS) * CONV_PARAMETERS)?,
            gradients: Buffer::zeros(&cuda.gpu, layout.len)?,
            cuda: cuda.clone(),
            layout: layout.clone(),
        })
    }

    /// Returns the gradients of the parameters, which [`backward`](Self::backward) writes.
    pub(super) fn gradients(&self) -> Slice<'_, f32> {
        self.gradients.all()
    }

    /// Returns where the gradients of the sums of the logits are to be written before the backward pass.
    pub(super) fn logit_gradients(&self) -> Slice<'_, f32> {
        self.sum_gradients[2].all()
    }

    /// Runs the forward pass, and writes the logits in nats.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn forward(
        &self,
        images: Images<'_>,
        network: Network<'_>,
        logits: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let (kernels, count, [fc1, fc2, fc3]) =
            (&self.cuda.kernels, images.count, self.dense_layers(network));
        kernels.convolve(images, network.convolutions(), self.pooled())?;
        let outputs = |layer: usize| Outputs::Hidden {
            activations: self.hidden[layer].all(),
            slopes: self.slopes[layer].all(),
        };
        kernels.dense(fc1, count, self.pooled2.all(), outputs(0))?;
        kernels.dense(fc2, count, self.hidden[0].all(), outputs(1))?;
        let logits = Outputs::Logits { logits, unit: network.logit_unit() };
        kernels.dense(fc3, count, self.hidden[1].all(), logits)
    }

    /// Runs the backward pass of the batch of the last forward pass, from the [`logit_gradients`](Self::logit_gradients)
    /// to the [`gradients`](Self::gradients).
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(super) fn backward(&self, images: Images<'_>, network: Network<'_>) -> Result<(), CudaError> {
        let (kernels, count, layers) = (&self.cuda.kernels, images.count, self.dense_layers(network));
        let gradients = self.dense_layers(Network { parameters: self.gradients.all(), integers: None });
        let inputs = [&self.pooled2, &self.hidden[0], &self.hidden[1]].map(Buffer::all);
        let input_gradients =
            [&self.pooled2_gradients, &self.sum_gradients[0], &self.sum_gradients[1]].map(Buffer::all);
        let slopes = [None, Some(self.slopes[0].all()), Some(self.slopes[1].all())];
        for layer in (0..layers.len()).rev() {
            let of_sums = self.sum_gradients[layer].all();
            kernels.dense_parameters(gradients[layer], count, of_sums, inputs[layer])?;
            kernels.dense_inputs(layers[layer], count, of_sums, slopes[layer], input_gradients[layer])?;
        }
        kernels.convolve_backward(
            images,
            network.convolutions(),
            self.pooled(),
            self.pooled2_gradients.all(),
            self.partial.all(),
            self.gradients.all(),
        )
    }

    fn pooled(&self) -> Pooled<'_> {
        Pooled {
            pooled1: self.pooled1.all(),
            winners1: self.winners1.all(),
            pooled2: self.pooled2.all(),
            winners2: self.winners2.all(),
        }
    }

    fn dense_layers<'n>(&self, network: Network<'n>) -> [Dense<'n>; 3] {
        let requantizations =
            [network.requantizations(FC1_CHANNELS), network.requantizations(FC2_CHANNELS), None];
        std::array::from_fn(|index| {
            let Place { weights, biases } = self.layout.layers[2 + index].clone();
            Dense {
                weights: network.parameters.part(weights),
                biases: network.parameters.part(biases),
                requantizations: requantizations[index],
            }
        })
    }
}

#[cfg(test)]
impl Passes {
    /// Returns the activations of the four hidden layers in the last forward pass, of `images` images.
    pub(super) fn activations(&self, images: usize) -> Result<[Vec<f32>; 4], CudaError> {
        Ok([
            self.pooled1.download(0..images * POOL1_LEN)?,
            self.pooled2.download(0..images * POOL2_LEN)?,
            self.hidden[0].download(0..images * FC1_OUTPUTS)?,
            self.hidden[1].download(0..images * FC2_OUTPUTS)?,
        ])
    }

    /// Replaces the gradients of the parameters.
    pub(super) fn write_gradients(&mut self, gradients: &[f32]) -> Result<(), CudaError> {
        self.gradients.upload(gradients)
    }
}
