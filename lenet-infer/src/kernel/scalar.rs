//! What the back ends without vector instructions share: whole fully-connected layers built from the sums of a few
//! outputs, and int4 weights two outputs at a time.
//!
//! A function here is generic over a layer's shape only where that does not make another copy of a loop.
//!
//! No sum overflows: `lenet_core` asserts that a bias and 256 products fit in an `i32`. Sums are added by `wrapping_add`,
//! because a function that takes a slice of any length does not show that to the compiler, and a program must link with
//! overflow checks only if none can fail. The back end `portable` has the checks.

use lenet_core::Requant;
use lenet_core::model::{Dense, DenseRows, Fc3, Hidden, INT4, Weights};
use lenet_core::shape::{FC2_OUTPUTS, POOL2_LEN};

/// Products of an activation and a raised int4 weight that add up within a half of a word before it is read.
const PRODUCTS_PER_HALF: usize = 4;
/// The largest int4 weight that is raised by 8.
const LARGEST_RAISED: usize = 15;

const _: () = {
    assert!(PRODUCTS_PER_HALF * 255 * LARGEST_RAISED <= u16::MAX as usize);
    // A sum with raised weights, in units of int4 weights, and the sum in those of int8 weights.
    assert!(POOL2_LEN * 255 * LARGEST_RAISED <= i32::MAX as usize);
    assert!((POOL2_LEN * 255 * 8) << 4 <= i32::MAX as usize);
};

/// Computes a hidden fully-connected layer with int8 or int4 weights, `TILE` outputs at a time.
///
/// - `dot` returns the sums of `TILE` outputs with int8 weights.
/// - `dot_int4` returns the sums of two outputs with int4 weights, as the function of that name does.
/// - `finish` computes activations from sums, biases, requants and the width of an activation in bits.
#[inline(always)]
pub(super) fn hidden<
    const IN: usize,
    const HALF: usize,
    const FIFTH: usize,
    const OUT: usize,
    const TILE: usize,
>(
    layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    input: &[u8; IN],
    output: &mut [u8; OUT],
    dot: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
    dot_int4: impl Fn([&[u8; HALF]; 2], &[u8; IN], i32) -> [i32; 2],
    finish: impl Fn(&[i32], &[[u8; 4]], &[[u8; Requant::BYTES]], u8, &mut [u8]),
) {
    for_each_tile(
        layer.weights().as_rows(),
        input,
        dot,
        dot_int4,
        each_tile::<_, OUT, TILE>(layer, output, finish),
    );
}

/// Returns the function to call with the sums of each tile of `TILE` outputs of a hidden layer, in order: it computes their
/// activations with `finish`, as for [`hidden`].
#[inline(always)]
pub(super) fn each_tile<'a, W: Copy, const OUT: usize, const TILE: usize>(
    layer: &'a Hidden<'_, W, OUT>,
    output: &'a mut [u8; OUT],
    finish: impl Fn(&[i32], &[[u8; 4]], &[[u8; Requant::BYTES]], u8, &mut [u8]) + 'a,
) -> impl FnMut(&[i32]) + 'a {
    let biases = layer.biases().as_bytes().chunks(TILE);
    let requants = layer.requants().as_bytes().chunks(TILE);
    let mut tiles = output.chunks_mut(TILE).zip(biases).zip(requants);
    move |sums| {
        if let Some(((output, biases), requants)) = tiles.next() {
            finish(sums, biases, requants, layer.activation_bits(), output);
        }
    }
}

/// Computes the last layer. `dot` and `dot_int4` are those of [`hidden`].
#[inline(always)]
pub(super) fn logits<const TILE: usize>(
    layer: &Fc3<'_>,
    input: &[u8; FC2_OUTPUTS],
    logits: &mut [i32],
    dot: impl Fn(&[[u8; FC2_OUTPUTS]; TILE], &[u8; FC2_OUTPUTS]) -> [i32; TILE],
    dot_int4: impl Fn([&[u8; FC2_OUTPUTS / 2]; 2], &[u8; FC2_OUTPUTS], i32) -> [i32; 2],
) {
    let mut tiles = logits.chunks_mut(TILE).zip(layer.bias_bytes().chunks(TILE));
    for_each_tile(layer.weights().as_rows(), input, dot, dot_int4, |sums| {
        if let Some((output, biases)) = tiles.next() {
            add_biases(sums, biases, output);
        }
    });
}

/// Calls `then` with the sums of each tile of `TILE` outputs, in order.
///
/// The last call has zeros for outputs that the layer does not have; the caller ignores them.
#[inline(always)]
fn for_each_tile<const IN: usize, const HALF: usize, const FIFTH: usize, const TILE: usize>(
    weights: DenseRows<'_, IN, HALF, FIFTH>,
    input: &[u8; IN],
    dot: impl Fn(&[[u8; IN]; TILE], &[u8; IN]) -> [i32; TILE],
    dot_int4: impl Fn([&[u8; HALF]; 2], &[u8; IN], i32) -> [i32; 2],
    mut then: impl FnMut(&[i32]),
) {
    match weights {
        Weights::Int8(rows) => {
            let (tiles, rest) = rows.as_chunks();
            tiles.iter().for_each(|rows| then(&dot(rows, input)));
            let mut sums = [0; TILE];
            for (sum, row) in sums.iter_mut().zip(rest) {
                *sum = dot_one(row, input);
            }
            then(&sums);
        }
        Weights::Int4(rows) if INT4 => {
            let excess = excess(input);
            for rows in rows.chunks(TILE) {
                let mut sums = [0; TILE];
                for (sums, rows) in sums.chunks_mut(2).zip(rows.chunks(2)) {
                    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
                    let pair = dot_int4([first, last], input, excess);
                    sums.iter_mut().zip(pair).for_each(|(sum, found)| *sum = found);
                }
                then(&sums);
            }
        }
        // This build refuses models with int4 weights; ternary ones are the caller's.
        Weights::Int4(_) | Weights::Ternary(_) => {}
    }
}

/// Adds the biases to the sums, which gives the logits of one tile.
#[inline(never)]
fn add_biases(sums: &[i32], biases: &[[u8; 4]], output: &mut [i32]) {
    for ((logit, sum), bias) in output.iter_mut().zip(sums).zip(biases) {
        *logit = sum.wrapping_add(i32::from_le_bytes(*bias));
    }
}

/// The sum of one output, for the outputs that do not fill a tile.
#[inline(never)]
fn dot_one(row: &[u8], input: &[u8]) -> i32 {
    let products = input.iter().zip(row);
    let products = products.map(|(activation, weight)| i32::from(*activation) * i32::from(*weight as i8));
    products.fold(0, i32::wrapping_add)
}

/// The amount by which [`dot_int4`] overestimates each sum before it corrects it: 8 for each unit of input.
#[inline(never)]
fn excess(input: &[u8]) -> i32 {
    input.iter().map(|activation| i32::from(*activation)).fold(0, i32::wrapping_add).wrapping_mul(8)
}

/// The sums of two outputs with int4 weights, with one multiply for two products.
///
/// A word holds four weights of each output, those of the second output in the upper half. The two weights of one
/// input then lie 16 bits apart, and one multiply gives both products, side by side. Four such products, of at most
/// 255 * 15 each, add up within 16 bits. This needs nibbles without a sign, so each is raised by 8; `excess`, from
/// [`excess`], is what the sums must lose for that.
///
/// The number of inputs is a multiple of four. The sums are in units of int8 weights, 16 times those of the nibbles.
pub(super) fn dot_int4<const IN: usize, const HALF: usize>(
    [first, second]: [&[u8; HALF]; 2],
    input: &[u8; IN],
    excess: i32,
) -> [i32; 2] {
    sum_int4([first, second], input, excess)
}

/// [`dot_int4`] without its generic parameters, so that the program has one copy.
#[inline(never)]
fn sum_int4([first, second]: [&[u8]; 2], input: &[u8], excess: i32) -> [i32; 2] {
    let (first, second) = (first.as_chunks().0, second.as_chunks().0);
    let mut sums = [excess.wrapping_neg(); 2];
    for (([a, b], [c, d]), inputs) in first.iter().zip(second).zip(input.as_chunks::<4>().0) {
        let weights = u32::from_le_bytes([*a, *b, *c, *d]) ^ 0x8888_8888;
        let product = |index: usize| ((weights >> (4 * index)) & 0x000F_000F) * u32::from(inputs[index]);
        let products = product(0) + product(1) + product(2) + product(3);
        sums[0] = sums[0].wrapping_add((products & 0xFFFF) as i32);
        sums[1] = sums[1].wrapping_add((products >> 16) as i32);
    }
    sums.map(|sum| sum << 4)
}
