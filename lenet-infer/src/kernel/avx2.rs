//! AVX2, for the host: 16 int8 weights a `VPMADDWD`.
//!
//! `VPMADDWD` multiplies 16 pairs of `i16` and adds neighbours into 8 `i32` sums, exactly. So activations and
//! weights are widened to `i16` once a layer, and two taps at a time meet:
//!
//! - A convolution holds 8 output channels in a register: the sums of the 2x2 window for all its channels stay in
//!   4 or 8 registers. A pair of activations is broadcast, a pair of weights for 8 channels is loaded once for the
//!   four positions. `conv2`: 16 windows x 75 pairs x 8 multiplies.
//! - A fully-connected layer runs along four rows of weights at once, so one load of the input serves four.

#![allow(unsafe_code)]

mod dense;

use super::{Features, Grey, Image, KERNEL_SIDE, PATCH_SIDE};
use bytemuck::must_cast;
use core::arch::x86_64::*;
use lenet_core::model::{
    Biases, Conv, ConvWeights, Dense, Logits, Requants, Weights, largest_activation, unpack,
};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, POOL1_SIDE,
};

/// `i32` lanes of a register.
const LANES: usize = 8;
/// Registers for the channels of one position, at most: 16 channels.
const VECTORS: usize = 2;
/// Pairs of taps in a row of the receptive field, at most: 5 columns of 6 channels.
const ROW_PAIRS: usize = 15;
/// Activations in a row of a patch, at most: 6 columns of 6 channels, and one that pads an odd row to a pair.
const PATCH_ROW: usize = 37;
/// Rows of an input, at most.
const ROWS: usize = 28;
/// Activations in a row of an input, at most: 12 columns of 6 channels, and padding so that every patch that
/// starts in the row ends in it.
const ROW: usize = 74;

/// Proof that the processor has AVX2: there is no other way to one of these than asking it.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    pub(super) fn features(
        self,
        conv1: &Conv<'_, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
        conv2: &Conv<'_, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
        image: &Grey,
        features: &mut Features,
    ) {
        let mut pooled: Image<CONV1_CHANNELS, POOL1_SIDE> = [[[0; CONV1_CHANNELS]; POOL1_SIDE]; POOL1_SIDE];
        self.conv_pool(conv1, image, &mut pooled);
        self.conv_pool(conv2, &pooled, features);
    }

    fn conv_pool<
        const IN: usize,
        const SIDE: usize,
        const POOLED: usize,
        const TAPS: usize,
        const PAIRS: usize,
        const OUT: usize,
    >(
        self,
        layer: &Conv<'_, TAPS, PAIRS, OUT>,
        input: &Image<IN, SIDE>,
        output: &mut Image<OUT, POOLED>,
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { conv_pool(layer, input, output) }
    }

    pub(super) fn dense<const IN: usize, const HALF: usize, const OUT: usize>(
        self,
        layer: &Dense<'_, IN, HALF, OUT>,
        input: &[u8; IN],
        output: &mut [u8; OUT],
    ) {
        let mut sums = [0; OUT];
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { dense::rows(&layer.weights, layer.biases, input, &mut sums) };
        let max = largest_activation(layer.activation_bits);
        for ((activation, sum), requant) in output.iter_mut().zip(sums).zip(layer.requants.iter()) {
            *activation = requant.activation(sum, max);
        }
    }

    pub(super) fn logits<const IN: usize, const HALF: usize, const OUT: usize>(
        self,
        layer: &Logits<'_, IN, HALF, OUT>,
        input: &[u8; IN],
        output: &mut [i32; OUT],
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { dense::rows(&layer.weights, layer.biases, input, output) }
    }
}

#[target_feature(enable = "avx2")]
fn conv_pool<
    const IN: usize,
    const SIDE: usize,
    const POOLED: usize,
    const TAPS: usize,
    const PAIRS: usize,
    const OUT: usize,
>(
    layer: &Conv<'_, TAPS, PAIRS, OUT>,
    input: &Image<IN, SIDE>,
    output: &mut Image<OUT, POOLED>,
) {
    const { assert!(OUT <= VECTORS * LANES && KERNEL_SIDE * IN <= 2 * ROW_PAIRS) };
    let weights = tap_pairs::<IN, TAPS, PAIRS>(&layer.weights);
    let finish = Finish::new(layer.biases, layer.requants, layer.activation_bits);
    let input = widen(input);
    for (y, row) in output.iter_mut().enumerate() {
        for (x, cell) in row.iter_mut().enumerate() {
            let maxima = window_maxima::<IN, OUT>(&weights, patch(&input, 2 * y, 2 * x * IN));
            finish.requantise(maxima, cell);
        }
    }
}

/// `[row][pair of taps][vector]`: in each lane the two taps' weights for one channel, as `i16`s.
type TapPairs = [[[__m256i; VECTORS]; ROW_PAIRS]; KERNEL_SIDE];

#[target_feature(enable = "avx2")]
fn tap_pairs<const IN: usize, const TAPS: usize, const PAIRS: usize>(
    weights: &ConvWeights<'_, TAPS, PAIRS>,
) -> TapPairs {
    match weights {
        Weights::Int8(weights) => int8_tap_pairs::<IN, TAPS, PAIRS>(weights),
        Weights::Int4(weights) => {
            let weights = weights.map(|taps| taps.map(|byte| unpack(byte).map(|weight| weight as u8)));
            int8_tap_pairs::<IN, TAPS, PAIRS>(&weights)
        }
    }
}

#[target_feature(enable = "avx2")]
fn int8_tap_pairs<const IN: usize, const TAPS: usize, const PAIRS: usize>(
    weights: &[[[u8; 2]; TAPS]; PAIRS],
) -> TapPairs {
    /// Pairs of channels in a register.
    const HALF: usize = LANES / 2;
    // Of each four bytes, two taps of two channels, to two channels of two taps.
    let by_channel = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    let mut pairs = [[[_mm256_setzero_si256(); VECTORS]; ROW_PAIRS]; KERNEL_SIDE];
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

/// An input as `i16`s, zeros after the end of each row.
#[target_feature(enable = "avx2")]
fn widen<const IN: usize, const SIDE: usize>(input: &Image<IN, SIDE>) -> [[i16; ROW]; ROWS] {
    const { assert!(SIDE <= ROWS && SIDE * IN < ROW && (SIDE - PATCH_SIDE) * IN + PATCH_ROW <= ROW) };
    let mut wide = [[0; ROW]; ROWS];
    for (wide, row) in wide.iter_mut().zip(input) {
        for (wide, narrow) in wide.iter_mut().zip(row.as_flattened()) {
            *wide = i16::from(*narrow);
        }
    }
    wide
}

/// The rows of the patch that starts in row `y` at activation `x`.
#[inline]
fn patch(input: &[[i16; ROW]; ROWS], y: usize, x: usize) -> [&[i16; PATCH_ROW]; PATCH_SIDE] {
    core::array::from_fn(|row| {
        input[y + row][x..].first_chunk().expect("rows are padded to hold every patch")
    })
}

/// For each channel the largest of the four positions' sums of products.
#[target_feature(enable = "avx2")]
fn window_maxima<const IN: usize, const OUT: usize>(
    weights: &TapPairs,
    patch: [&[i16; PATCH_ROW]; PATCH_SIDE],
) -> [__m256i; VECTORS] {
    let vectors = OUT.div_ceil(LANES);
    let mut sums = [[_mm256_setzero_si256(); VECTORS]; 4];
    for (row, weights) in weights.iter().enumerate() {
        for (pair, weights) in weights.iter().enumerate().take((KERNEL_SIDE * IN).div_ceil(2)) {
            for (position, sums) in sums.iter_mut().enumerate() {
                let at = position % 2 * IN + 2 * pair;
                let activations = [patch[position / 2 + row][at], patch[position / 2 + row][at + 1]];
                let activations = _mm256_set1_epi32(must_cast(activations));
                for (sum, weights) in sums.iter_mut().zip(weights).take(vectors) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(activations, *weights));
                }
            }
        }
    }
    let [a, b, c, d] = sums;
    core::array::from_fn(|v| _mm256_max_epi32(_mm256_max_epi32(a[v], b[v]), _mm256_max_epi32(c[v], d[v])))
}

/// Bias and requantisation of all channels of one position, by the rule of `lenet_core::quant`.
struct Finish {
    biases: [__m256i; VECTORS],
    multipliers: [__m256i; VECTORS],
    pre_shifts: [__m256i; VECTORS],
    max: __m256i,
}

impl Finish {
    #[target_feature(enable = "avx2")]
    fn new<const OUT: usize>(
        biases: Biases<'_, OUT>,
        requants: Requants<'_, OUT>,
        activation_bits: u8,
    ) -> Self {
        Self {
            biases: vectors(biases.iter()),
            multipliers: vectors(requants.iter().map(|requant| i32::from(requant.multiplier()))),
            pre_shifts: vectors(requants.iter().map(|requant| i32::from(requant.pre_shift()))),
            max: _mm256_set1_epi32(i32::from(largest_activation(activation_bits))),
        }
    }

    #[target_feature(enable = "avx2")]
    fn requantise<const OUT: usize>(&self, maxima: [__m256i; VECTORS], cell: &mut [u8; OUT]) {
        for (vector, activations) in cell.chunks_mut(LANES).enumerate() {
            let sum = _mm256_add_epi32(maxima[vector], self.biases[vector]);
            let shifted = _mm256_srav_epi32(sum, self.pre_shifts[vector]);
            let positive = _mm256_max_epi32(shifted, _mm256_setzero_si256());
            let narrow = _mm256_min_epi32(positive, _mm256_set1_epi32(0xFFFF));
            let product = _mm256_mullo_epi32(narrow, self.multipliers[vector]);
            let step = _mm256_srli_epi32::<{ lenet_core::Requant::ACTIVATION_SHIFT as i32 }>(product);
            let lanes = store(_mm256_min_epi32(step, self.max));
            for (activation, lane) in activations.iter_mut().zip(lanes) {
                *activation = lane as u8;
            }
        }
    }
}

fn zero_extended(bytes: &[u8]) -> [u8; 16] {
    let mut extended = [0; 16];
    for (to, from) in extended.iter_mut().zip(bytes) {
        *to = *from;
    }
    extended
}

/// The values in lanes, zeros after the last.
#[target_feature(enable = "avx2")]
fn vectors(values: impl Iterator<Item = i32>) -> [__m256i; VECTORS] {
    let mut lanes = [[0; LANES]; VECTORS];
    for (lane, value) in lanes.as_flattened_mut().iter_mut().zip(values) {
        *lane = value;
    }
    // SAFETY: a reference to 32 bytes; the load asks for no alignment.
    lanes.map(|lanes| unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) })
}

#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: a reference to 16 bytes; the load asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store(vector: __m256i) -> [i32; LANES] {
    let mut lanes = [0; LANES];
    // SAFETY: a reference to 32 bytes; the store asks for no alignment.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), vector) };
    lanes
}
