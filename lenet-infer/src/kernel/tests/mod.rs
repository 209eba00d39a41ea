//! Every back end that is compiled in against one corpus and a naive reference in wide arithmetic.

extern crate std;

mod drawn;
mod kinds;
mod lanes;
mod limbs;

use lenet_core::Requant;
use lenet_core::error::Layer;
use lenet_core::model::{Fc2, MAX_BIAS, largest_activation};
use lenet_core::shape::{FC2_OUTPUTS, MAX_CLASSES, MIN_CLASSES};
use proptest::prelude::*;

use self::drawn::{Drawn, Network, bytes, layer, network};
#[cfg(lenet_device = "neon")]
use super::neon;
use super::portable::Portable;
#[cfg(feature = "host")]
use super::prepared;
use super::{Device, Image, scalar};
#[cfg(lenet_x86_64)]
use super::{avx2, avx512};

/// Compares the logits of every back end that is compiled in with the definition.
fn check_network(network: &Network, image: &Image) {
    let expected = network.naive_logits(image);
    assert_eq!(network.logits(Device, image), expected, "the device's back end");
    assert_eq!(network.logits(Portable, image), expected, "portable");
    #[cfg(lenet_x86_64)]
    {
        if let Some(avx2) = avx2::Avx2::detect() {
            assert_eq!(network.logits(avx2, image), expected, "avx2");
            let prepared = network.model(|model| prepared::Network::new(avx2, model));
            assert_eq!(network.logits(&*prepared, image), expected, "avx2, prepared once");
        }
        if let Some(avx512) = network.model(avx512::Network::new) {
            assert_eq!(network.logits(&*avx512, image), expected, "avx512");
        }
    }
    #[cfg(lenet_device = "neon")]
    {
        assert_eq!(network.logits(neon::Neon, image), expected, "neon");
        #[cfg(feature = "host")]
        {
            let prepared = network.model(|model| prepared::Network::new(neon::Neon, model));
            assert_eq!(network.logits(&*prepared, image), expected, "neon, prepared once");
        }
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
///
/// Where the weights are ternary, those of the convolutions and of the last layer are int8.
fn uniform(weight: i8, bias: i32, requant: [u8; 3], weight_bits: u8) -> Network {
    let layer = |outputs: usize, taps: usize, weight_bits: u8| Drawn {
        weights: std::vec![std::vec![weight; taps]; outputs],
        biases: std::vec![bias.to_le_bytes(); outputs],
        requants: std::vec![requant; outputs],
        weight_bits,
        activation_bits: 8,
    };
    let others = if weight_bits == 2 { 8 } else { weight_bits };
    Network([
        layer(6, 25, others),
        layer(16, 150, others),
        layer(120, 256, weight_bits),
        layer(84, 120, weight_bits),
        layer(64, 84, others),
    ])
}

#[test]
fn every_back_end_is_exact_at_the_extremes_of_every_range() {
    for (weight, weight_bits) in [(-128, 8), (127, 8), (-1, 8), (-128, 4), (112, 4), (-64, 2), (64, 2)] {
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

/// Where continuous integration runs, the processor has AVX2; elsewhere the test names what it could not compare. Not all
/// machines there have AVX-512.
#[cfg(lenet_x86_64)]
#[test]
fn the_avx2_back_end_is_compared_wherever_ci_runs() {
    let network = uniform(1, 0, [0, 0, 0], 8);
    if avx2::Avx2::detect().is_none() {
        assert!(std::env::var_os("CI").is_none(), "no AVX2 here: its back end cannot be compared in CI");
        std::println!("NOT RUN: the AVX2 back end was not compared: this processor has no AVX2");
    }
    if network.model(avx512::Network::new).is_none() {
        std::println!(
            "NOT RUN: the AVX-512 back end was not compared: this processor has no AVX-512 with VNNI"
        );
    }
}
