//! Layers and networks that follow from a seed, and their outputs by definition, in wide arithmetic.

use std::boxed::Box;
use std::vec::Vec;

use lenet_core::error::Layer;
use lenet_core::model::{
    Confidence, Conv, Conv1, Conv2, Dense, Fc1, Fc2, Fc3, MAX_BIAS, Weights, largest_activation, pack,
    pack_ternary,
};
use lenet_core::shape::{MAX_CLASSES, MIN_CLASSES};
use lenet_core::{Model, Requant};
use proptest::prelude::*;

use crate::kernel::{Backend, Features, Image, Scratch, driver};

/// One layer as a file holds it, and its weights as numbers, `weights[output][tap]`.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) weights: Vec<Vec<i8>>,
    pub(super) biases: Vec<[u8; 4]>,
    pub(super) requants: Vec<[u8; 3]>,
    pub(super) weight_bits: u8,
    pub(super) activation_bits: u8,
}

/// A layer with int8 or int4 weights that depends on one seed. Proptest would take minutes to draw thousands of values one
/// by one.
pub(super) fn layer(outputs: usize, taps: usize) -> impl Strategy<Value = Drawn> {
    layer_of(outputs, taps, &[8, 4])
}

/// A layer with int8, int4 or ternary weights.
pub(super) fn dense_layer(outputs: usize, inputs: usize) -> impl Strategy<Value = Drawn> {
    layer_of(outputs, inputs, &[8, 4, 2])
}

fn layer_of(outputs: usize, taps: usize, widths: &'static [u8]) -> impl Strategy<Value = Drawn> {
    any::<u64>().prop_map(move |seed| {
        let mut random = SplitMix64(seed);
        let weight_bits = widths[random.below(widths.len())];
        let lost = if weight_bits == 4 { 0xF } else { 0 };
        let extremes = [-128, 127, 0];
        let mut weight = || match random.below(11) {
            _ if weight_bits == 2 => [-64, 0, 64][random.below(3)],
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

pub(super) fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => any::<u8>(), 2 => Just(0), 1 => Just(255)];
    proptest::collection::vec(byte, length)
}

impl Drawn {
    pub(super) fn activation(&self, output: usize, accumulator: i64) -> u8 {
        let accumulator = i32::try_from(accumulator).expect("an accumulator that leaves 32 bits");
        let requant = Requant::from_bytes(self.requants[output]).unwrap();
        requant.activation(accumulator, largest_activation(self.activation_bits))
    }

    pub(super) fn accumulator(&self, output: usize, inputs: impl Iterator<Item = u8>) -> i64 {
        let products = inputs.zip(&self.weights[output]).map(|(a, w)| i64::from(a) * i64::from(*w));
        i64::from(i32::from_le_bytes(self.biases[output])) + products.sum::<i64>()
    }

    /// Calls `then` with the layer as a convolution.
    pub(super) fn conv<const TAPS: usize, const PAIRS: usize, const OUT: usize, T>(
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
    pub(super) fn dense<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize, T>(
        &self,
        name: Layer,
        then: impl FnOnce(&Dense<'_, IN, HALF, FIFTH, OUT>) -> T,
    ) -> T {
        let (int8, int4) = self.rows::<IN, HALF>();
        let ternary = self.ternary_rows::<FIFTH>();
        let weights = match self.weight_bits {
            8 => Weights::Int8(int8.first_chunk().unwrap()),
            4 => Weights::Int4(int4.first_chunk().unwrap()),
            _ => Weights::Ternary(ternary.first_chunk().unwrap()),
        };
        let (biases, requants) = (self.biases.first_chunk().unwrap(), self.requants.first_chunk().unwrap());
        then(&Dense::new(name, weights, biases, requants, self.activation_bits).unwrap())
    }

    /// Calls `then` with the layer as the last one.
    pub(super) fn fc3<T>(&self, then: impl FnOnce(&Fc3<'_>) -> T) -> T {
        let (int8, int4) = self.rows();
        let weights = if self.weight_bits == 8 { Weights::Int8(&*int8) } else { Weights::Int4(&*int4) };
        then(&Fc3::new(weights, &self.biases).unwrap())
    }

    /// The rows of a fully-connected layer as int8 and as int4.
    pub(super) fn rows<const IN: usize, const HALF: usize>(&self) -> (Vec<[u8; IN]>, Vec<[u8; HALF]>) {
        let int8 = |row: &Vec<i8>| core::array::from_fn(|i| row[i] as u8);
        let int4 = |row: &Vec<i8>| core::array::from_fn(|i| pack([row[2 * i], row[2 * i + 1]]));
        (self.weights.iter().map(int8).collect(), self.weights.iter().map(int4).collect())
    }

    /// The rows of a hidden fully-connected layer as ternary weights.
    fn ternary_rows<const FIFTH: usize>(&self) -> Vec<[u8; FIFTH]> {
        let weight = |row: &Vec<i8>, input: usize| row.get(input).copied().unwrap_or_default();
        let byte =
            |row, first| pack_ternary(core::array::from_fn(|place| weight(row, first + place * FIFTH)));
        self.weights.iter().map(|row| core::array::from_fn(|first| byte(row, first))).collect()
    }

    /// The pooled output by the definition: requantizes all four positions of a window, then takes the maximum.
    /// `input[row][column][channel]`.
    pub(super) fn naive_conv<const POOLED: usize, const OUT: usize>(
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
    pub(super) fn naive_activations(&self, input: &[u8]) -> Vec<u8> {
        let sums = self.naive_accumulators(input);
        sums.iter().enumerate().map(|(output, &sum)| self.activation(output, sum.into())).collect()
    }

    /// The accumulators of a fully-connected layer by the definition.
    pub(super) fn naive_accumulators(&self, input: &[u8]) -> Vec<i32> {
        let sum = |output| self.accumulator(output, input.iter().copied());
        (0..self.weights.len()).map(|output| i32::try_from(sum(output)).unwrap()).collect()
    }
}

/// The layers of a whole model, in the order of the network.
#[derive(Clone, Debug)]
pub(super) struct Network(pub(super) [Drawn; 5]);

impl Network {
    /// The logits by the definition.
    pub(super) fn naive_logits(&self, image: &Image) -> Vec<i32> {
        let Self([conv1, conv2, fc1, fc2, fc3]) = self;
        let image = image.iter().map(|row| row.iter().map(|pixel| std::vec![*pixel]).collect());
        let pooled: [[[u8; 6]; 12]; 12] = conv1.naive_conv(&image.collect::<Vec<_>>());
        let pooled = pooled.iter().map(|row| row.iter().map(|cell| cell.to_vec()).collect());
        let features: Features = conv2.naive_conv(&pooled.collect::<Vec<_>>());
        let features = features.as_flattened().as_flattened();
        fc3.naive_accumulators(&fc2.naive_activations(&fc1.naive_activations(features)))
    }

    /// Calls `then` with the model.
    pub(super) fn model<T>(&self, then: impl FnOnce(&Model<'_>) -> T) -> T {
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
    pub(super) fn logits(&self, backend: impl Backend, image: &Image) -> Vec<i32> {
        self.model(|model| driver::classify(backend, model, image, &mut Scratch::new(model.conv2())).to_vec())
    }
}

pub(super) fn network() -> impl Strategy<Value = Network> {
    let fc3 = (MIN_CLASSES..=MAX_CLASSES).prop_flat_map(|classes| layer(classes, 84));
    (layer(6, 25), layer(16, 150), dense_layer(120, 256), dense_layer(84, 120), fc3)
        .prop_map(|(conv1, conv2, fc1, fc2, fc3)| Network([conv1, conv2, fc1, fc2, fc3]))
}
