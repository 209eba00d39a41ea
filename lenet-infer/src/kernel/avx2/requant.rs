//! From sums to activations, eight channels at a time, by the rule of [`lenet_core::requant`].

use super::{LANES, store};
use core::arch::x86_64::*;
use lenet_core::Requant;
use lenet_core::model::Hidden;

/// The biases and requants of all channels in lanes, with zeros after the last channel.
pub(super) struct Finish<const VECTORS: usize> {
    biases: [__m256i; VECTORS],
    multipliers: [__m256i; VECTORS],
    pre_shifts: [__m256i; VECTORS],
    max: __m256i,
}

impl<const VECTORS: usize> Finish<VECTORS> {
    /// The biases and requants of `layer`.
    #[target_feature(enable = "avx2")]
    pub(super) fn new<W: Copy, const OUT: usize>(layer: &Hidden<'_, W, OUT>) -> Self {
        let requants = layer.requants();
        Self {
            biases: vectors(layer.biases().iter()),
            multipliers: vectors(requants.iter().map(|requant| i32::from(requant.multiplier()))),
            pre_shifts: vectors(requants.iter().map(|requant| i32::from(requant.pre_shift()))),
            max: _mm256_set1_epi32(i32::from(layer.largest_activation())),
        }
    }

    /// Computes the activations of all channels at one position: bias, ReLU and requantization.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub(super) fn requantize<const OUT: usize>(&self, sums: [__m256i; VECTORS], cell: &mut [u8; OUT]) {
        const { assert!(OUT <= VECTORS * LANES) };
        for (vector, activations) in cell.chunks_mut(LANES).enumerate() {
            let sum = _mm256_add_epi32(sums[vector], self.biases[vector]);
            let shifted = _mm256_srav_epi32(sum, self.pre_shifts[vector]);
            let positive = _mm256_max_epi32(shifted, _mm256_setzero_si256());
            let narrow = _mm256_min_epi32(positive, _mm256_set1_epi32(0xFFFF));
            let product = _mm256_mullo_epi32(narrow, self.multipliers[vector]);
            let step = _mm256_srli_epi32::<{ Requant::ACTIVATION_SHIFT as i32 }>(product);
            let lanes = store(_mm256_min_epi32(step, self.max));
            for (activation, lane) in activations.iter_mut().zip(lanes) {
                *activation = lane as u8;
            }
        }
    }
}

/// The values in lanes, with zeros after the last value.
#[target_feature(enable = "avx2")]
fn vectors<const VECTORS: usize>(values: impl Iterator<Item = i32>) -> [__m256i; VECTORS] {
    let mut lanes = [[0; LANES]; VECTORS];
    for (lane, value) in lanes.as_flattened_mut().iter_mut().zip(values) {
        *lane = value;
    }
    // SAFETY: a reference to 32 bytes; the load needs no alignment.
    lanes.map(|lanes| unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) })
}
