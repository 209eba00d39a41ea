//! The fully-connected layers.

use lenet_core::model::{Dense, DenseRows, Fc3, Weights, unpack, unpack_ternary};
use lenet_core::shape::FC2_OUTPUTS;

/// Computes a hidden layer with bias, ReLU and requantization.
pub(super) fn hidden<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
) {
    let max = layer.largest_activation();
    let weights = layer.weights().as_rows();
    let outputs = output.iter_mut().zip(layer.biases().iter()).zip(layer.requants().iter()).enumerate();
    for (index, ((activation, bias), requant)) in outputs {
        *activation = requant.activation(bias + dot(weights, index, input), max);
    }
}

/// Computes the last layer: sums and biases.
pub(super) fn logits(layer: &Fc3<'_>, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
    for (index, (logit, bias)) in logits.iter_mut().zip(layer.biases()).enumerate() {
        *logit = bias + dot(layer.weights().as_rows(), index, input);
    }
}

/// The sum of products of one output, or 0 if the layer has no such output.
#[inline(always)]
fn dot<const IN: usize, const HALF: usize, const FIFTH: usize>(
    weights: DenseRows<'_, IN, HALF, FIFTH>,
    output: usize,
    input: &[u8; IN],
) -> i32 {
    const { assert!(IN == 2 * HALF) };
    let product = |activation: u8, weight: i8| i32::from(activation) * i32::from(weight);
    match weights {
        Weights::Int8(rows) => {
            let row = rows.get(output).unwrap_or(&[0; IN]);
            input.iter().zip(row).map(|(a, w)| product(*a, *w as i8)).sum()
        }
        Weights::Int4(rows) => {
            let row = rows.get(output).unwrap_or(&[0; HALF]);
            let products = input.as_chunks::<2>().0.iter().zip(row).map(|([even, odd], byte)| {
                let [low, high] = unpack(*byte);
                product(*even, low) + product(*odd, high)
            });
            products.sum()
        }
        Weights::Ternary(rows) => dot_ternary(rows.get(output).unwrap_or(&[0; FIFTH]), input),
    }
}

/// The sum of products of one output with ternary weights. Not generic, so that the program has one copy.
#[inline(never)]
fn dot_ternary(row: &[u8], input: &[u8]) -> i32 {
    // The first weights of all bytes are those of the first inputs, and so on.
    let groups = input.chunks(row.len().max(1)).enumerate().map(|(place, inputs)| {
        let weight = |byte: u8| unpack_ternary(byte).get(place).copied().unwrap_or_default();
        inputs.iter().zip(row).map(|(a, byte)| i32::from(*a) * i32::from(weight(*byte))).sum::<i32>()
    });
    groups.sum()
}
