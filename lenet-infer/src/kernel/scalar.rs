//! What the back ends without vector instructions share: fully-connected layers, tile by tile.

use lenet_core::model::{Dense, DenseWeights, Logits, Weights, largest_activation};

/// A fully-connected hidden layer; `dot` sums the products of `TILE` outputs with int8 weights.
#[inline(always)]
pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize, const TILE: usize>(
    layer: &Dense<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
    dot: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
) {
    let max = largest_activation(layer.activation_bits);
    let mut outputs = output.iter_mut().zip(layer.biases.iter()).zip(layer.requants.iter());
    for_each_sum(&layer.weights, input, dot, |sum| {
        if let Some(((activation, bias), requant)) = outputs.next() {
            *activation = requant.activation(bias + sum, max);
        }
    });
}

/// The last layer.
#[inline(always)]
pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize, const TILE: usize>(
    layer: &Logits<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    output: &mut [i32; OUT],
    dot: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
) {
    let mut outputs = output.iter_mut().zip(layer.biases.iter());
    for_each_sum(&layer.weights, input, dot, |sum| {
        if let Some((logit, bias)) = outputs.next() {
            *logit = bias + sum;
        }
    });
}

/// Calls `then` with the sum of products of each output, in their order.
#[inline(always)]
fn for_each_sum<const IN: usize, const HALF: usize, const OUT: usize, const TILE: usize>(
    weights: &DenseWeights<'_, IN, HALF, OUT>,
    input: &[u8; IN],
    dot: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
    mut then: impl FnMut(i32),
) {
    match weights {
        Weights::Int8(rows) => {
            let (tiles, rest) = rows.as_chunks::<TILE>();
            tiles.iter().for_each(|rows| dot(rows, input).into_iter().for_each(&mut then));
            rest.iter().for_each(|row| then(dot_one(row, input)));
        }
        Weights::Int4(rows) => {
            let (tiles, rest) = rows.as_chunks::<2>();
            tiles.iter().for_each(|rows| dot_int4(rows.each_ref(), input).into_iter().for_each(&mut then));
            rest.iter().for_each(|row| then(dot_int4([row, row], input)[0]));
        }
    }
}

/// The sum of products of one output, where too few for a tile are left.
fn dot_one<const IN: usize>(row: &[u8; IN], input: &[u8; IN]) -> i32 {
    input.iter().zip(row).map(|(activation, weight)| i32::from(*activation) * i32::from(*weight as i8)).sum()
}

/// Bytes of a row whose 16 weights, as unsigned nibbles, give sums of 16 bits: 16 * 255 * 15 is 61,200.
const BLOCK: usize = 8;

/// The sums of products of two outputs with int4 weights, by one multiply for both.
///
/// Four weights of either output are put in one word, the second output's above. Two weights of one input then lie 16
/// bits apart, and one multiply makes both products, which add up side by side as long as the lower sum has 16 bits.
/// For that the nibbles are made unsigned, 8 more than they stand for, which is taken back at the end.
#[inline(never)]
fn dot_int4<const IN: usize, const HALF: usize>(rows: [&[u8; HALF]; 2], input: &[u8; IN]) -> [i32; 2] {
    const { assert!(IN == 2 * HALF && HALF.is_multiple_of(2)) };
    let [(first, first_rest), (second, second_rest)] = rows.map(|row| row.as_chunks::<BLOCK>());
    let (inputs, inputs_rest) = input.as_chunks::<{ 2 * BLOCK }>();
    let mut sums = [0; 2];
    let mut add = |packed: u32| {
        sums[0] += (packed & 0xFFFF) as i32;
        sums[1] += (packed >> 16) as i32;
    };
    for ((first, second), inputs) in first.iter().zip(second).zip(inputs) {
        add(packed_products(first, second, inputs));
    }
    add(packed_products(first_rest, second_rest, inputs_rest));
    let excess = 8 * input.iter().map(|activation| i32::from(*activation)).sum::<i32>();
    sums.map(|sum| (sum - excess) << 4)
}

/// The products of a block of weights of two outputs, summed: the first output's in the low half.
#[inline(always)]
fn packed_products(first: &[u8], second: &[u8], inputs: &[u8]) -> u32 {
    let mut sums = 0;
    let quads = first.as_chunks::<2>().0.iter().zip(second.as_chunks::<2>().0).zip(inputs.as_chunks::<4>().0);
    for ((first, second), inputs) in quads {
        let [a, b] = *first;
        let [c, d] = *second;
        let nibbles = u32::from_le_bytes([a, b, c, d]) ^ 0x8888_8888;
        for (index, activation) in inputs.iter().enumerate() {
            sums += ((nibbles >> (4 * index)) & 0x000F_000F) * u32::from(*activation);
        }
    }
    sums
}
