//! Both convolutional blocks, built from dfdx's own operations.
//!
//! They use only operations whose CUDA kernels dfdx ships compiled. It would compile `to_dtype`, `concat`, `stack` and a
//! copying `reshape` at run time, on the user's machine.
//!
//! A `gather` lays the images out as patches (im2col), one matrix product convolves them, and four more gathers and their
//! maximum pool the result. The batch is always the last axis, so that each convolution is a single matrix product.

use super::fake_quantize::DfdxFakeQuantize;
use crate::backend::{ConvLayers, Features, Pixels};
use dfdx::nn::modules::Linear;
use dfdx::prelude::{
    Axis, BroadcastTo, Const, Device, Dim, GatherTo, HasShape, PermuteTo, PutTape, ReshapeTo, SplitTape,
    Tape, Tensor, TryAdd, TryMatMul,
};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_SIDE, CONV2_CHANNELS, CONV2_SIDE, IMAGE_CHANNELS, IMAGE_PIXELS, IMAGE_SIDE,
    KERNEL_SIDE, POOL_SIDE, POOL1_SIDE, POOL2_LEN,
};

type Indices<D> = Tensor<(usize,), usize, D>;
/// A matrix with the batch as its last axis: rows x images, with channels and positions flattened to rows.
type Matrix<D, T> = Tensor<(usize, usize), f32, D, T>;

/// The index tensors of all gathers, created once per network.
#[derive(Clone, Debug)]
pub struct GatherIndices<D: Device<f32>> {
    patches1: Indices<D>,
    pool1: [Indices<D>; POOL_SIDE * POOL_SIDE],
    patches2: Indices<D>,
    pool2: [Indices<D>; POOL_SIDE * POOL_SIDE],
}

impl<D: Device<f32>> GatherIndices<D> {
    /// Creates the index tensors on `device`.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub fn new(device: &D) -> Result<Self, D::Err> {
        Ok(GatherIndices {
            patches1: upload(device, patch_indices(IMAGE_CHANNELS, IMAGE_SIDE))?,
            pool1: pool_indices(device, CONV1_CHANNELS, CONV1_SIDE)?,
            patches2: upload(device, patch_indices(CONV1_CHANNELS, POOL1_SIDE))?,
            pool2: pool_indices(device, CONV2_CHANNELS, CONV2_SIDE)?,
        })
    }
}

fn upload<D: Device<f32>>(device: &D, indices: Vec<usize>) -> Result<Indices<D>, D::Err> {
    let len = indices.len();
    device.try_tensor_from_vec(indices, (len,))
}

/// Returns the im2col indices: for each tap (channel, row, column) of the kernel, its input at each output position.
fn patch_indices(channels: usize, side: usize) -> Vec<usize> {
    let output_side = side - KERNEL_SIDE + 1;
    let taps = (0..channels * KERNEL_SIDE * KERNEL_SIDE).map(|tap| {
        let (channel, row, column) =
            (tap / (KERNEL_SIDE * KERNEL_SIDE), tap / KERNEL_SIDE % KERNEL_SIDE, tap % KERNEL_SIDE);
        (channel * side + row) * side + column
    });
    let position = |index| index / output_side * side + index % output_side;
    taps.flat_map(|tap| (0..output_side * output_side).map(move |index| tap + position(index))).collect()
}

/// Returns, for each of the four positions in a pooling window, the index of that member of every window.
fn pool_indices<D: Device<f32>>(
    device: &D,
    channels: usize,
    side: usize,
) -> Result<[Indices<D>; POOL_SIDE * POOL_SIDE], D::Err> {
    let pooled = side / POOL_SIDE;
    let member = |offset: usize| {
        let indices = (0..channels * pooled * pooled).map(|window| {
            let (row, column) = (window / pooled, window % pooled);
            (row * POOL_SIDE + offset / POOL_SIDE) * side + column * POOL_SIDE + offset % POOL_SIDE
        });
        upload(device, indices.collect())
    };
    Ok([member(0)?, member(1)?, member(2)?, member(3)?])
}

/// Runs both convolutional blocks: pixels (images x 784, row by row) to features (images x 256, channel by channel).
///
/// In an integer network `fake_quantize` replaces the ReLUs, and the pixels are gray levels from 0 to 255.
///
/// # Errors
///
/// Returns the device's error, for example out of memory.
pub fn features<D: Device<f32>, T: Tape<f32, D>>(
    indices: &GatherIndices<D>,
    ConvLayers { conv1, conv2 }: &ConvLayers<'_, D>,
    fake_quantize: Option<[&DfdxFakeQuantize<D>; 2]>,
    pixels: Pixels<D>,
    tape: T,
) -> Result<Features<D, T>, D::Err> {
    let batch = pixels.shape().0;
    let pixels: Tensor<(Const<IMAGE_PIXELS>, usize), f32, D> = pixels.try_permute()?;
    // The tape starts after the gather, since the pixels need no gradient.
    let patches = pixels.try_gather(indices.patches1.clone())?.put_tape(tape);
    let [first, second] = fake_quantize.map_or([None; 2], |fake_quantize| fake_quantize.map(Some));
    let pooled = convolve_and_pool(conv1, first, patches, batch, &indices.pool1)?;
    let patches = pooled.try_gather(indices.patches2.clone())?;
    let pooled = convolve_and_pool(conv2, second, patches, batch, &indices.pool2)?;
    let features: Tensor<(Const<POOL2_LEN>, usize), f32, D, T> = pooled.try_reshape_like(&(Const, batch))?;
    features.try_permute()
}

/// Runs one block on patches (taps * positions x images): convolution, bias, max pooling, and ReLU or fake quantization.
///
/// The pooling comes before the ReLU. They commute, and a quarter of the numbers is left for the ReLU.
fn convolve_and_pool<const TAPS: usize, const CHANNELS: usize, D: Device<f32>, T: Tape<f32, D>>(
    layer: &Linear<TAPS, CHANNELS, f32, D>,
    fake_quantize: Option<&DfdxFakeQuantize<D>>,
    patches: Matrix<D, T>,
    batch: usize,
    pool: &[Indices<D>; POOL_SIDE * POOL_SIDE],
) -> Result<Matrix<D, T>, D::Err> {
    let positions = patches.shape().0.size() / TAPS;
    let patches: Tensor<(Const<TAPS>, usize), f32, D, T> =
        patches.try_reshape_like(&(Const, positions * batch))?;
    let product = layer.weight.retaped::<T>().try_matmul(patches)?;
    let shape = *product.shape();
    let accumulators = product.try_add(layer.bias.retaped::<T>().try_broadcast_like(&shape)?)?;
    let accumulators: Matrix<D, T> = accumulators.try_reshape_like(&(CHANNELS * positions, batch))?;
    // `maximum` divides the gradient between equal members; dfdx's `max` would give all of it to each of them.
    let (accumulators, tape) = accumulators.split_tape();
    let member = |index: usize| accumulators.retaped::<T>().try_gather(pool[index].clone());
    let first = accumulators.clone().put_tape(tape).try_gather(pool[0].clone())?;
    let upper = first.try_maximum(member(1)?)?;
    let lower = member(2)?.try_maximum(member(3)?)?;
    let pooled = upper.try_maximum(lower)?;
    match fake_quantize {
        Some(fake_quantize) => {
            let shape = *pooled.shape();
            let by_channel = pooled.try_reshape_like(&(CHANNELS, shape.0 / CHANNELS * batch))?;
            fake_quantize.apply::<_, Axis<1>, _>(by_channel)?.try_reshape_like(&shape)
        }
        None => pooled.try_relu(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::model::bits::Bits;
    use crate::model::network::{Network, NetworkFakeQuantize, fully_connected};
    use crate::model::output_layer::Classes;
    use crate::model::weights::FloatWeights;
    use crate::quantize::Quantization;
    use crate::test_images::synthetic;
    use dfdx::losses::cross_entropy_with_logits_loss;
    use dfdx::nn::ZeroGrads;
    use dfdx::prelude::{AsArray, Backward, Cpu, OwnedTape, Trace};
    use dfdx::tensor::TensorFromVec;
    use lenet_core::shape::CLASSES;

    type Traced = OwnedTape<f32, Cpu>;

    /// Returns the loss and the parameter gradients of a batch whose features are computed by `features`.
    fn loss_and_gradients(
        network: &Network<Cpu>,
        features: impl FnOnce(Pixels<Cpu>, Traced) -> Features<Cpu, Traced>,
    ) -> (f32, FloatWeights) {
        let set = synthetic(50);
        let pixels = network.scale_pixels(network.upload(&set.images).unwrap()).unwrap();
        let mut targets = vec![0.0; set.len() * CLASSES];
        for (target, &label) in targets.chunks_exact_mut(CLASSES).zip(&set.labels) {
            target[usize::from(label)] = 1.0;
        }
        let targets = network.device().tensor_from_vec(targets, (set.len(), Classes(CLASSES)));
        let (pixels, tape) = pixels.traced(network.layers.alloc_grads()).split_tape();
        let logits =
            fully_connected(&network.layers, features(pixels, tape), network.fake_quantize()).unwrap();
        let loss = cross_entropy_with_logits_loss(logits, targets);
        let value = loss.array();
        (value, crate::train::optimizer::read(&mut loss.backward(), network).unwrap())
    }

    /// Compares the CPU's fused operation with dfdx's operations: each gradient may differ by `tolerance` times the largest
    /// gradient of its tensor. Returns the features of both.
    #[track_caller]
    fn assert_alike(network: &Network<Cpu>, tolerance: f32) -> [Vec<f32>; 2] {
        let (conv1, conv2, ..) = &network.layers;
        let (device, fake_quantizers) =
            (network.device(), network.fake_quantize().map(NetworkFakeQuantize::convolutions));
        let indices = GatherIndices::new(device).unwrap();
        let stock = fake_quantizers
            .map(|both| both.map(|fake_quantize| DfdxFakeQuantize::new(device, fake_quantize).unwrap()));
        let (mut values, mut fused_values) = (Vec::new(), Vec::new());
        let (loss, gradients) = loss_and_gradients(network, |pixels, tape| {
            let stock = stock.as_ref().map(|[first, second]| [first, second]);
            let layers = ConvLayers { conv1, conv2 };
            let features = features(&indices, &layers, stock, pixels, tape).unwrap();
            values = features.as_vec();
            features
        });
        let (fused_loss, fused_gradients) = loss_and_gradients(network, |pixels, tape| {
            let features =
                Cpu::features(&(), &ConvLayers { conv1, conv2 }, pixels, tape, fake_quantizers).unwrap();
            fused_values = features.as_vec();
            features
        });
        assert!((loss - fused_loss).abs() <= 1e-6 * loss, "{loss} {fused_loss}");
        for (layer, fused) in gradients.layers().into_iter().zip(fused_gradients.layers()) {
            for (values, fused) in [(&layer.weight, &fused.weight), (&layer.bias, &fused.bias)] {
                // The sums are added in another order, so the last bits may differ.
                let largest = values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
                assert!(largest > 0.0);
                for (value, fused) in values.iter().zip(fused) {
                    assert!((value - fused).abs() <= tolerance * largest, "{value} {fused} of {largest}");
                }
            }
        }
        [values, fused_values]
    }

    #[test]
    fn dfdxs_operations_give_the_loss_and_the_gradients_of_the_fused_operation() {
        assert_alike(&Network::new(Cpu::seed_from_u64(3), CLASSES).unwrap(), 1e-5);
    }

    #[test]
    fn dfdxs_operations_give_the_features_of_the_fused_operation_in_an_integer_network() {
        let weights = Network::new(Cpu::seed_from_u64(3), CLASSES).unwrap().weights();
        let quantization = Quantization::new(&weights, [0.5, 0.4, 0.3, 0.2], Bits::INT8);
        let network =
            Network::from_integers(Cpu::default(), &quantization.integers(&weights).unwrap()).unwrap();
        // Integers often tie: dfdx's operations divide a gradient that the fused one gives to the first of equal members.
        let [features, fused] = assert_alike(&network, 0.02);
        assert_eq!(features, fused);
    }
}
