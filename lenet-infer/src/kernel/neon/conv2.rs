//! The second convolution: six input channels, sixteen output channels, of which four share a vector.
//!
//! A lane is an output channel. The taps of a kernel row lie side by side in the input, 30 of them: seven groups, and half
//! of an eighth. A group of weights of four channels is a vector, which is loaded for the four positions of a window.

use super::products::{GROUP, Products};
use super::requant::{Finish, LOWERED};
use super::{load, stored, unpack};
use crate::kernel::{FeatureRow, PATCH_SIDE, PooledRow};
use core::arch::aarch64::*;
use lenet_core::model::{Conv2, Weights};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, KERNEL_SIDE, POOL_SIDE, POOL1_SIDE,
};

/// Channels that share a vector.
const LANES: usize = 4;
/// Vectors of channels whose sums are in registers at the same time.
const VECTORS: usize = 2;
/// Times that the sums of a window fill the registers.
const HALVES: usize = CONV2_CHANNELS / (VECTORS * LANES);
/// Taps in a kernel row.
const ROW_TAPS: usize = KERNEL_SIDE * CONV1_CHANNELS;
/// Taps in a vector of activations.
const STEP: usize = 4 * GROUP;
/// Vectors of activations that a kernel row meets.
const STEPS: usize = ROW_TAPS.div_ceil(STEP);
/// Activations in a row of a patch: those that the vectors of its right positions hold.
const PATCH_ROW: usize = CONV1_CHANNELS + STEPS * STEP;
/// Activations in a row, padded so that every patch lies inside it.
const WIDE_ROW: usize = (POOL1_SIDE - PATCH_SIDE) * CONV1_CHANNELS + PATCH_ROW;
/// Positions in a window: from left to right, then down.
const WINDOW: usize = 4;

/// The weights that meet a vector of activations: `[group][vector of channels]`.
type Tile = [[int8x16_t; VECTORS]; 4];

/// The layer with its weights in the order in which the loops read them.
pub(super) struct Layer {
    weights: [[[Tile; STEPS]; KERNEL_SIDE]; HALVES],
    finish: [[Finish; VECTORS]; HALVES],
    max: uint16x4_t,
}

impl Layer {
    /// Brings the weights into order.
    #[inline(never)]
    #[target_feature(enable = "neon")]
    pub(super) fn new(layer: &Conv2<'_>) -> Self {
        const { assert!(HALVES * VECTORS * LANES == CONV2_CHANNELS && LANES == 4) };
        let mut ordered = Self {
            weights: [[[[[vdupq_n_s8(0); VECTORS]; 4]; STEPS]; KERNEL_SIDE]; HALVES],
            finish: [[Finish::NOTHING; VECTORS]; HALVES],
            max: vdup_n_u16(layer.largest_activation().into()),
        };
        match layer.weights() {
            Weights::Int8(weights) => ordered.set(layer, weights),
            Weights::Int4(packed) => ordered.set(layer, &unpack::int4_pairs(packed)),
        }
        ordered
    }

    /// Sets the weights, biases and requants.
    #[inline]
    #[target_feature(enable = "neon")]
    fn set(&mut self, layer: &Conv2<'_>, weights: &[[[u8; 2]; CONV2_TAPS]; CONV2_PAIRS]) {
        let mut outputs = layer.biases().iter().zip(layer.requants().iter());
        for (number, pairs) in weights.as_chunks::<2>().0.iter().enumerate() {
            let (half, vector) = (number / VECTORS % HALVES, number % VECTORS);
            let mut sums = vdupq_n_s32(0);
            for (row, tiles) in self.weights[half].iter_mut().enumerate() {
                for (eight, groups) in tiles.as_flattened_mut().as_chunks_mut::<2>().0.iter_mut().enumerate()
                {
                    let taps = pairs.each_ref().map(|taps| eight_taps(taps, row, eight));
                    for (group, weights) in groups.iter_mut().zip(by_channel(taps)) {
                        group[vector] = weights;
                        sums = vpadalq_s16(sums, vpaddlq_s8(weights));
                    }
                }
            }
            let sums = stored(sums).into_iter().enumerate();
            for ((lane, sum), (bias, requant)) in sums.zip(&mut outputs) {
                self.finish[half][vector].set(lane, bias, requant, sum);
            }
        }
    }
}

/// The weights of a pair of channels for eight taps of a kernel row, from number `8 * eight` on, with zeros after the last.
#[inline]
#[target_feature(enable = "neon")]
fn eight_taps(taps: &[[u8; 2]; CONV2_TAPS], row: usize, eight: usize) -> int8x16_t {
    const { assert!(ROW_TAPS == 30 && STEPS == 2) };
    let first = ROW_TAPS * row + 8 * eight;
    // The last eight would reach beyond the row: these begin two taps before them.
    let is_last = eight == 3;
    let first = (if is_last { first - 2 } else { first }).min(CONV2_TAPS - 8);
    let Some(weights) = taps[first..].first_chunk::<8>() else { return vdupq_n_s8(0) };
    let weights = vreinterpretq_s8_u8(load(bytemuck::must_cast_ref(weights)));
    if is_last { vextq_s8::<4>(weights, vdupq_n_s8(0)) } else { weights }
}

/// The weights of two pairs of channels, `[tap][channel of the pair]`, as groups of four taps: `[channel][tap]` each.
#[inline]
#[target_feature(enable = "neon")]
fn by_channel([a, b]: [int8x16_t; 2]) -> [int8x16_t; 2] {
    let even = vreinterpretq_s32_s8(vuzp1q_s8(a, b));
    let odd = vreinterpretq_s32_s8(vuzp2q_s8(a, b));
    [vreinterpretq_s8_s32(vtrn1q_s32(even, odd)), vreinterpretq_s8_s32(vtrn2q_s32(even, odd))]
}

/// Computes one pooled row from the six pooled rows of conv1 that it depends on.
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) fn row<P: Products>(
    products: P,
    layer: &Layer,
    input: [&PooledRow; PATCH_SIDE],
    output: &mut FeatureRow,
) {
    let rows = input.map(lowered);
    for (x, cell) in output.iter_mut().enumerate() {
        // Clamped so that no bounds check is needed.
        let start = (POOL_SIDE * CONV1_CHANNELS * x).min(WIDE_ROW - PATCH_ROW);
        let (halves, _) = cell.as_chunks_mut::<{ VECTORS * LANES }>();
        for ((weights, finish), half) in layer.weights.iter().zip(&layer.finish).zip(halves) {
            let [a, b] = maxima(products, weights, &rows, start);
            let [first, last] = finish;
            let activations = vcombine_u16(first.activations(a, layer.max), last.activations(b, layer.max));
            // SAFETY: a reference to eight bytes; the store needs no alignment.
            unsafe { vst1_u8(half.as_mut_ptr(), vmovn_u16(activations)) };
        }
    }
}

/// The activations of a row, lowered so that they fit in bytes with a sign.
#[inline(always)]
fn lowered(row: &PooledRow) -> [u8; WIDE_ROW] {
    let mut lowered = [0; WIDE_ROW];
    for (to, from) in lowered.iter_mut().zip(row.as_flattened()) {
        *to = from ^ LOWERED;
    }
    lowered
}

/// For each of eight channels, the largest of the sums at the four positions of the window whose patch starts at activation
/// `start` of each row.
#[inline]
#[target_feature(enable = "neon")]
fn maxima<P: Products>(
    products: P,
    weights: &[[Tile; STEPS]; KERNEL_SIDE],
    rows: &[[u8; WIDE_ROW]; PATCH_SIDE],
    start: usize,
) -> [int32x4_t; VECTORS] {
    const { assert!(STEPS == 2) };
    let mut sums = [[P::zeros(); VECTORS]; WINDOW];
    for ((upper, lower), [first, last]) in rows.iter().zip(&rows[1..]).zip(weights) {
        let near = [upper, lower].map(|row| row[start..].first_chunk().unwrap_or(&[0; PATCH_ROW]));
        add(products, &mut sums, first, positions::<0>(near));
        add(products, &mut sums, last, positions::<STEP>(near));
    }
    let [a, b, c, d] = sums.map(|sums| sums.map(P::total));
    [0, 1].map(|v| vmaxq_s32(vmaxq_s32(a[v], b[v]), vmaxq_s32(c[v], d[v])))
}

/// The activations at the four positions of a window for the taps of a kernel row from number `TAP` on.
#[inline]
#[target_feature(enable = "neon")]
fn positions<const TAP: usize>([upper, lower]: [&[u8; PATCH_ROW]; 2]) -> [int8x16_t; WINDOW] {
    const RIGHT: usize = CONV1_CHANNELS;
    [(upper, 0), (upper, RIGHT), (lower, 0), (lower, RIGHT)]
        .map(|(row, at)| vreinterpretq_s8_u8(load(row[at + TAP..].first_chunk().unwrap_or(&[0; STEP]))))
}

/// Adds the products of the weights and the activations that they meet, at all positions.
#[inline]
#[target_feature(enable = "neon")]
fn add<P: Products>(
    products: P,
    sums: &mut [[P::Sums; VECTORS]; WINDOW],
    [a, b, c, d]: &Tile,
    positions: [int8x16_t; WINDOW],
) {
    add_group::<P, 0>(products, sums, a, positions);
    add_group::<P, 1>(products, sums, b, positions);
    add_group::<P, 2>(products, sums, c, positions);
    add_group::<P, 3>(products, sums, d, positions);
}

/// Adds the products of a group of weights and group number `AT` of the activations, at all positions.
#[inline]
#[target_feature(enable = "neon")]
fn add_group<P: Products, const AT: i32>(
    products: P,
    sums: &mut [[P::Sums; VECTORS]; WINDOW],
    weights: &[int8x16_t; VECTORS],
    positions: [int8x16_t; WINDOW],
) {
    for (sums, position) in sums.iter_mut().zip(positions) {
        for (sums, weights) in sums.iter_mut().zip(weights) {
            *sums = products.add_signed::<AT>(*sums, *weights, position);
        }
    }
}
