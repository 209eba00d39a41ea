//! Both convolutional blocks on the CPU: conv + ReLU + max pool, twice, as one operation of dfdx's tape.
//!
//! dfdx has no convolution on stable Rust. This one works through fixed chunks of [`CHUNK`] images in
//! parallel and adds the chunks' gradients in their order, so that the result does not depend on the number
//! of threads.

mod kernel;
mod simd;

use dfdx::nn::modules::Linear;
use dfdx::prelude::{Const, Cpu, Gradients, HasShape, PutTape, Tape, Tensor, TensorFromVec};
use kernel::{Block, Packed};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, IMAGE_CHANNELS, IMAGE_PIXELS, IMAGE_SIDE,
    KERNEL_SIDE, POOL1_LEN, POOL1_SIDE, POOL2_LEN, POOL2_SIDE,
};
use rayon::prelude::*;
use simd::Kernel;

/// Images a unit of parallel work.
const CHUNK: usize = 16;

type Block1 = Block<IMAGE_CHANNELS, CONV1_CHANNELS, IMAGE_SIDE, POOL1_SIDE>;
type Block2 = Block<CONV1_CHANNELS, CONV2_CHANNELS, POOL1_SIDE, POOL2_SIDE>;
const LANES1: usize = CONV1_CHANNELS.next_multiple_of(8);
const LANES2: usize = CONV2_CHANNELS.next_multiple_of(8);
const RUN1: usize = (KERNEL_SIDE * IMAGE_CHANNELS).next_multiple_of(8);
const RUN2: usize = (KERNEL_SIDE * CONV1_CHANNELS).next_multiple_of(8);
const WINDOWS1: usize = POOL1_SIDE * POOL1_SIDE;
const WINDOWS2: usize = POOL2_SIDE * POOL2_SIDE;
/// An image's first pooled activations (HWC), and room to read a padded run anywhere.
const POOL1_PADDED: usize = POOL1_LEN + RUN2;

/// The two convolutions' parameters on the CPU.
#[derive(Clone, Copy)]
pub(crate) struct ConvLayers<'a> {
    pub(crate) conv1: &'a Linear<CONV1_TAPS, CONV1_CHANNELS, f32, Cpu>,
    pub(crate) conv2: &'a Linear<CONV2_TAPS, CONV2_CHANNELS, f32, Cpu>,
}

/// Both layers' weights as the kernels want them.
struct PackedLayers {
    conv1: Packed<LANES1, RUN1>,
    conv2: Packed<LANES2, RUN2>,
}

impl PackedLayers {
    fn new(layers: ConvLayers<'_>) -> Self {
        PackedLayers {
            conv1: Block1::pack(&layers.conv1.weight.as_vec(), &layers.conv1.bias.as_vec()),
            conv2: Block2::pack(&layers.conv2.weight.as_vec(), &layers.conv2.bias.as_vec()),
        }
    }
}

/// What the backward pass needs of the forward pass.
struct Trace {
    /// `[image][POOL1_PADDED]`.
    pool1: Vec<f32>,
    /// `[image][window][output lane]`.
    winners1: Vec<[u8; LANES1]>,
    winners2: Vec<[u8; LANES2]>,
}

/// Pixels (batch x 784, row by row) to features (batch x 256, channel by channel).
///
/// # Errors
///
/// Out of memory.
pub(crate) fn features<T: Tape<f32, Cpu>>(
    layers: ConvLayers<'_>,
    pixels: &Tensor<(usize, Const<IMAGE_PIXELS>), f32, Cpu>,
    mut tape: T,
) -> Result<Tensor<(usize, Const<POOL2_LEN>), f32, Cpu, T>, <Cpu as dfdx::tensor::HasErr>::Err> {
    let images = pixels.shape().0;
    let packed = PackedLayers::new(layers);
    let pixel_values = pixels.as_vec();
    let (values, trace) = forward(&packed, &pixel_values);
    let output = pixels.device().try_tensor_from_vec(values, (images, Const))?;
    if T::OWNS_TAPE {
        let (weight1, bias1) = (layers.conv1.weight.ghost(), layers.conv1.bias.ghost());
        let (weight2, bias2) = (layers.conv2.weight.ghost(), layers.conv2.bias.ghost());
        let output = output.ghost();
        tape.add_backward_op(move |gradients: &mut Gradients<f32, Cpu>| {
            let chunks = backward(&packed, &pixel_values, &trace, gradients.get_or_alloc_mut(&output)?);
            let weight = gradients.get_or_alloc_mut(&weight1)?;
            chunks.iter().for_each(|chunk| Block1::unpack_add(&chunk.rows1, weight));
            let bias = gradients.get_or_alloc_mut(&bias1)?;
            chunks.iter().for_each(|chunk| add(&chunk.bias1, bias));
            let weight = gradients.get_or_alloc_mut(&weight2)?;
            chunks.iter().for_each(|chunk| Block2::unpack_add(&chunk.rows2, weight));
            let bias = gradients.get_or_alloc_mut(&bias2)?;
            chunks.iter().for_each(|chunk| add(&chunk.bias2, bias));
            Ok(())
        });
    }
    Ok(output.put_tape(tape))
}

/// The pooled activations after each convolution, for pixels scaled to 0..=1: the first row by row with the
/// channels side by side (HWC), the second channel by channel (CHW).
pub(crate) fn pooled(layers: ConvLayers<'_>, pixels: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (features, trace) = forward(&PackedLayers::new(layers), pixels);
    let pool1 = trace.pool1.chunks_exact(POOL1_PADDED).flat_map(|image| &image[..POOL1_LEN]);
    (pool1.copied().collect(), features)
}

fn add(values: &[f32], sums: &mut [f32]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// Features of all images, and the trace for [`backward`].
fn forward(packed: &PackedLayers, pixels: &[f32]) -> (Vec<f32>, Trace) {
    let images = pixels.len() / IMAGE_PIXELS;
    let mut features = vec![0.0; images * POOL2_LEN];
    let mut trace = Trace {
        pool1: vec![0.0; images * POOL1_PADDED],
        winners1: vec![[0; LANES1]; images * WINDOWS1],
        winners2: vec![[0; LANES2]; images * WINDOWS2],
    };
    pixels
        .par_chunks(CHUNK * IMAGE_PIXELS)
        .zip(features.par_chunks_mut(CHUNK * POOL2_LEN))
        .zip(trace.pool1.par_chunks_mut(CHUNK * POOL1_PADDED))
        .zip(trace.winners1.par_chunks_mut(CHUNK * WINDOWS1))
        .zip(trace.winners2.par_chunks_mut(CHUNK * WINDOWS2))
        .for_each(|((((pixels, features), pool1), winners1), winners2)| {
            simd::dispatch(ForwardChunk { packed, pixels, features, pool1, winners1, winners2 });
        });
    (features, trace)
}

struct ForwardChunk<'a> {
    packed: &'a PackedLayers,
    pixels: &'a [f32],
    features: &'a mut [f32],
    pool1: &'a mut [f32],
    winners1: &'a mut [[u8; LANES1]],
    winners2: &'a mut [[u8; LANES2]],
}

impl Kernel for ForwardChunk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let images = self
            .pixels
            .chunks_exact(IMAGE_PIXELS)
            .zip(self.features.chunks_exact_mut(POOL2_LEN))
            .zip(self.pool1.chunks_exact_mut(POOL1_PADDED))
            .zip(self.winners1.chunks_exact_mut(WINDOWS1))
            .zip(self.winners2.chunks_exact_mut(WINDOWS2));
        for ((((pixels, features), pool1), winners1), winners2) in images {
            Block1::forward::<FUSED, LANES1, RUN1, 2>(&self.packed.conv1, pixels, |window, best, winner| {
                pool1[window * CONV1_CHANNELS..][..CONV1_CHANNELS].copy_from_slice(&best[..CONV1_CHANNELS]);
                winners1[window] = *winner;
            });
            Block2::forward::<FUSED, LANES2, RUN2, 1>(&self.packed.conv2, pool1, |window, best, winner| {
                for (channel, &value) in best[..CONV2_CHANNELS].iter().enumerate() {
                    features[channel * WINDOWS2 + window] = value;
                }
                winners2[window] = *winner;
            });
        }
    }
}

/// The gradients of one chunk of images, laid out as [`Packed::rows`].
struct ChunkGradients {
    rows1: [[[f32; RUN1]; KERNEL_SIDE]; CONV1_CHANNELS],
    bias1: [f32; CONV1_CHANNELS],
    rows2: [[[f32; RUN2]; KERNEL_SIDE]; CONV2_CHANNELS],
    bias2: [f32; CONV2_CHANNELS],
}

/// The parameters' gradients, chunk by chunk, from the features' gradient.
fn backward(packed: &PackedLayers, pixels: &[f32], trace: &Trace, gradient: &[f32]) -> Vec<ChunkGradients> {
    pixels
        .par_chunks(CHUNK * IMAGE_PIXELS)
        .zip(gradient.par_chunks(CHUNK * POOL2_LEN))
        .zip(trace.pool1.par_chunks(CHUNK * POOL1_PADDED))
        .zip(trace.winners1.par_chunks(CHUNK * WINDOWS1))
        .zip(trace.winners2.par_chunks(CHUNK * WINDOWS2))
        .map(|((((pixels, gradient), pool1), winners1), winners2)| {
            simd::dispatch(BackwardChunk { packed, pixels, gradient, pool1, winners1, winners2 })
        })
        .collect()
}

struct BackwardChunk<'a> {
    packed: &'a PackedLayers,
    pixels: &'a [f32],
    gradient: &'a [f32],
    pool1: &'a [f32],
    winners1: &'a [[u8; LANES1]],
    winners2: &'a [[u8; LANES2]],
}

impl Kernel for BackwardChunk<'_> {
    type Output = ChunkGradients;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> ChunkGradients {
        let mut sums = ChunkGradients {
            rows1: [[[0.0; RUN1]; KERNEL_SIDE]; CONV1_CHANNELS],
            bias1: [0.0; CONV1_CHANNELS],
            rows2: [[[0.0; RUN2]; KERNEL_SIDE]; CONV2_CHANNELS],
            bias2: [0.0; CONV2_CHANNELS],
        };
        let mut padded_pixels = [0.0; IMAGE_PIXELS + RUN1];
        let mut pool1_gradient = [0.0; POOL1_PADDED];
        let images = self
            .pixels
            .chunks_exact(IMAGE_PIXELS)
            .zip(self.gradient.chunks_exact(POOL2_LEN))
            .zip(self.pool1.chunks_exact(POOL1_PADDED))
            .zip(self.winners1.chunks_exact(WINDOWS1))
            .zip(self.winners2.chunks_exact(WINDOWS2));
        for ((((pixels, gradient), pool1), winners1), winners2) in images {
            pool1_gradient.fill(0.0);
            for channel in 0..CONV2_CHANNELS {
                Block2::backward_channel::<FUSED, LANES2, RUN2>(
                    &self.packed.conv2,
                    channel,
                    pool1,
                    winners2,
                    |window| gradient[channel * WINDOWS2 + window],
                    (&mut sums.rows2[channel], &mut sums.bias2[channel]),
                    Some(&mut pool1_gradient),
                );
            }
            padded_pixels[..IMAGE_PIXELS].copy_from_slice(pixels);
            for channel in 0..CONV1_CHANNELS {
                Block1::backward_channel::<FUSED, LANES1, RUN1>(
                    &self.packed.conv1,
                    channel,
                    &padded_pixels,
                    winners1,
                    |window| pool1_gradient[window * CONV1_CHANNELS + channel],
                    (&mut sums.rows1[channel], &mut sums.bias1[channel]),
                    None,
                );
            }
        }
        sums
    }
}
