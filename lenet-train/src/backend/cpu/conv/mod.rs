//! Both convolutional blocks on the CPU: conv + ReLU + max pool, twice, as one operation of dfdx's tape.
//!
//! dfdx has no convolution on stable Rust. This one works through fixed chunks of [`CHUNK`] images in
//! parallel and adds the chunks' gradients in their order, so that the result does not depend on the number
//! of threads.

mod kernel;

#[cfg(test)]
mod by_dfdx;
#[cfg(test)]
mod tests;

use crate::backend::cpu::simd::{self, Kernel, Simd, WIDTH};
use dfdx::prelude::{Cpu, Gradients, HasShape, PutTape, Tape};
use dfdx::tensor::{CpuError, TensorFromVec};
use kernel::{Block, KernelRows, Live};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV2_CHANNELS, IMAGE_CHANNELS, IMAGE_PIXELS, IMAGE_SIDE, KERNEL_SIDE, POOL1_LEN,
    POOL1_SIDE, POOL2_LEN, POOL2_SIDE,
};
use rayon::prelude::*;

use crate::backend::{ConvLayers, FakeQuantize, Features, Pixels};

/// Images a unit of parallel work.
const CHUNK: usize = 16;

const OUTPUTS1: usize = CONV1_CHANNELS.div_ceil(WIDTH);
const OUTPUTS2: usize = CONV2_CHANNELS.div_ceil(WIDTH);
const RUN1: usize = (KERNEL_SIDE * IMAGE_CHANNELS).div_ceil(WIDTH);
const RUN2: usize = (KERNEL_SIDE * CONV1_CHANNELS).div_ceil(WIDTH);
type Block1 = Block<IMAGE_CHANNELS, CONV1_CHANNELS, IMAGE_SIDE, POOL1_SIDE, OUTPUTS1, RUN1>;
type Block2 = Block<CONV1_CHANNELS, CONV2_CHANNELS, POOL1_SIDE, POOL2_SIDE, OUTPUTS2, RUN2>;
const WINDOWS1: usize = POOL1_SIDE * POOL1_SIDE;
const WINDOWS2: usize = POOL2_SIDE * POOL2_SIDE;
/// An image, and room to read a padded kernel row anywhere.
const PADDED_PIXELS: usize = IMAGE_PIXELS + RUN1 * WIDTH;
/// An image's first pooled activations (HWC), with the same room.
const PADDED_POOL1: usize = POOL1_LEN + RUN2 * WIDTH;

/// Both blocks, their weights laid out for the kernels.
struct Blocks {
    block1: Block1,
    block2: Block2,
    /// In a network in integers.
    fake_quantizers: Option<[FakeQuantize; 2]>,
}

impl Blocks {
    fn new(
        ConvLayers { conv1, conv2 }: &ConvLayers<'_>,
        fake_quantizers: Option<[&FakeQuantize; 2]>,
    ) -> Self {
        Blocks {
            block1: Block::new(&conv1.weight.as_vec(), &conv1.bias.as_vec()),
            block2: Block::new(&conv2.weight.as_vec(), &conv2.bias.as_vec()),
            fake_quantizers: fake_quantizers.map(|fake_quantizers| fake_quantizers.map(FakeQuantize::clone)),
        }
    }

    /// Rounds one window's sums of the convolution `layer`, 0 or 1, where this is a network in integers.
    #[inline(always)]
    fn round(&self, layer: usize, sums: &mut [f32], winners: &mut [u8]) {
        let Some(fake_quantizers) = &self.fake_quantizers else { return };
        for (channel, (sum, winner)) in sums.iter_mut().zip(winners).enumerate() {
            let (activation, passes) = fake_quantizers[layer].activation(channel, *sum);
            *sum = activation;
            if !passes {
                *winner = kernel::DEAD;
            }
        }
    }

    /// The gradient of a channel's sum, for an activation's gradient of 1.
    fn slope(&self, layer: usize, channel: usize) -> f32 {
        self.fake_quantizers.as_ref().map_or(1.0, |fake_quantizers| fake_quantizers[layer].factor(channel))
    }
}

/// What the backward pass needs of the forward pass.
struct Trace {
    /// `[image][PADDED_POOL1]`.
    pool1: Vec<f32>,
    /// `[image][window][output lane]`.
    winners1: Vec<[[u8; WIDTH]; OUTPUTS1]>,
    winners2: Vec<[[u8; WIDTH]; OUTPUTS2]>,
}

/// Pixels to features, recorded on `tape`; with `rounding`, in integers.
///
/// # Errors
///
/// Out of memory.
pub(crate) fn features<T: Tape<f32, Cpu>>(
    layers: &ConvLayers<'_>,
    fake_quantize: Option<[&FakeQuantize; 2]>,
    pixels: &Pixels,
    mut tape: T,
) -> Result<Features<T>, CpuError> {
    let blocks = Blocks::new(layers, fake_quantize);
    let mut pixel_values = vec![0.0; pixels.shape().0 * IMAGE_PIXELS];
    pixels.copy_into(&mut pixel_values);
    let (values, trace) = forward(&blocks, &pixel_values);
    let output = pixels.device().try_tensor_from_vec(values, (pixels.shape().0, Default::default()))?;
    if T::OWNS_TAPE {
        let (weight1, bias1) = (layers.conv1.weight.ghost(), layers.conv1.bias.ghost());
        let (weight2, bias2) = (layers.conv2.weight.ghost(), layers.conv2.bias.ghost());
        let output = output.ghost();
        tape.add_backward_op(move |gradients: &mut Gradients<f32, Cpu>| {
            let chunks = backward(&blocks, &pixel_values, &trace, gradients.get_or_alloc_mut(&output)?);
            let weight = gradients.get_or_alloc_mut(&weight1)?;
            chunks.iter().for_each(|chunk| Block1::add_gradient(&chunk.kernels1, weight));
            let bias = gradients.get_or_alloc_mut(&bias1)?;
            chunks.iter().for_each(|chunk| add(&chunk.bias1, bias));
            let weight = gradients.get_or_alloc_mut(&weight2)?;
            chunks.iter().for_each(|chunk| Block2::add_gradient(&chunk.kernels2, weight));
            let bias = gradients.get_or_alloc_mut(&bias2)?;
            chunks.iter().for_each(|chunk| add(&chunk.bias2, bias));
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// Both blocks' pooled activations (864 and 256 an image, channel by channel) of pixels, 784 an image.
pub(crate) fn pooled(
    layers: &ConvLayers<'_>,
    fake_quantize: Option<[&FakeQuantize; 2]>,
    pixels: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let (features, trace) = forward(&Blocks::new(layers, fake_quantize), pixels);
    let mut pool1 = vec![0.0; trace.pool1.len() / PADDED_POOL1 * POOL1_LEN];
    for (chw, hwc) in pool1.chunks_exact_mut(POOL1_LEN).zip(trace.pool1.chunks_exact(PADDED_POOL1)) {
        for (index, value) in chw.iter_mut().enumerate() {
            *value = hwc[index % WINDOWS1 * CONV1_CHANNELS + index / WINDOWS1];
        }
    }
    (pool1, features)
}

fn add(values: &[f32], sums: &mut [f32]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// Features of all images, and the trace for [`backward`].
fn forward(blocks: &Blocks, pixels: &[f32]) -> (Vec<f32>, Trace) {
    let images = pixels.len() / IMAGE_PIXELS;
    let mut features = vec![0.0; images * POOL2_LEN];
    let mut trace = Trace {
        pool1: vec![0.0; images * PADDED_POOL1],
        winners1: vec![Default::default(); images * WINDOWS1],
        winners2: vec![Default::default(); images * WINDOWS2],
    };
    pixels
        .par_chunks(CHUNK * IMAGE_PIXELS)
        .zip(features.par_chunks_mut(CHUNK * POOL2_LEN))
        .zip(trace.pool1.par_chunks_mut(CHUNK * PADDED_POOL1))
        .zip(trace.winners1.par_chunks_mut(CHUNK * WINDOWS1))
        .zip(trace.winners2.par_chunks_mut(CHUNK * WINDOWS2))
        .for_each(|((((pixels, features), pool1), winners1), winners2)| {
            simd::dispatch(ForwardChunk { blocks, pixels, features, pool1, winners1, winners2 });
        });
    (features, trace)
}

struct ForwardChunk<'a> {
    blocks: &'a Blocks,
    pixels: &'a [f32],
    features: &'a mut [f32],
    pool1: &'a mut [f32],
    winners1: &'a mut [[[u8; WIDTH]; OUTPUTS1]],
    winners2: &'a mut [[[u8; WIDTH]; OUTPUTS2]],
}

impl Kernel for ForwardChunk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let images = self
            .pixels
            .chunks_exact(IMAGE_PIXELS)
            .zip(self.features.chunks_exact_mut(POOL2_LEN))
            .zip(self.pool1.chunks_exact_mut(PADDED_POOL1))
            .zip(self.winners1.chunks_exact_mut(WINDOWS1))
            .zip(self.winners2.chunks_exact_mut(WINDOWS2));
        for ((((pixels, features), pool1), winners1), winners2) in images {
            self.blocks.block1.forward::<S, 2>(simd, pixels, |window, mut values, mut winners| {
                let values = &mut values.as_flattened_mut()[..CONV1_CHANNELS];
                self.blocks.round(0, values, winners.as_flattened_mut());
                pool1[window * CONV1_CHANNELS..][..CONV1_CHANNELS].copy_from_slice(values);
                winners1[window] = winners;
            });
            self.blocks.block2.forward::<S, 1>(simd, pool1, |window, mut values, mut winners| {
                let rounded = &mut values.as_flattened_mut()[..CONV2_CHANNELS];
                self.blocks.round(1, rounded, winners.as_flattened_mut());
                for channel in 0..CONV2_CHANNELS {
                    features[channel * WINDOWS2 + window] = values.as_flattened()[channel];
                }
                winners2[window] = winners;
            });
        }
    }
}

/// The gradients of one chunk of images.
#[derive(Default)]
struct ChunkGradients {
    kernels1: [KernelRows<RUN1>; CONV1_CHANNELS],
    bias1: [f32; CONV1_CHANNELS],
    kernels2: [KernelRows<RUN2>; CONV2_CHANNELS],
    bias2: [f32; CONV2_CHANNELS],
}

/// The parameters' gradients, chunk by chunk, from the features' gradient.
fn backward(blocks: &Blocks, pixels: &[f32], trace: &Trace, gradient: &[f32]) -> Vec<ChunkGradients> {
    pixels
        .par_chunks(CHUNK * IMAGE_PIXELS)
        .zip(gradient.par_chunks(CHUNK * POOL2_LEN))
        .zip(trace.pool1.par_chunks(CHUNK * PADDED_POOL1))
        .zip(trace.winners1.par_chunks(CHUNK * WINDOWS1))
        .zip(trace.winners2.par_chunks(CHUNK * WINDOWS2))
        .map(|((((pixels, gradient), pool1), winners1), winners2)| {
            simd::dispatch(BackwardChunk { blocks, pixels, gradient, pool1, winners1, winners2 })
        })
        .collect()
}

struct BackwardChunk<'a> {
    blocks: &'a Blocks,
    pixels: &'a [f32],
    gradient: &'a [f32],
    pool1: &'a [f32],
    winners1: &'a [[[u8; WIDTH]; OUTPUTS1]],
    winners2: &'a [[[u8; WIDTH]; OUTPUTS2]],
}

impl Kernel for BackwardChunk<'_> {
    type Output = ChunkGradients;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> ChunkGradients {
        let mut sums = ChunkGradients::default();
        let mut live = [Live::default(); WINDOWS1];
        let mut padded_pixels = [0.0; PADDED_PIXELS];
        let mut pool1_gradient = [0.0; PADDED_POOL1];
        let images = self
            .pixels
            .chunks_exact(IMAGE_PIXELS)
            .zip(self.gradient.chunks_exact(POOL2_LEN))
            .zip(self.pool1.chunks_exact(PADDED_POOL1))
            .zip(self.winners1.chunks_exact(WINDOWS1))
            .zip(self.winners2.chunks_exact(WINDOWS2));
        for ((((pixels, gradient), pool1), winners1), winners2) in images {
            pool1_gradient.fill(0.0);
            for channel in 0..CONV2_CHANNELS {
                let slope = self.blocks.slope(1, channel);
                let gradient = |window| slope * gradient[channel * WINDOWS2 + window];
                let count = Block2::live_windows(winners2, channel, gradient, &mut live);
                let live = &live[..count];
                let kernel = &mut sums.kernels2[channel];
                // Three rows, then two: more accumulators than that do not fit the registers.
                Block2::add_kernel_gradient::<S, 3>(simd, pool1, live, 0, kernel);
                Block2::add_kernel_gradient::<S, 2>(simd, pool1, live, 3, kernel);
                sums.bias2[channel] += kernel::bias_gradient(live);
                self.blocks.block2.add_image_gradient(simd, channel, live, &mut pool1_gradient);
            }
            padded_pixels[..IMAGE_PIXELS].copy_from_slice(pixels);
            for channel in 0..CONV1_CHANNELS {
                let slope = self.blocks.slope(0, channel);
                let gradient = |window| slope * pool1_gradient[window * CONV1_CHANNELS + channel];
                let count = Block1::live_windows(winners1, channel, gradient, &mut live);
                let live = &live[..count];
                let kernel = &mut sums.kernels1[channel];
                Block1::add_kernel_gradient::<S, KERNEL_SIDE>(simd, &padded_pixels, live, 0, kernel);
                sums.bias1[channel] += kernel::bias_gradient(live);
            }
        }
        sums
    }
}
