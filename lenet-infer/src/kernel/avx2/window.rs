//! The sums of products at the four positions of a pooling window, for both convolutions.

use super::requant::Finish;
use super::{LANES, load};
use crate::kernel::PATCH_SIDE;
use bytemuck::must_cast;
use core::arch::x86_64::*;
use lenet_core::model::{ConvWeights, Hidden, Weights, unpack};
use lenet_core::shape::KERNEL_SIDE;

/// Weights as `[kernel row][pair of taps][vector]`. Each lane holds the weights of two taps of one output channel as
/// `i16`s.
pub(super) type TapPairs<const PAIRS: usize, const VECTORS: usize> =
    [[[__m256i; VECTORS]; PAIRS]; KERNEL_SIDE];

/// Activations that are widened at once.
const CHUNK: usize = 16;

/// A convolution, with its weights in the order in which the loops read them.
pub(super) struct Layer<const PAIRS: usize, const VECTORS: usize> {
    pub(super) weights: TapPairs<PAIRS, VECTORS>,
    pub(super) finish: Finish<VECTORS>,
}

impl<const PAIRS: usize, const VECTORS: usize> Layer<PAIRS, VECTORS> {
    /// The layer with these weights, which come from [`tap_pairs`].
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn new<W: Copy, const OUT: usize>(
        layer: &Hidden<'_, W, OUT>,
        weights: TapPairs<PAIRS, VECTORS>,
    ) -> Self {
        const { assert!(OUT <= VECTORS * LANES) };
        Self { weights, finish: Finish::new(layer) }
    }
}

/// Brings the weights of a convolution with `IN` input channels into the order in which [`maxima`] reads them.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn tap_pairs<
    const IN: usize,
    const TAPS: usize,
    const CHANNEL_PAIRS: usize,
    const PAIRS: usize,
    const VECTORS: usize,
>(
    weights: ConvWeights<'_, TAPS, CHANNEL_PAIRS>,
) -> TapPairs<PAIRS, VECTORS> {
    match weights {
        Weights::Int8(weights) => int8_tap_pairs::<IN, _, _, _, _>(weights),
        Weights::Int4(weights) => {
            let weights = weights.map(|taps| taps.map(|byte| unpack(byte).map(|weight| weight as u8)));
            int8_tap_pairs::<IN, _, _, _, _>(&weights)
        }
    }
}

/// [`tap_pairs`] for int8 weights.
#[inline]
#[target_feature(enable = "avx2")]
fn int8_tap_pairs<
    const IN: usize,
    const TAPS: usize,
    const CHANNEL_PAIRS: usize,
    const PAIRS: usize,
    const VECTORS: usize,
>(
    weights: &[[[u8; 2]; TAPS]; CHANNEL_PAIRS],
) -> TapPairs<PAIRS, VECTORS> {
    const {
        assert!(TAPS == KERNEL_SIDE * KERNEL_SIDE * IN && PAIRS == (KERNEL_SIDE * IN).div_ceil(2));
    }
    /// Pairs of channels in a register.
    const HALF: usize = LANES / 2;
    // Reorders each four bytes from [tap][channel] to [channel][tap].
    let by_channel = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    let mut pairs = [[[_mm256_setzero_si256(); VECTORS]; PAIRS]; KERNEL_SIDE];
    for (row, pairs) in pairs.iter_mut().enumerate() {
        let (start, end) = (row * KERNEL_SIDE * IN, (row + 1) * KERNEL_SIDE * IN);
        for (at, vectors) in (start..end).step_by(2).zip(pairs) {
            let two_taps = |channels: usize| {
                let Some(taps) = weights.get(channels) else { return 0 };
                let second = if at + 1 < end { taps[at + 1] } else { [0; 2] };
                i32::from_le_bytes([taps[at][0], taps[at][1], second[0], second[1]])
            };
            for (v, vector) in vectors.iter_mut().enumerate() {
                let [a, b, c, d] = core::array::from_fn(|channels| two_taps(v * HALF + channels));
                let taps = _mm_shuffle_epi8(_mm_setr_epi32(a, b, c, d), by_channel);
                *vector = _mm256_cvtepi8_epi16(taps);
            }
        }
    }
    pairs
}

/// Widens six rows of input to `i16`s, with zeros after the end of each row.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn widen<const ROW: usize, const WIDE_ROW: usize>(
    rows: [&[u8; ROW]; PATCH_SIDE],
) -> [[i16; WIDE_ROW]; PATCH_SIDE] {
    const { assert!(CHUNK <= ROW && ROW <= WIDE_ROW) };
    let mut wide = [[0; WIDE_ROW]; PATCH_SIDE];
    for (wide, row) in wide.iter_mut().zip(rows) {
        for start in (0..ROW).step_by(CHUNK) {
            // The last chunk overlaps the one before it.
            let start = start.min(ROW - CHUNK);
            if let (Some(narrow), Some(wide)) =
                (row[start..].first_chunk::<CHUNK>(), wide[start..].first_chunk_mut::<CHUNK>())
            {
                let words = _mm256_cvtepu8_epi16(load(narrow));
                // SAFETY: a reference to 32 bytes; the store needs no alignment.
                unsafe { _mm256_storeu_si256(wide.as_mut_ptr().cast(), words) };
            }
        }
    }
    wide
}

/// For each output channel, the largest of the sums at the four positions of the window whose patch starts at
/// activation `start` of each row.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn maxima<
    const IN: usize,
    const PATCH_ROW: usize,
    const WIDE_ROW: usize,
    const PAIRS: usize,
    const VECTORS: usize,
>(
    weights: &TapPairs<PAIRS, VECTORS>,
    input: &[[i16; WIDE_ROW]; PATCH_SIDE],
    start: usize,
) -> [__m256i; VECTORS] {
    const { assert!(IN + 2 * PAIRS <= PATCH_ROW && PATCH_ROW <= WIDE_ROW) };
    let patch: [&[i16; PATCH_ROW]; PATCH_SIDE] = core::array::from_fn(|row| {
        input[row][start..].first_chunk().expect("rows are padded to hold every patch")
    });
    let mut sums = [[_mm256_setzero_si256(); VECTORS]; 4];
    for (row, weights) in weights.iter().enumerate() {
        for (pair, weights) in weights.iter().enumerate() {
            for (position, sums) in sums.iter_mut().enumerate() {
                let at = position % 2 * IN + 2 * pair;
                let activations = [patch[position / 2 + row][at], patch[position / 2 + row][at + 1]];
                let activations = _mm256_set1_epi32(must_cast(activations));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(activations, *weights));
                }
            }
        }
    }
    let [a, b, c, d] = sums;
    core::array::from_fn(|v| _mm256_max_epi32(_mm256_max_epi32(a[v], b[v]), _mm256_max_epi32(c[v], d[v])))
}
