//! One corpus for every back end compiled in, and the naive reference in wide arithmetic.

extern crate std;

use super::{Features, Grey, Image, Ring, device, portable, rows, scalar};
use lenet_core::Requant;
use lenet_core::model::{Biases, Conv, Dense, Logits, MAX_BIAS, Requants, Weights, largest_activation, pack};
use proptest::prelude::*;
use std::boxed::Box;
use std::vec::Vec;

/// One layer as a file would hold it, and its weights as numbers, `weights[output][tap]`.
#[derive(Clone, Debug)]
struct Layer {
    weights: Vec<Vec<i8>>,
    biases: Vec<[u8; 4]>,
    requants: Vec<[u8; 3]>,
    weight_bits: u8,
    activation_bits: u8,
}

fn layer(outputs: usize, taps: usize) -> impl Strategy<Value = Layer> {
    let weight = prop_oneof![8 => any::<i8>(), 1 => Just(-128), 1 => Just(127), 1 => Just(0)];
    let bias = prop_oneof![4 => -100_000..100_000_i32, 1 => -MAX_BIAS..=MAX_BIAS, 1 => Just(MAX_BIAS)];
    let requant = (any::<u16>(), 0..=Requant::MAX_PRE_SHIFT);
    let vec = proptest::collection::vec::<BoxedStrategy<i8>>;
    let weights = vec(weight.boxed(), outputs * taps);
    let (biases, requants) =
        (proptest::collection::vec(bias, outputs), proptest::collection::vec(requant, outputs));
    (weights, biases, requants, prop_oneof![Just((8, 0)), Just((4, 0xF))], 4..=8_u8).prop_map(
        move |(weights, biases, requants, (weight_bits, lost), activation_bits)| Layer {
            weights: weights
                .chunks(taps)
                .map(|row| row.iter().map(|weight| weight & !lost).collect())
                .collect(),
            biases: biases.iter().map(|bias| bias.to_le_bytes()).collect(),
            requants: requants.iter().map(|&(m, s)| Requant::new(m, s).unwrap().to_bytes()).collect(),
            weight_bits,
            activation_bits,
        },
    )
}

fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => any::<u8>(), 2 => Just(0), 1 => Just(255)];
    proptest::collection::vec(byte, length)
}

impl Layer {
    fn activation(&self, output: usize, accumulator: i64) -> u8 {
        let accumulator = i32::try_from(accumulator).expect("an accumulator that leaves 32 bits");
        let requant = Requant::from_bytes(self.requants[output]).unwrap();
        requant.activation(accumulator, largest_activation(self.activation_bits))
    }

    fn accumulator(&self, output: usize, inputs: impl Iterator<Item = u8>) -> i64 {
        let products = inputs.zip(&self.weights[output]).map(|(a, w)| i64::from(a) * i64::from(*w));
        i64::from(i32::from_le_bytes(self.biases[output])) + products.sum::<i64>()
    }

    fn biases<const OUT: usize>(&self) -> Biases<'_, OUT> {
        Biases::new(self.biases.as_slice().try_into().unwrap())
    }

    fn requants<const OUT: usize>(&self) -> Requants<'_, OUT> {
        Requants::new(self.requants.as_slice().try_into().unwrap())
    }

    /// Calls `then` with the layer as a convolution.
    fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize>(
        &self,
        then: impl FnOnce(&Conv<'_, TAPS, PAIRS, OUT>),
    ) {
        let pair = |pair: usize, tap: usize| [self.weights[2 * pair][tap], self.weights[2 * pair + 1][tap]];
        let int8 = core::array::from_fn(|p| core::array::from_fn(|t| pair(p, t).map(|w| w as u8)));
        let int4 = core::array::from_fn(|p| core::array::from_fn(|t| pack(pair(p, t))));
        let weights = if self.weight_bits == 8 { Weights::Int8(&int8) } else { Weights::Int4(&int4) };
        let (biases, requants, activation_bits) = (self.biases(), self.requants(), self.activation_bits);
        then(&Conv { weights, biases, requants, activation_bits });
    }

    /// Calls `then` with the layer as a hidden layer and as a last one.
    fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
        &self,
        then: impl FnOnce(&Dense<'_, IN, HALF, OUT>, &Logits<'_, IN, HALF, OUT>),
    ) {
        let int8: Box<[[u8; IN]; OUT]> =
            Box::new(core::array::from_fn(|o| core::array::from_fn(|i| self.weights[o][i] as u8)));
        let int4: Box<[[u8; HALF]; OUT]> = Box::new(core::array::from_fn(|o| {
            core::array::from_fn(|i| pack([self.weights[o][2 * i], self.weights[o][2 * i + 1]]))
        }));
        let weights = if self.weight_bits == 8 { Weights::Int8(&*int8) } else { Weights::Int4(&*int4) };
        let (biases, requants, activation_bits) = (self.biases(), self.requants(), self.activation_bits);
        then(&Dense { weights, biases, requants, activation_bits }, &Logits { weights, biases });
    }

    /// Written from the definition: requantise all four positions, then take the maximum.
    fn naive_conv<const IN: usize, const SIDE: usize, const POOLED: usize, const OUT: usize>(
        &self,
        input: &Image<IN, SIDE>,
    ) -> Image<OUT, POOLED> {
        let position = |y: usize, x: usize, channel: usize| {
            let field = input[y..y + 5].iter().flat_map(|row| row[x..x + 5].as_flattened());
            self.activation(channel, self.accumulator(channel, field.copied()))
        };
        let pool = |y, x, c| position(y, x, c).max(position(y, x + 1, c));
        core::array::from_fn(|y| {
            core::array::from_fn(|x| {
                core::array::from_fn(|c| pool(2 * y, 2 * x, c).max(pool(2 * y + 1, 2 * x, c)))
            })
        })
    }
}

fn image<const IN: usize, const SIDE: usize>(bytes: &[u8]) -> Image<IN, SIDE> {
    core::array::from_fn(|y| {
        core::array::from_fn(|x| core::array::from_fn(|c| bytes[(y * SIDE + x) * IN + c]))
    })
}

/// Both convolutions of every back end on one picture.
fn check_features(layer1: &Layer, layer2: &Layer, picture: &Grey) {
    let pooled: Image<6, 12> = layer1.naive_conv(picture);
    let expected: Features = layer2.naive_conv(&pooled);
    layer1.conv(|conv1| {
        layer2.conv(|conv2| {
            let (mut ring, mut found): (Ring, Features) = ([[[7; 6]; 12]; 6], [[[9; 16]; 4]; 4]);
            rows::features(conv1, conv2, picture, &mut ring, &mut found);
            assert_eq!(found, expected, "the device's back end");
            for (y, expected) in pooled.iter().enumerate() {
                let mut row = [[0; 6]; 12];
                portable::conv_pool_row(conv1, core::array::from_fn(|r| &picture[2 * y + r]), &mut row);
                assert_eq!(row, *expected, "portable, conv1");
            }
            for (y, expected) in expected.iter().enumerate() {
                let mut row = [[0; 16]; 4];
                portable::conv_pool_row(conv2, core::array::from_fn(|r| &pooled[2 * y + r]), &mut row);
                assert_eq!(row, *expected, "portable, conv2");
            }
            #[cfg(lenet_avx2)]
            if let Some(avx2) = super::avx2::Avx2::detect() {
                avx2.features(conv1, conv2, picture, &mut found);
                assert_eq!(found, expected, "avx2");
            }
        });
    });
}

/// What a scalar back end writes in assembly: sums of a tile of outputs, here of four.
fn dot<const IN: usize>(rows: &[[u8; IN]; 4], input: &[u8; IN]) -> [i32; 4] {
    rows.map(|row| row.iter().zip(input).map(|(w, a)| i32::from(*w as i8) * i32::from(*a)).sum())
}

/// The same: activations of sums.
fn finish(sums: &[i32], biases: &[[u8; 4]], requants: &[[u8; 3]], bits: u8, output: &mut [u8]) {
    for (((activation, sum), bias), requant) in output.iter_mut().zip(sums).zip(biases).zip(requants) {
        let requant = Requant::from_bytes(*requant).unwrap();
        *activation = requant.activation(sum + i32::from_le_bytes(*bias), largest_activation(bits));
    }
}

fn check_dense<const IN: usize, const HALF: usize, const OUT: usize>(layer: &Layer, input: &[u8]) {
    let input: &[u8; IN] = input.try_into().unwrap();
    let sums: [i64; OUT] = core::array::from_fn(|output| layer.accumulator(output, input.iter().copied()));
    let expected: [u8; OUT] = core::array::from_fn(|output| layer.activation(output, sums[output]));
    layer.dense(|dense: &Dense<'_, IN, HALF, OUT>, logits| {
        let (mut activations, mut accumulators) = ([0; OUT], [0; OUT]);
        portable::dense(dense, input, &mut activations);
        portable::logits(logits, input, &mut accumulators);
        assert_eq!((activations, accumulators.map(i64::from)), (expected, sums), "portable");
        device::dense(dense, input, &mut activations);
        device::logits(logits, input, &mut accumulators);
        assert_eq!((activations, accumulators.map(i64::from)), (expected, sums), "the device's back end");
        scalar::dense(dense, input, &mut activations, dot, scalar::dot_int4, finish);
        scalar::logits(logits, input, &mut accumulators, dot, scalar::dot_int4);
        assert_eq!((activations, accumulators.map(i64::from)), (expected, sums), "scalar");
        #[cfg(lenet_avx2)]
        if let Some(avx2) = super::avx2::Avx2::detect() {
            avx2.dense(dense, input, &mut activations);
            avx2.logits(logits, input, &mut accumulators);
            assert_eq!((activations, accumulators.map(i64::from)), (expected, sums), "avx2");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_back_end_equals_the_naive_convolutions(
        conv1 in layer(6, 25), conv2 in layer(16, 150), pixels in bytes(28 * 28),
    ) {
        check_features(&conv1, &conv2, &image(&pixels));
    }

    #[test]
    fn every_back_end_equals_the_naive_fc1(layer in layer(120, 256), input in bytes(256)) {
        check_dense::<256, 128, 120>(&layer, &input);
    }

    #[test]
    fn every_back_end_equals_the_naive_fc2(layer in layer(84, 120), input in bytes(120)) {
        check_dense::<120, 60, 84>(&layer, &input);
    }

    #[test]
    fn every_back_end_equals_the_naive_fc3(layer in layer(10, 84), input in bytes(84)) {
        check_dense::<84, 42, 10>(&layer, &input);
    }

    #[test]
    fn every_back_end_equals_the_naive_fc3_of_an_odd_number_of_classes(
        layer in layer(7, 84), input in bytes(84),
    ) {
        check_dense::<84, 42, 7>(&layer, &input);
    }
}

#[cfg(lenet_avx2)]
#[test]
fn the_avx2_back_end_ran_or_this_processor_lacks_it() {
    let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
    std::println!("avx2 back end: {}", if has_avx2 { "tested" } else { "NOT TESTED, no AVX2 here" });
    assert_eq!(super::avx2::Avx2::detect().is_some(), has_avx2);
}
