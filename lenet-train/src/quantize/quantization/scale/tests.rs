use super::*;
use crate::model::bits::Bits;
use crate::model::integers::IntegerLayer;
use crate::model::weights::{FloatWeights, layer_shapes};
use crate::quantize::{Quantization, QuantizeError};
use lenet_core::shape::CLASSES;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const BITS: [&str; 5] =
    ["8", "4", "conv=8,fc=4,activations=7", "conv=4,fc=8,activations=4", "conv1=8,conv2=4,fc1=2,fc2=2,fc3=4"];
const WEIGHT_BITS: [WeightBits; 3] = [WeightBits::Eight, WeightBits::Four, WeightBits::Ternary];

fn pick<T: Copy>(random: &mut ChaCha8Rng, of: &[T]) -> T {
    of[random.next_u32() as usize % of.len()]
}

/// Draws a number from -1 to 1.
fn uniform(random: &mut ChaCha8Rng) -> f32 {
    random.next_u32() as f32 / 2_f32.powi(31) - 1.0
}

/// Weights of an extreme magnitude, or 0: random ones of both signs, or all equal.
fn extreme_row(random: &mut ChaCha8Rng, taps: usize) -> Vec<f32> {
    let magnitude = pick(random, &[0.0, 1e-45, 1e-30, 1e-20, 1e-12, 1e-6, 1e-3, 0.03, 0.3, 1.0]);
    let alike = pick(random, &[None, Some(1.0), Some(-1.0)]);
    (0..taps).map(|_| magnitude * alike.unwrap_or_else(|| uniform(random))).collect()
}

fn extreme_bias(random: &mut ChaCha8Rng) -> f32 {
    uniform(random) * pick(random, &[0.0, 1e-30, 1e-6, 0.1, 1.0, 30.0, 1e4, 1e10, 1e30, f32::MAX])
}

/// A network with extreme channels. In one network of eight, a channel's weights are too large for any activation range.
fn extreme_weights(random: &mut ChaCha8Rng) -> FloatWeights {
    let [conv1, conv2, fc1, fc2, mut fc3] = layer_shapes(CLASSES).map(|[outputs, taps]| Affine {
        weight: (0..outputs).flat_map(|_| extreme_row(random, taps)).collect(),
        bias: (0..outputs).map(|_| extreme_bias(random)).collect(),
    });
    fc3.bias.iter_mut().for_each(|bias| *bias = bias.clamp(-1e4, 1e4));
    let mut weights = FloatWeights { conv1, conv2, fc1, fc2, fc3 };
    if random.next_u32().is_multiple_of(8) {
        weights.fc1.weight[..256].fill(1e30);
    }
    weights
}

fn extreme_ranges(random: &mut ChaCha8Rng) -> [f64; 4] {
    [(); 4].map(|()| pick(random, &[0.0, 1e-3, 0.5, 4.0, 100.0, 1e30]))
}

/// The largest magnitude of any partial sum of a channel, computed from the exported integers.
fn largest_accumulator(layer: &IntegerLayer, channel: usize, largest_input: u8) -> i64 {
    let taps = layer.weights.len() / layer.biases.len();
    let row = &layer.weights[channel * taps..][..taps];
    let products: i64 = row.iter().map(|&weight| i64::from(weight).abs() * i64::from(largest_input)).sum();
    i64::from(layer.biases[channel]).abs() + products
}

#[track_caller]
fn assert_bounded(layers: &[IntegerLayer; 5], bits: Bits) {
    let inputs = [u8::MAX].into_iter().chain(bits.activations.map(largest_activation));
    for (index, (layer, largest_input)) in layers.iter().zip(inputs).enumerate() {
        for channel in 0..layer.biases.len() {
            let found = largest_accumulator(layer, channel, largest_input);
            assert!(found < 1 << 24, "layer {index}, channel {channel}: {found}, {bits} bits");
        }
    }
}

#[test]
fn every_accumulator_of_every_network_stays_below_2_to_the_power_of_24() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut quantized = 0;
    for round in 0..60 {
        let bits: Bits = BITS[round % BITS.len()].parse().unwrap();
        let weights = extreme_weights(&mut random);
        let quantization = Quantization::new(&weights, extreme_ranges(&mut random), bits);
        match quantization.integers(&weights) {
            Ok(layers) => {
                assert_bounded(&layers, bits);
                quantized += 1;
            }
            Err(error) => assert!(matches!(error, QuantizeError::Factor { .. }), "{error}"),
        }
        // In quantization-aware training the weights change while the quantization stays the same.
        if let Ok(layers) = quantization.integers(&extreme_weights(&mut random)) {
            assert_bounded(&layers, bits);
        }
    }
    assert!(quantized > 30, "{quantized}");
}

const UNITS: LayerUnits = LayerUnits {
    bits: WeightBits::Eight,
    input: ActivationUnits { step: 4.0 / 255.0, largest: 255 },
    output: Some(OUTPUT),
};
const OUTPUT: ActivationUnits = ActivationUnits { step: 4.0 / 255.0, largest: 255 };

/// [`Requant::activation`] of an accumulator that may exceed `i32`.
fn wide_activation(requant: Requant, accumulator: i64) -> u8 {
    let narrow = (accumulator >> requant.pre_shift()).clamp(0, 65_535);
    ((narrow * i64::from(requant.multiplier())) >> 23).min(255) as u8
}

#[test]
fn clamping_a_bias_changes_no_activation() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut clamped = 0;
    for round in 0..20_000 {
        let bits = WEIGHT_BITS[round % WEIGHT_BITS.len()];
        let units = LayerUnits { bits, ..UNITS };
        let (row, bias) = (extreme_row(&mut random, 256), extreme_bias(&mut random));
        let scale = units.channel_scale(&row, bias, OUTPUT);
        let Ok(channel) = units.channel(&row, bias, scale) else { continue };
        let requant = channel.requant.unwrap();
        let (negative, positive) = units.product_range(&channel.weights);
        for products in [negative, 0, positive] {
            let found = requant.activation((i64::from(channel.bias) + products) as i32, 255);
            let expected = wide_activation(requant, channel.unbounded_bias.saturating_add(products));
            assert_eq!(found, expected, "{bias}, {row:?}");
        }
        clamped += u32::from(!channel.fits());
    }
    assert!(clamped > 1_000, "{clamped}");
}

#[test]
fn a_dead_unit_has_the_scale_of_a_channel_without_weights_and_is_0_for_every_input() {
    for (weight, bias) in [(1e-20, -0.3), (-1e-20, -1e-3), (1e-38, -1e30), (3e-7, -1.0), (1e-4, -20.0)] {
        for bits in WEIGHT_BITS {
            let units = LayerUnits { bits, ..UNITS };
            let row: Vec<f32> = (0..120).map(|tap| weight * tap as f32 / 119.0).collect();
            let scale = units.channel_scale(&row, bias, OUTPUT);
            assert_eq!(scale, OUTPUT.step / UNITS.input.step / 256.0, "{weight}, {bias}");
            let channel = units.channel(&row, bias, scale).unwrap();
            let accumulator = i64::from(channel.bias) + units.product_range(&channel.weights).1;
            assert_eq!(channel.requant.unwrap().activation(accumulator as i32, 255), 0, "{weight}, {bias}");
        }
    }
    // 0.3 is 19.125 steps of 256 units, and the rounding term adds half a step.
    let channel = UNITS.channel(&[0.0; 120], -0.3, OUTPUT.step / UNITS.input.step / 256.0).unwrap();
    assert_eq!(channel.bias, -4_896 + 128);
}

#[test]
fn the_activation_of_a_channel_with_negligible_weights_is_its_bias() {
    for (bias, expected) in [(0.5, 32), (0.51, 33), (4.0, 255), (1e9, 255)] {
        let row = [1e-20, -1e-20, 0.0];
        let scale = UNITS.channel_scale(&row, bias, OUTPUT);
        let channel = UNITS.channel(&row, bias, scale).unwrap();
        assert_eq!(channel.weights, [0; 3]);
        assert_eq!(channel.requant.unwrap().activation(channel.bias, 255), expected, "{bias}");
    }
}

#[test]
fn a_live_channel_has_the_scale_of_its_weights() {
    // Even where the bias is 500 times the largest weight.
    for (largest, bias) in [(0.5, 0.1), (0.5, -3.0), (0.01, 0.01), (1e-3, 0.5), (1e-3, -0.001)] {
        let row: Vec<f32> = (0..256).map(|tap| largest * (tap as f32 / 127.5 - 1.0)).collect();
        let scale = UNITS.channel_scale(&row, bias, OUTPUT);
        assert_eq!(scale, f64::from(largest) / 127.0, "{largest}, {bias}");
        assert!(UNITS.channel(&row, bias, scale).unwrap().fits());
    }
}

#[test]
fn a_live_channel_whose_bias_does_not_fit_gets_the_smallest_scale_at_which_it_does() {
    // All 256 products together leave the sum between 2 and 3.8, which is 127 to 242 steps at the range of 4.
    let row = [-4.5e-4_f32; 256];
    let wide = ActivationUnits { step: OUTPUT.step, ..OUTPUT };
    let units = LayerUnits { input: ActivationUnits { step: 4.0 / 255.0, largest: 255 }, ..UNITS };
    let bias = 3.8_f32;
    let by_weights = weight_scale(&row, WeightBits::Eight).unwrap();
    assert!(!units.channel(&row, bias, by_weights).unwrap().fits());
    let scale = units.channel_scale(&row, bias, wide);
    let channel = units.channel(&row, bias, scale).unwrap();
    assert!(channel.fits() && channel.weights[0] < -1, "{channel:?}");
    let activation = |inputs: i64| {
        let sum = i64::from(channel.bias) + inputs * i64::from(channel.weights[0]);
        f64::from(channel.requant.unwrap().activation(sum as i32, 255))
    };
    for inputs in [0, 100, 256 * 100, 256 * 255] {
        let real = f64::from(bias) + inputs as f64 * units.input.step * f64::from(row[0]);
        assert!((activation(inputs) - real / wide.step).abs() <= 1.5, "{inputs}: {real}");
    }
}

#[test]
fn the_single_scale_of_the_last_layer_leaves_room_for_its_largest_bias() {
    let units = LayerUnits { output: None, ..UNITS };
    let layer = |weight: f32, biases: &[f32]| Affine {
        weight: vec![weight; 84 * biases.len()],
        bias: biases.to_vec(),
    };
    assert_eq!(units.shared_scale(&layer(0.5, &[0.1, -0.2])), f64::from(0.5_f32) / 127.0);
    assert_eq!(units.shared_scale(&layer(0.0, &[0.0, 0.0])), 1.0 / 127.0);
    for (weight, biases) in
        [(1e-20, [0.1, -0.2]), (0.0, [1e-30, -2e-30]), (1.0, [1e30, 0.0]), (0.3, [-3e6, 1.0])]
    {
        let layer = layer(weight, &biases);
        let scale = units.shared_scale(&layer);
        for (row, bias) in rows(&layer) {
            assert!(units.channel(row, bias, scale).unwrap().fits(), "{weight}, {bias}");
        }
    }
}
