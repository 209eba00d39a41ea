//! The second convolution: six input channels, sixteen output channels in one register.

use super::requant::{self, activations, by_register, in_pairs, largest};
use super::row::{COUPLE, QUAD, Row};
use super::{GROUP, LANES, Stored, word};
use crate::kernel::{FeatureRow, PATCH_SIDE};
use core::arch::x86_64::*;
use lenet_core::model::Conv2;
use lenet_core::shape::{CONV1_CHANNELS, CONV2_CHANNELS, KERNEL_SIDE, POOL_SIDE, POOL1_SIDE, POOL2_SIDE};

/// Columns of the output before it is pooled.
const COLUMNS: usize = POOL_SIDE * POOL2_SIDE;
/// The kernel columns at which the words of the second plane begin, which hold two columns each. The third word shares a
/// column with the second, so that no word goes past the last column; its weights are 0 there.
const COUPLE_STARTS: [usize; 3] = [0, 2, 3];

/// The weights of a kernel row for all output channels.
struct KernelRow {
    /// Those of each column for the first plane.
    quads: [Stored; KERNEL_SIDE],
    /// Those of the columns from each of [`COUPLE_STARTS`] on for the second plane.
    couples: [Stored; COUPLE_STARTS.len()],
}

impl KernelRow {
    fn new(layer: &Conv2<'_>, row: usize) -> Self {
        let weights = layer.weights();
        let tap = |output: usize, column: usize, input: usize| {
            let tap = (KERNEL_SIDE * row + column) * CONV1_CHANNELS + input;
            weights.tap(output / 2, tap)[output % 2] as u8
        };
        Self {
            quads: core::array::from_fn(|column| {
                Stored::groups(|output| core::array::from_fn(|input| tap(output, column, input)))
            }),
            couples: core::array::from_fn(|at| {
                let shared = |column: usize| at > 0 && column < COUPLE_STARTS[at - 1] + 2;
                Stored::groups(|output| {
                    core::array::from_fn(|byte| {
                        let (column, input) = (COUPLE_STARTS[at] + byte / COUPLE, QUAD + byte % COUPLE);
                        if shared(column) { 0 } else { tap(output, column, input) }
                    })
                })
            }),
        }
    }
}

/// The layer with its weights in the order in which the loops read them.
pub(super) struct Layer {
    weights: [KernelRow; KERNEL_SIDE],
    biases: Stored,
    requants: requant::Pair,
    max: Stored,
}

impl Layer {
    pub(super) fn new(layer: &Conv2<'_>) -> Self {
        const { assert!(CONV2_CHANNELS == LANES && QUAD == GROUP && 2 * COUPLE == GROUP) };
        let [[requants, _]] = in_pairs(layer);
        let mut biases = [0; LANES];
        biases.iter_mut().zip(layer.biases().iter()).for_each(|(lane, bias)| *lane = bias);
        Self {
            weights: core::array::from_fn(|row| KernelRow::new(layer, row)),
            biases: Stored::words(biases),
            requants: requant::Pair::new([requants; 2]),
            max: largest(layer),
        }
    }

    /// Computes one pooled row from the six pooled rows of conv1 that it depends on.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn row(&self, [a, b, c, d, e, f]: [&Row; PATCH_SIDE], output: &mut FeatureRow) {
        let upper = self.accumulators([a, b, c, d, e]);
        let lower = self.accumulators([b, c, d, e, f]);
        let mut maxima = [_mm512_setzero_si512(); POOL2_SIDE];
        for (x, maximum) in maxima.iter_mut().enumerate() {
            let (left, right) = (POOL_SIDE * x, POOL_SIDE * x + 1);
            *maximum = _mm512_max_epi32(
                _mm512_max_epi32(upper[left], upper[right]),
                _mm512_max_epi32(lower[left], lower[right]),
            );
        }
        let [a, b, c, d] = maxima;
        let steps = [self.requants.steps([a, b]), self.requants.steps([c, d])];
        let bytes = by_register(activations(steps, &self.max));
        const { assert!(size_of::<FeatureRow>() == size_of::<__m512i>()) };
        // SAFETY: a reference to 64 bytes; the store needs no alignment.
        unsafe { _mm512_storeu_si512(output.as_mut_ptr().cast(), bytes) };
    }

    /// The accumulators of all channels at the eight positions of a row.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn accumulators(&self, input: [&Row; KERNEL_SIDE]) -> [__m512i; COLUMNS] {
        let mut sums = [self.biases.load(); COLUMNS];
        for (weights, row) in self.weights.iter().zip(input) {
            for column in 0..POOL1_SIDE {
                let activations = _mm512_set1_epi32(word(row.quads[column]));
                for (tap, weights) in weights.quads.iter().enumerate() {
                    if tap <= column && column - tap < COLUMNS {
                        let sum = &mut sums[column - tap];
                        *sum = _mm512_dpbusd_epi32(*sum, activations, weights.load());
                    }
                }
            }
            for column in 0..POOL1_SIDE - 1 {
                let [[a, b], [c, d]] = [row.couples[column], row.couples[column + 1]];
                let activations = _mm512_set1_epi32(word([a, b, c, d]));
                for (tap, weights) in COUPLE_STARTS.iter().zip(&weights.couples) {
                    if *tap <= column && column - tap < COLUMNS {
                        let sum = &mut sums[column - tap];
                        *sum = _mm512_dpbusd_epi32(*sum, activations, weights.load());
                    }
                }
            }
        }
        sums
    }
}
