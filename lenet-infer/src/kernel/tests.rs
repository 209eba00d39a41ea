//! One corpus for every back end compiled in, and the naive reference in wide arithmetic.

extern crate std;

use super::{Image, portable};
use lenet_core::Requant;
use lenet_core::model::{Biases, Conv, Dense, Logits, MAX_BIAS, Requants};
use proptest::prelude::*;
use std::vec::Vec;

/// One layer's bytes, as a file would hold them.
#[derive(Clone, Debug)]
struct Layer<const ROW: usize, const ROWS: usize, const OUT: usize> {
    weights: [[u8; ROW]; ROWS],
    biases: [[u8; 4]; OUT],
    requants: [[u8; 3]; OUT],
}

fn layer<const ROW: usize, const ROWS: usize, const OUT: usize>()
-> impl Strategy<Value = Layer<ROW, ROWS, OUT>> {
    let weight = prop_oneof![8 => any::<u8>(), 1 => Just(0x80), 1 => Just(0x7f), 1 => Just(0)];
    let bias = prop_oneof![4 => -100_000..100_000_i32, 1 => -MAX_BIAS..=MAX_BIAS, 1 => Just(MAX_BIAS)];
    let requant = (any::<u16>(), 0..=Requant::MAX_PRE_SHIFT);
    (bytes(weight, ROW * ROWS), proptest::collection::vec(bias, OUT), proptest::collection::vec(requant, OUT))
        .prop_map(|(weights, biases, requants)| Layer {
            weights: core::array::from_fn(|row| core::array::from_fn(|i| weights[row * ROW + i])),
            biases: core::array::from_fn(|o| biases[o].to_le_bytes()),
            requants: core::array::from_fn(|o| {
                Requant::new(requants[o].0, requants[o].1).unwrap().to_bytes()
            }),
        })
}

fn bytes(byte: impl Strategy<Value = u8>, length: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(byte, length)
}

fn activations() -> impl Strategy<Value = u8> {
    prop_oneof![4 => any::<u8>(), 2 => Just(0), 1 => Just(255)]
}

impl<const ROW: usize, const ROWS: usize, const OUT: usize> Layer<ROW, ROWS, OUT> {
    fn weight(&self, row: usize, column: usize) -> i64 {
        i64::from(self.weights[row][column] as i8)
    }

    fn bias(&self, channel: usize) -> i64 {
        i64::from(i32::from_le_bytes(self.biases[channel]))
    }

    fn activation(&self, channel: usize, accumulator: i64) -> u8 {
        let accumulator = i32::try_from(accumulator).expect("an accumulator that leaves 32 bits");
        Requant::from_bytes(self.requants[channel]).unwrap().activation(accumulator)
    }
}

impl<const TAPS: usize, const OUT: usize> Layer<OUT, TAPS, OUT> {
    fn conv(&self) -> Conv<'_, TAPS, OUT> {
        Conv {
            weights: &self.weights,
            biases: Biases::new(&self.biases),
            requants: Requants::new(&self.requants),
        }
    }

    /// Written from the definition: requantise all four positions, then take the maximum.
    fn naive_conv<const IN: usize, const SIDE: usize, const POOLED: usize>(
        &self,
        input: &Image<IN, SIDE>,
    ) -> Image<OUT, POOLED> {
        let position = |y: usize, x: usize, channel: usize| {
            let mut sum = self.bias(channel);
            for row in 0..5 {
                for column in 0..5 {
                    for (from, pixel) in input[y + row][x + column].iter().enumerate() {
                        let weight = self.weight((row * 5 + column) * IN + from, channel);
                        sum += weight * i64::from(*pixel);
                    }
                }
            }
            self.activation(channel, sum)
        };
        let pool = |y, x, c| position(y, x, c).max(position(y, x + 1, c));
        core::array::from_fn(|y| {
            core::array::from_fn(|x| {
                core::array::from_fn(|c| pool(2 * y, 2 * x, c).max(pool(2 * y + 1, 2 * x, c)))
            })
        })
    }
}

impl<const IN: usize, const OUT: usize> Layer<IN, OUT, OUT> {
    fn naive_logit(&self, output: usize, input: &[u8; IN]) -> i64 {
        let products = (0..IN).map(|i| self.weight(output, i) * i64::from(input[i]));
        self.bias(output) + products.sum::<i64>()
    }
}

fn check_conv<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const OUT: usize,
>(
    layer: &Layer<OUT, TAPS, OUT>,
    pixels: &[u8],
) {
    let input: Image<IN, SIDE> = core::array::from_fn(|y| {
        core::array::from_fn(|x| core::array::from_fn(|c| pixels[(y * SIDE + x) * IN + c]))
    });
    let expected: Image<OUT, POOLED> = layer.naive_conv(&input);
    let mut found = [[[0; OUT]; POOLED]; POOLED];
    portable::conv_pool(&layer.conv(), &input, &mut found);
    assert_eq!(found, expected, "portable");
    #[cfg(lenet_avx2)]
    if let Some(avx2) = super::avx2::Avx2::detect() {
        let mut found = [[[0; OUT]; POOLED]; POOLED];
        avx2.conv_pool(&layer.conv(), &input, &mut found);
        assert_eq!(found, expected, "avx2");
    }
}

fn check_dense<const IN: usize, const OUT: usize>(layer: &Layer<IN, OUT, OUT>, input: &[u8]) {
    let input: &[u8; IN] = input.try_into().unwrap();
    let sums: [i64; OUT] = core::array::from_fn(|output| layer.naive_logit(output, input));
    let expected: [u8; OUT] = core::array::from_fn(|output| layer.activation(output, sums[output]));
    let (weights, biases) = (&layer.weights, Biases::new(&layer.biases));
    let dense = Dense { weights, biases, requants: Requants::new(&layer.requants) };
    let logits = Logits { weights, biases };

    let (mut activations, mut accumulators) = ([0; OUT], [0; OUT]);
    portable::dense(&dense, input, &mut activations);
    portable::logits(&logits, input, &mut accumulators);
    assert_eq!((activations, accumulators.map(i64::from)), (expected, sums), "portable");
    #[cfg(lenet_avx2)]
    if let Some(avx2) = super::avx2::Avx2::detect() {
        avx2.dense(&dense, input, &mut activations);
        avx2.logits(&logits, input, &mut accumulators);
        assert_eq!((activations, accumulators.map(i64::from)), (expected, sums), "avx2");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_back_end_equals_the_naive_conv1(
        layer in layer::<6, 25, 6>(), pixels in bytes(activations(), 28 * 28),
    ) {
        check_conv::<1, 28, 12, 25, 6>(&layer, &pixels);
    }

    #[test]
    fn every_back_end_equals_the_naive_conv2(
        layer in layer::<16, 150, 16>(), pixels in bytes(activations(), 12 * 12 * 6),
    ) {
        check_conv::<6, 12, 4, 150, 16>(&layer, &pixels);
    }

    #[test]
    fn every_back_end_equals_the_naive_fc1(
        layer in layer::<256, 120, 120>(), input in bytes(activations(), 256),
    ) {
        check_dense(&layer, &input);
    }

    #[test]
    fn every_back_end_equals_the_naive_fc2(
        layer in layer::<120, 84, 84>(), input in bytes(activations(), 120),
    ) {
        check_dense(&layer, &input);
    }

    #[test]
    fn every_back_end_equals_the_naive_fc3(
        layer in layer::<84, 10, 10>(), input in bytes(activations(), 84),
    ) {
        check_dense(&layer, &input);
    }
}

#[cfg(lenet_avx2)]
#[test]
fn the_avx2_back_end_ran_or_this_processor_lacks_it() {
    let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
    std::println!("avx2 back end: {}", if has_avx2 { "tested" } else { "NOT TESTED, no AVX2 here" });
    assert_eq!(super::avx2::Avx2::detect().is_some(), has_avx2);
}
