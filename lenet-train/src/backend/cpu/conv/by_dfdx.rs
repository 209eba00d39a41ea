//! Both convolutional blocks, built from dfdx's own operations: what the fused operation is compared with.
//!
//! A `gather` lays the images out as patches (im2col), one matrix product convolves them, and four more gathers and their
//! maximum pool the result. The batch is always the last axis, so that each convolution is a single matrix product.

use super::features;
use crate::backend::{ConvLayers, Features, Pixels};
use crate::model::network::{Network, fully_connected};
use crate::model::output_layer::Classes;
use crate::model::weights::FloatWeights;
use crate::test_images::synthetic;
use dfdx::losses::cross_entropy_with_logits_loss;
use dfdx::nn::ZeroGrads;
use dfdx::nn::modules::Linear;
use dfdx::prelude::{
    AsArray, Backward, BroadcastTo, Const, Cpu, Dim, GatherTo, HasShape, OwnedTape, PermuteTo, PutTape,
    ReshapeTo, SplitTape, Tensor, TensorFromVec, Trace, TryMatMul,
};
use lenet_core::shape::{
    CLASSES, CONV1_CHANNELS, CONV1_SIDE, CONV2_CHANNELS, CONV2_SIDE, IMAGE_CHANNELS, IMAGE_PIXELS,
    IMAGE_SIDE, KERNEL_SIDE, POOL_SIDE, POOL1_SIDE, POOL2_LEN,
};

type Traced = OwnedTape<f32, Cpu>;
type Indices = Tensor<(usize,), usize, Cpu>;
/// A matrix with the batch as its last axis: rows x images, with channels and positions flattened to rows.
type Matrix = Tensor<(usize, usize), f32, Cpu, Traced>;

fn upload(indices: Vec<usize>) -> Indices {
    let len = indices.len();
    Cpu::default().tensor_from_vec(indices, (len,))
}

/// Returns the im2col indices: for each tap (channel, row, column) of the kernel, its input at each output position.
fn patch_indices(channels: usize, side: usize) -> Indices {
    let output_side = side - KERNEL_SIDE + 1;
    let taps = (0..channels * KERNEL_SIDE * KERNEL_SIDE).map(|tap| {
        let (channel, row, column) =
            (tap / (KERNEL_SIDE * KERNEL_SIDE), tap / KERNEL_SIDE % KERNEL_SIDE, tap % KERNEL_SIDE);
        (channel * side + row) * side + column
    });
    let position = |index| index / output_side * side + index % output_side;
    upload(
        taps.flat_map(|tap| (0..output_side * output_side).map(move |index| tap + position(index))).collect(),
    )
}

/// Returns, for each of the four positions in a pooling window, the index of that member of every window.
fn pool_indices(channels: usize, side: usize) -> [Indices; POOL_SIDE * POOL_SIDE] {
    let pooled = side / POOL_SIDE;
    std::array::from_fn(|offset| {
        let indices = (0..channels * pooled * pooled).map(|window| {
            let (row, column) = (window / pooled, window % pooled);
            (row * POOL_SIDE + offset / POOL_SIDE) * side + column * POOL_SIDE + offset % POOL_SIDE
        });
        upload(indices.collect())
    })
}

/// Runs both convolutional blocks: pixels (images x 784, row by row) to features (images x 256, channel by channel).
fn features_by_dfdx(
    ConvLayers { conv1, conv2 }: &ConvLayers<'_>,
    pixels: Pixels,
    tape: Traced,
) -> Features<Traced> {
    let batch = pixels.shape().0;
    let pixels: Tensor<(Const<IMAGE_PIXELS>, usize), f32, Cpu> = pixels.permute();
    // The tape starts after the gather, since the pixels need no gradient.
    let patches = pixels.gather(patch_indices(IMAGE_CHANNELS, IMAGE_SIDE)).put_tape(tape);
    let pooled = convolve_and_pool(conv1, patches, batch, &pool_indices(CONV1_CHANNELS, CONV1_SIDE));
    let patches = pooled.gather(patch_indices(CONV1_CHANNELS, POOL1_SIDE));
    let pooled = convolve_and_pool(conv2, patches, batch, &pool_indices(CONV2_CHANNELS, CONV2_SIDE));
    let features: Tensor<(Const<POOL2_LEN>, usize), f32, Cpu, Traced> = pooled.reshape_like(&(Const, batch));
    features.permute()
}

/// Runs one block on patches (taps * positions x images): convolution, bias, max pooling and ReLU.
fn convolve_and_pool<const TAPS: usize, const CHANNELS: usize>(
    layer: &Linear<TAPS, CHANNELS, f32, Cpu>,
    patches: Matrix,
    batch: usize,
    pool: &[Indices; POOL_SIDE * POOL_SIDE],
) -> Matrix {
    let positions = patches.shape().0.size() / TAPS;
    let patches: Tensor<(Const<TAPS>, usize), f32, Cpu, Traced> =
        patches.reshape_like(&(Const, positions * batch));
    let product = layer.weight.retaped::<Traced>().matmul(patches);
    let shape = *product.shape();
    let accumulators = product + layer.bias.retaped::<Traced>().broadcast_like(&shape);
    let accumulators: Matrix = accumulators.reshape_like(&(CHANNELS * positions, batch));
    // `maximum` divides the gradient between equal members; dfdx's `max` would give all of it to each of them.
    let (accumulators, tape) = accumulators.split_tape();
    let member = |index: usize| accumulators.retaped::<Traced>().gather(pool[index].clone());
    let first = accumulators.clone().put_tape(tape).gather(pool[0].clone());
    first.maximum(member(1)).maximum(member(2).maximum(member(3))).relu()
}

/// Returns the loss and the parameter gradients of a batch whose features are computed by `features`.
fn loss_and_gradients(
    network: &Network,
    features: impl FnOnce(&ConvLayers<'_>, Pixels, Traced) -> Features<Traced>,
) -> (f32, FloatWeights) {
    let set = synthetic(50);
    let pixels = network.upload(&set.images).unwrap();
    let mut targets = vec![0.0; set.len() * CLASSES];
    for (target, &label) in targets.chunks_exact_mut(CLASSES).zip(&set.labels) {
        target[usize::from(label)] = 1.0;
    }
    let targets = network.device().tensor_from_vec(targets, (set.len(), Classes(CLASSES)));
    let (pixels, tape) = pixels.traced(network.layers.alloc_grads()).split_tape();
    let (conv1, conv2, ..) = &network.layers;
    let features = features(&ConvLayers { conv1, conv2 }, pixels, tape);
    let logits = fully_connected(&network.layers, features, None).unwrap();
    let loss = cross_entropy_with_logits_loss(logits, targets);
    let value = loss.array();
    (value, crate::train::optimizer::read(&mut loss.backward(), network).unwrap())
}

#[test]
fn dfdxs_operations_give_the_loss_and_the_gradients_of_the_fused_operation() {
    let network = Network::new(Cpu::seed_from_u64(3), CLASSES).unwrap();
    let (loss, gradients) = loss_and_gradients(&network, features_by_dfdx);
    let (fused_loss, fused_gradients) =
        loss_and_gradients(&network, |layers, pixels, tape| features(layers, None, &pixels, tape).unwrap());
    assert!((loss - fused_loss).abs() <= 1e-6 * loss, "{loss} {fused_loss}");
    for (layer, fused) in gradients.layers().into_iter().zip(fused_gradients.layers()) {
        for (values, fused) in [(&layer.weight, &fused.weight), (&layer.bias, &fused.bias)] {
            // The sums are added in another order, so the last bits may differ.
            let largest = values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
            assert!(largest > 0.0);
            for (value, fused) in values.iter().zip(fused) {
                assert!((value - fused).abs() <= 1e-5 * largest, "{value} {fused} of {largest}");
            }
        }
    }
}
