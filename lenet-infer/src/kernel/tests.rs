//! Every back end that is compiled in against one corpus and a naive reference in wide arithmetic.

extern crate std;

use super::portable::Portable;
use super::{Backend, Device, Features, Image, scalar};
use lenet_core::error::Layer;
use lenet_core::model::{
    Confidence, Conv, Conv1, Conv2, Dense, Fc1, Fc2, Fc3, MAX_BIAS, Weights, largest_activation, pack,
};
use lenet_core::shape::{FC2_OUTPUTS, MAX_CLASSES, MIN_CLASSES};
use lenet_core::{Model, Requant};
use proptest::prelude::*;
use std::boxed::Box;
use std::vec::Vec;

/// One layer as a file holds it, and its weights as numbers, `weights[output][tap]`.
#[derive(Clone, Debug)]
struct Drawn {
    weights: Vec<Vec<i8>>,
    biases: Vec<[u8; 4]>,
    requants: Vec<[u8; 3]>,
    weight_bits: u8,
    activation_bits: u8,
}

/// A layer that depends on one seed. Proptest would take minutes to draw thousands of values one by one.
fn layer(outputs: usize, taps: usize) -> impl Strategy<Value = Drawn> {
    any::<u64>().prop_map(move |seed| {
        let mut random = SplitMix64(seed);
        let weight_bits = if random.below(2) == 0 { 8 } else { 4 };
        let lost = if weight_bits == 4 { 0xF } else { 0 };
        let extremes = [-128, 127, 0];
        let mut weight = || match random.below(11) {
            extreme @ 0..3 => extremes[extreme] & !lost,
            _ => random.next() as i8 & !lost,
        };
        let weights = (0..outputs).map(|_| (0..taps).map(|_| weight()).collect()).collect();
        let mut bias = || match random.below(6) {
            0 => MAX_BIAS,
            1 => -MAX_BIAS,
            _ => random.next() as i32 >> 15,
        };
        let biases = (0..outputs).map(|_| bias().to_le_bytes()).collect();
        let shifts = usize::from(Requant::MAX_PRE_SHIFT) + 1;
        let mut requant = || Requant::new(random.next() as u16, random.below(shifts) as u8).unwrap();
        let requants = (0..outputs).map(|_| requant().to_bytes()).collect();
        Drawn { weights, biases, requants, weight_bits, activation_bits: 4 + random.below(5) as u8 }
    })
}

/// The SplitMix64 generator of Steele, Lea and Flood.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => any::<u8>(), 2 => Just(0), 1 => Just(255)];
    proptest::collection::vec(byte, length)
}

impl Drawn {
    fn activation(&self, output: usize, accumulator: i64) -> u8 {
        let accumulator = i32::try_from(accumulator).expect("an accumulator that leaves 32 bits");
        let requant = Requant::from_bytes(self.requants[output]).unwrap();
        requant.activation(accumulator, largest_activation(self.activation_bits))
    }

    fn accumulator(&self, output: usize, inputs: impl Iterator<Item = u8>) -> i64 {
        let products = inputs.zip(&self.weights[output]).map(|(a, w)| i64::from(a) * i64::from(*w));
        i64::from(i32::from_le_bytes(self.biases[output])) + products.sum::<i64>()
    }

    /// Calls `then` with the layer as a convolution.
    fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize, T>(
        &self,
        name: Layer,
        then: impl FnOnce(&Conv<'_, TAPS, PAIRS, OUT>) -> T,
    ) -> T {
        let int8: Box<[[[u8; 2]; TAPS]; PAIRS]> = Box::new(core::array::from_fn(|pair| {
            core::array::from_fn(|tap| [0, 1].map(|odd| self.weights[2 * pair + odd][tap] as u8))
        }));
        let int4: Box<[[u8; TAPS]; PAIRS]> =
            Box::new(int8.map(|taps| taps.map(|pair| pack(pair.map(|weight| weight as i8)))));
        let weights = if self.weight_bits == 8 { Weights::Int8(&*int8) } else { Weights::Int4(&*int4) };
        let (biases, requants) = (self.biases.first_chunk().unwrap(), self.requants.first_chunk().unwrap());
        then(&Conv::new(name, weights, biases, requants, self.activation_bits).unwrap())
    }

    /// Calls `then` with the layer as a hidden fully-connected one.
    fn dense<const IN: usize, const HALF: usize, const OUT: usize, T>(
        &self,
        name: Layer,
        then: impl FnOnce(&Dense<'_, IN, HALF, OUT>) -> T,
    ) -> T {
        let (int8, int4) = self.rows::<IN, HALF>();
        let weights = if self.weight_bits == 8 {
            Weights::Int8(int8.first_chunk().unwrap())
        } else {
            Weights::Int4(int4.first_chunk().unwrap())
        };
        let (biases, requants) = (self.biases.first_chunk().unwrap(), self.requants.first_chunk().unwrap());
        then(&Dense::new(name, weights, biases, requants, self.activation_bits).unwrap())
    }

    /// Calls `then` with the layer as the last one.
    fn fc3<T>(&self, then: impl FnOnce(&Fc3<'_>) -> T) -> T {
        let (int8, int4) = self.rows();
        let weights = if self.weight_bits == 8 { Weights::Int8(&*int8) } else { Weights::Int4(&*int4) };
        then(&Fc3::new(weights, &self.biases).unwrap())
    }

    /// The rows of a fully-connected layer as int8 and as int4.
    fn rows<const IN: usize, const HALF: usize>(&self) -> (Vec<[u8; IN]>, Vec<[u8; HALF]>) {
        let int8 = |row: &Vec<i8>| core::array::from_fn(|i| row[i] as u8);
        let int4 = |row: &Vec<i8>| core::array::from_fn(|i| pack([row[2 * i], row[2 * i + 1]]));
        (self.weights.iter().map(int8).collect(), self.weights.iter().map(int4).collect())
    }

    /// The pooled output by the definition: requantizes all four positions of a window, then takes the maximum.
    /// `input[row][column][channel]`.
    fn naive_conv<const POOLED: usize, const OUT: usize>(
        &self,
        input: &[Vec<Vec<u8>>],
    ) -> [[[u8; OUT]; POOLED]; POOLED] {
        let position = |y: usize, x: usize, channel: usize| {
            let field = input[y..y + 5].iter().flat_map(|row| row[x..x + 5].iter().flatten());
            self.activation(channel, self.accumulator(channel, field.copied()))
        };
        let pool = |y, x, c| position(y, x, c).max(position(y, x + 1, c));
        core::array::from_fn(|y| {
            core::array::from_fn(|x| {
                core::array::from_fn(|c| pool(2 * y, 2 * x, c).max(pool(2 * y + 1, 2 * x, c)))
            })
        })
    }

    /// The activations of a hidden layer by the definition.
    fn naive_activations(&self, input: &[u8]) -> Vec<u8> {
        let sums = self.naive_accumulators(input);
        sums.iter().enumerate().map(|(output, &sum)| self.activation(output, sum.into())).collect()
    }

    /// The accumulators of a fully-connected layer by the definition.
    fn naive_accumulators(&self, input: &[u8]) -> Vec<i32> {
        let sum = |output| self.accumulator(output, input.iter().copied());
        (0..self.weights.len()).map(|output| i32::try_from(sum(output)).unwrap()).collect()
    }
}

/// The layers of a whole model, in the order of the network.
#[derive(Clone, Debug)]
struct Network([Drawn; 5]);

impl Network {
    /// The logits by the definition.
    fn naive_logits(&self, image: &Image) -> Vec<i32> {
        let Self([conv1, conv2, fc1, fc2, fc3]) = self;
        let image = image.iter().map(|row| row.iter().map(|pixel| std::vec![*pixel]).collect());
        let pooled: [[[u8; 6]; 12]; 12] = conv1.naive_conv(&image.collect::<Vec<_>>());
        let pooled = pooled.iter().map(|row| row.iter().map(|cell| cell.to_vec()).collect());
        let features: Features = conv2.naive_conv(&pooled.collect::<Vec<_>>());
        let features = features.as_flattened().as_flattened();
        fc3.naive_accumulators(&fc2.naive_activations(&fc1.naive_activations(features)))
    }

    /// Calls `then` with the model.
    fn model<T>(&self, then: impl FnOnce(&Model<'_>) -> T) -> T {
        let Self([conv1, conv2, fc1, fc2, fc3]) = self;
        let confidence = Confidence { requant: Requant::new(1, 0).unwrap(), threshold: 0 };
        conv1.conv(Layer::Conv1, |conv1: &Conv1<'_>| {
            conv2.conv(Layer::Conv2, |conv2: &Conv2<'_>| {
                fc1.dense(Layer::Fc1, |fc1: &Fc1<'_>| {
                    fc2.dense(Layer::Fc2, |fc2: &Fc2<'_>| {
                        fc3.fc3(|fc3| then(&Model::new(*conv1, *conv2, *fc1, *fc2, *fc3, confidence)))
                    })
                })
            })
        })
    }

    /// The logits that the driver computes with `backend`.
    fn logits(&self, backend: impl Backend, image: &Image) -> Vec<i32> {
        self.model(|model| {
            super::driver::classify(backend, model, image, &mut super::Scratch::new()).to_vec()
        })
    }
}

fn network() -> impl Strategy<Value = Network> {
    let fc3 = (MIN_CLASSES..=MAX_CLASSES).prop_flat_map(|classes| layer(classes, 84));
    (layer(6, 25), layer(16, 150), layer(120, 256), layer(84, 120), fc3)
        .prop_map(|(conv1, conv2, fc1, fc2, fc3)| Network([conv1, conv2, fc1, fc2, fc3]))
}

/// Compares the logits of every back end that is compiled in with the definition.
fn check_network(network: &Network, image: &Image) {
    let expected = network.naive_logits(image);
    assert_eq!(network.logits(Device, image), expected, "the device's back end");
    assert_eq!(network.logits(Portable, image), expected, "portable");
    #[cfg(lenet_avx2)]
    if let Some(avx2) = super::avx2::Avx2::detect() {
        assert_eq!(network.logits(avx2, image), expected, "avx2");
    }
}

/// Stands for the assembly of a scalar back end: the sums of a tile of outputs, here of four.
fn dot<const IN: usize>(rows: &[[u8; IN]; 4], input: &[u8; IN]) -> [i32; 4] {
    rows.map(|row| row.iter().zip(input).map(|(w, a)| i32::from(*w as i8) * i32::from(*a)).sum())
}

/// Stands for the assembly of a scalar back end: activations from sums.
fn finish(sums: &[i32], biases: &[[u8; 4]], requants: &[[u8; 3]], bits: u8, output: &mut [u8]) {
    for (((activation, sum), bias), requant) in output.iter_mut().zip(sums).zip(biases).zip(requants) {
        let requant = Requant::from_bytes(*requant).unwrap();
        *activation = requant.activation(sum + i32::from_le_bytes(*bias), largest_activation(bits));
    }
}

fn image(bytes: &[u8]) -> Image {
    core::array::from_fn(|y| core::array::from_fn(|x| bytes[28 * y + x]))
}

/// A network at an extreme: all weights are equal, and so are all biases and all requants.
fn uniform(weight: i8, bias: i32, requant: [u8; 3], weight_bits: u8) -> Network {
    let layer = |outputs: usize, taps: usize| Drawn {
        weights: std::vec![std::vec![weight; taps]; outputs],
        biases: std::vec![bias.to_le_bytes(); outputs],
        requants: std::vec![requant; outputs],
        weight_bits,
        activation_bits: 8,
    };
    Network([layer(6, 25), layer(16, 150), layer(120, 256), layer(84, 120), layer(64, 84)])
}

#[test]
fn every_back_end_is_exact_at_the_extremes_of_every_range() {
    for (weight, weight_bits) in [(-128, 8), (127, 8), (-1, 8), (-128, 4), (112, 4)] {
        for bias in [-MAX_BIAS, 0, MAX_BIAS] {
            for requant in [[0xFF, 0xFF, 0], [0xFF, 0xFF, 15], [1, 0, 0], [0, 0, 15]] {
                for pixel in [0, 255] {
                    check_network(&uniform(weight, bias, requant, weight_bits), &[[pixel; 28]; 28]);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_back_end_gives_the_logits_of_the_definition(network in network(), pixels in bytes(28 * 28)) {
        check_network(&network, &image(&pixels));
    }

    #[test]
    fn the_scalar_layers_equal_the_definition(
        fc2 in layer(84, 120), input in bytes(120),
        fc3 in (MIN_CLASSES..=MAX_CLASSES).prop_flat_map(|classes| layer(classes, 84)), features in bytes(84),
    ) {
        let found = fc2.dense(Layer::Fc2, |layer: &Fc2<'_>| {
            let mut found = [0; FC2_OUTPUTS];
            scalar::hidden(layer, input.first_chunk().unwrap(), &mut found, dot, scalar::dot_int4, finish);
            found
        });
        prop_assert_eq!(found.as_slice(), fc2.naive_activations(&input));
        let found = fc3.fc3(|layer| {
            let mut found = std::vec![0; layer.classes()];
            scalar::logits(layer, features.first_chunk().unwrap(), &mut found, dot, scalar::dot_int4);
            found
        });
        prop_assert_eq!(found, fc3.naive_accumulators(&features));
    }

    /// The packing of conv1 in `armv6m`, in the arithmetic of the host.
    #[test]
    fn three_sums_of_25_products_are_read_out_of_two_words(
        taps in proptest::collection::vec((any::<u8>(), any::<[i8; 3]>()), 25),
    ) {
        let (mut low, mut high, mut expected) = (0_u32, 0_u32, [0_i32; 3]);
        for (activation, weights) in taps {
            let [a, b, c] = weights.map(|weight| weight as i32 as u32);
            low = low.wrapping_add(a.wrapping_add(b << 21).wrapping_mul(activation.into()));
            high = high.wrapping_add(c.wrapping_add(b << 11).wrapping_mul(activation.into()));
            for (sum, weight) in expected.iter_mut().zip(weights) {
                *sum += i32::from(activation) * i32::from(weight);
            }
        }
        let a = (low << 11) as i32 >> 11;
        let low = low.wrapping_sub(a as u32);
        let high = high.wrapping_sub(low >> 10);
        let c = (high << 10) as i32 >> 10;
        // The low 11 bits of b are in one word, the rest in the other.
        let b = (low >> 21).wrapping_add((high.wrapping_sub(c as u32) as i32 >> 11) as u32) as i32;
        prop_assert_eq!([a, b, c], expected);
    }

    /// The packing of conv2 in `armv6m`: four sums of 150 products in three words.
    #[test]
    fn four_sums_of_150_products_are_read_out_of_three_words(
        taps in proptest::collection::vec((any::<u8>(), any::<[i8; 4]>()), 150),
    ) {
        let (mut words, mut expected) = ([0_u32; 3], [0_i32; 4]);
        for (activation, weights) in taps {
            let [a, b, c, d] = weights.map(|weight| weight as i32 as u32);
            let packed = [a.wrapping_add(d << 24), c.wrapping_add(d << 8), b.wrapping_add(d << 16)];
            for (word, packed) in words.iter_mut().zip(packed) {
                *word = word.wrapping_add(packed.wrapping_mul(activation.into()));
            }
            for (sum, weight) in expected.iter_mut().zip(weights) {
                *sum += i32::from(activation) * i32::from(weight);
            }
        }
        let sign_extended = |word: u32| (word << 8) as i32 >> 8;
        let [first, second, third] = words;
        let a = sign_extended(first);
        let low = first.wrapping_sub(a as u32);
        let rest = third.wrapping_sub(low >> 8);
        let b = sign_extended(rest);
        let middle = rest.wrapping_sub(b as u32);
        let rest = second.wrapping_sub(low >> 16).wrapping_sub(middle >> 8);
        let c = sign_extended(rest);
        let high = rest.wrapping_sub(c as u32) as i32 >> 8;
        let d = high.wrapping_add((middle >> 16) as i32).wrapping_add((low >> 24) as i32);
        prop_assert_eq!([a, b, c, d], expected);
    }
}

#[test]
fn every_number_of_classes_gives_the_first_logits_of_the_largest() {
    let network = uniform(3, 7, [0x40, 0x9C, 3], 8);
    let Network([conv1, conv2, fc1, fc2, mut fc3]) = network;
    for (row, bias) in fc3.weights.iter_mut().zip(&mut fc3.biases).enumerate().map(|(at, pair)| {
        *pair.1 = (at as i32 * 1_001).to_le_bytes();
        pair
    }) {
        row.iter_mut().zip(*bias).for_each(|(weight, byte)| *weight = byte as i8);
    }
    let image = [[90; 28]; 28];
    let logits = |classes: usize| {
        let mut fc3 = fc3.clone();
        fc3.weights.truncate(classes);
        fc3.biases.truncate(classes);
        let network = Network([conv1.clone(), conv2.clone(), fc1.clone(), fc2.clone(), fc3]);
        check_network(&network, &image);
        network.logits(Device, &image)
    };
    let all = logits(MAX_CLASSES);
    for classes in MIN_CLASSES..=MAX_CLASSES {
        assert_eq!(logits(classes), all[..classes]);
    }
}

/// Where continuous integration runs, the processor has AVX2; elsewhere the test names what it could not compare.
#[cfg(lenet_avx2)]
#[test]
fn the_avx2_back_end_is_compared_wherever_ci_runs() {
    if super::avx2::Avx2::detect().is_none() {
        assert!(std::env::var_os("CI").is_none(), "no AVX2 here: its back end cannot be compared in CI");
        std::println!("NOT RUN: the AVX2 back end was not compared: this processor has no AVX2");
    }
}
