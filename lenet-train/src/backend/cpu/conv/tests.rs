use super::*;
use crate::backend::cpu::simd::Portable;
use crate::test_images::synthetic;
use dfdx::nn::BuildModule;
use dfdx::nn::modules::Linear;
use lenet_core::shape::{CONV1_TAPS, CONV2_TAPS};

fn layers() -> (Linear<CONV1_TAPS, CONV1_CHANNELS, f32, Cpu>, Linear<CONV2_TAPS, CONV2_CHANNELS, f32, Cpu>) {
    let device = Cpu::seed_from_u64(2);
    (BuildModule::build(&device), BuildModule::build(&device))
}

fn empty_trace(images: usize) -> Trace {
    Trace {
        pool1: vec![0.0; images * PADDED_POOL1],
        winners1: vec![Default::default(); images * WINDOWS1],
        winners2: vec![Default::default(); images * WINDOWS2],
    }
}

fn pixels(images: usize) -> Vec<f32> {
    let set = synthetic(images);
    set.images.as_flattened().iter().map(|&pixel| f32::from(pixel) / 255.0).collect()
}

fn assert_close(values: &[f32], expected: &[f32]) {
    assert_eq!(values.len(), expected.len());
    let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    for (value, expected) in values.iter().zip(expected) {
        assert!((value - expected).abs() <= 1e-5 * largest, "{value} {expected} of {largest}");
    }
}

#[test]
fn every_instruction_set_trains_alike() {
    let (conv1, conv2) = layers();
    let blocks = Blocks::new(&ConvLayers { conv1: &conv1, conv2: &conv2 }, None);
    let pixels = pixels(3);
    let (features, trace) = forward(&blocks, &pixels);
    let (mut portable_features, mut portable) = (vec![0.0; features.len()], empty_trace(3));
    let chunk = ForwardChunk {
        blocks: &blocks,
        pixels: &pixels,
        features: &mut portable_features,
        pool1: &mut portable.pool1,
        winners1: &mut portable.winners1,
        winners2: &mut portable.winners2,
    };
    chunk.run(Portable);
    assert_close(&portable_features, &features);

    let gradient: Vec<f32> = (0..features.len()).map(|index| (index % 13) as f32 - 6.0).collect();
    let [expected] = <[_; 1]>::try_from(backward(&blocks, &pixels, &trace, &gradient)).ok().unwrap();
    let Trace { pool1, winners1, winners2 } = &trace;
    let chunk =
        BackwardChunk { blocks: &blocks, pixels: &pixels, gradient: &gradient, pool1, winners1, winners2 };
    let found = chunk.run(Portable);
    assert_close(
        found.kernels1.as_flattened().as_flattened().as_flattened(),
        expected.kernels1.as_flattened().as_flattened().as_flattened(),
    );
    assert_close(
        found.kernels2.as_flattened().as_flattened().as_flattened(),
        expected.kernels2.as_flattened().as_flattened().as_flattened(),
    );
    assert_close(&found.bias1, &expected.bias1);
    assert_close(&found.bias2, &expected.bias2);
}

/// The sum of the features times fixed numbers, in f64.
fn objective(layers: &ConvLayers<'_>, pixels: &[f32]) -> f64 {
    let (_, features) = pooled(layers, None, pixels);
    features.iter().enumerate().map(|(index, &value)| f64::from(value) * (index % 13) as f64).sum()
}

#[test]
fn gradients_are_the_slopes_of_the_output() {
    let (conv1, conv2) = layers();
    let pixels = pixels(2);
    let blocks = Blocks::new(&ConvLayers { conv1: &conv1, conv2: &conv2 }, None);
    let (features, trace) = forward(&blocks, &pixels);
    let gradient: Vec<f32> = (0..features.len()).map(|index| (index % 13) as f32).collect();
    let chunks = backward(&blocks, &pixels, &trace, &gradient);
    let (mut slopes1, mut slopes2) =
        (vec![0.0; CONV1_CHANNELS * CONV1_TAPS], vec![0.0; CONV2_CHANNELS * CONV2_TAPS]);
    Block1::add_gradient(&chunks[0].kernels1, &mut slopes1);
    Block2::add_gradient(&chunks[0].kernels2, &mut slopes2);

    // Small enough to leave most winners in place, large enough for f32.
    const STEP: f32 = 1e-3;
    let slope = |change: &dyn Fn(f32) -> f64| (change(STEP) - change(-STEP)) / (2.0 * f64::from(STEP));
    for tap in [0, 31, 149] {
        let found = slope(&|step| {
            let mut conv1 = conv1.clone();
            nudge(&mut conv1, tap, step);
            objective(&ConvLayers { conv1: &conv1, conv2: &conv2 }, &pixels)
        });
        assert!(
            (found - f64::from(slopes1[tap])).abs() <= 0.02 * found.abs().max(1.0),
            "{found} {}",
            slopes1[tap]
        );
    }
    for tap in [0, 777, 2399] {
        let found = slope(&|step| {
            let mut conv2 = conv2.clone();
            nudge(&mut conv2, tap, step);
            objective(&ConvLayers { conv1: &conv1, conv2: &conv2 }, &pixels)
        });
        assert!(
            (found - f64::from(slopes2[tap])).abs() <= 0.02 * found.abs().max(1.0),
            "{found} {}",
            slopes2[tap]
        );
    }
}

fn nudge<const I: usize, const O: usize>(layer: &mut Linear<I, O, f32, Cpu>, tap: usize, step: f32) {
    let mut weight = layer.weight.as_vec();
    weight[tap] += step;
    layer.weight.copy_from(&weight);
}
