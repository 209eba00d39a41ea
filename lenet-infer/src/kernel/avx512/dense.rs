//! The fully-connected layers: 16 outputs in a register, and four inputs at a time.

use super::requant::{self, activations, by_register, in_pairs, largest};
use super::{GROUP, LANES, Stored, word};
use crate::kernel::unpack::int8_row;
use core::arch::x86_64::*;
use lenet_core::model::{self, Dense, DenseRows};
use lenet_core::shape::{FC1_OUTPUTS, FC2_OUTPUTS, MAX_CLASSES, POOL2_LEN};

/// Outputs in two registers.
const PAIR: usize = 2 * LANES;

/// fc1: eight registers of outputs, of which the last is half used.
pub(super) type Fc1 = Hidden<{ POOL2_LEN / GROUP }, { FC1_OUTPUTS.div_ceil(PAIR) }>;
/// fc2: six registers of outputs, of which the last is used for four outputs.
pub(super) type Fc2 = Hidden<{ FC1_OUTPUTS / GROUP }, { FC2_OUTPUTS.div_ceil(PAIR) }>;

/// Weights and biases in pairs of registers, 0 for outputs that do not exist.
struct Sums<const GROUPS: usize, const PAIRS: usize> {
    /// For each group of four inputs, their weights for all outputs.
    weights: [[[Stored; 2]; PAIRS]; GROUPS],
    biases: [[Stored; 2]; PAIRS],
}

impl<const GROUPS: usize, const PAIRS: usize> Sums<GROUPS, PAIRS> {
    /// The outputs from `first` on.
    fn new<const IN: usize, const HALF: usize, const FIFTH: usize>(
        weights: DenseRows<'_, IN, HALF, FIFTH>,
        biases: impl Iterator<Item = i32>,
        first: usize,
    ) -> Self {
        const { assert!(IN == GROUP * GROUPS) };
        let mut words = [[[[0; LANES]; 2]; PAIRS]; GROUPS];
        for output in 0..PAIR * PAIRS {
            let row = int8_row(weights, first + output);
            for (group, words) in row.as_chunks::<GROUP>().0.iter().zip(&mut words) {
                words.as_flattened_mut().as_flattened_mut()[output] = word(*group);
            }
        }
        let mut bias_lanes = [[[0; LANES]; 2]; PAIRS];
        let lanes = bias_lanes.as_flattened_mut().as_flattened_mut();
        lanes.iter_mut().zip(biases.skip(first)).for_each(|(lane, bias)| *lane = bias);
        let stored = |pairs: [[[i32; LANES]; 2]; PAIRS]| pairs.map(|pair| pair.map(Stored::words));
        Self { weights: words.map(stored), biases: stored(bias_lanes) }
    }

    /// Computes the accumulators.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn accumulators<const IN: usize>(&self, input: &[u8; IN]) -> [[__m512i; 2]; PAIRS] {
        const { assert!(IN == GROUP * GROUPS) };
        let mut accumulators = [[_mm512_setzero_si512(); 2]; PAIRS];
        for ([a, b], [bias_a, bias_b]) in accumulators.iter_mut().zip(&self.biases) {
            (*a, *b) = (bias_a.load(), bias_b.load());
        }
        for (group, weights) in input.as_chunks::<GROUP>().0.iter().zip(&self.weights) {
            let activations = _mm512_set1_epi32(word(*group));
            for ([a, b], [weights_a, weights_b]) in accumulators.iter_mut().zip(weights) {
                *a = _mm512_dpbusd_epi32(*a, activations, weights_a.load());
                *b = _mm512_dpbusd_epi32(*b, activations, weights_b.load());
            }
        }
        accumulators
    }
}

/// A layer with ReLU and requantization.
pub(super) struct Hidden<const GROUPS: usize, const PAIRS: usize> {
    sums: Sums<GROUPS, PAIRS>,
    requants: [requant::Pair; PAIRS],
    max: Stored,
}

impl<const GROUPS: usize, const PAIRS: usize> Hidden<GROUPS, PAIRS> {
    pub(super) fn new<const IN: usize, const HALF: usize, const FIFTH: usize, const OUT: usize>(
        layer: &Dense<'_, IN, HALF, FIFTH, OUT>,
    ) -> Self {
        Self {
            sums: Sums::new(layer.weights().as_rows(), layer.biases().iter(), 0),
            requants: in_pairs(layer).map(requant::Pair::new),
            max: largest(layer),
        }
    }

    /// Computes the activations.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn activations<const IN: usize, const OUT: usize>(
        &self,
        input: &[u8; IN],
        output: &mut [u8; OUT],
    ) {
        const { assert!(OUT <= PAIR * PAIRS) };
        let mut steps = [_mm512_setzero_si512(); PAIRS];
        for ((steps, sums), requants) in
            steps.iter_mut().zip(self.sums.accumulators(input)).zip(&self.requants)
        {
            *steps = requants.steps(sums);
        }
        for (output, steps) in output.chunks_mut(2 * PAIR).zip(steps.chunks(2)) {
            let second = steps.get(1).copied().unwrap_or(_mm512_setzero_si512());
            let bytes = by_register(activations([steps[0], second], &self.max));
            let mask = u64::MAX >> (2 * PAIR - output.len());
            // SAFETY: the mask has a bit for each byte of `output`, which is not empty, and for no other.
            unsafe { _mm512_mask_storeu_epi8(output.as_mut_ptr().cast(), mask, bytes) };
        }
    }
}

/// fc3, for the largest number of classes.
pub(super) struct Fc3([Sums<{ FC2_OUTPUTS / GROUP }, 1>; MAX_CLASSES / PAIR]);

impl Fc3 {
    pub(super) fn new(layer: &model::Fc3<'_>) -> Self {
        let weights = layer.weights().as_rows();
        Self(core::array::from_fn(|pair| Sums::new(weights, layer.biases(), PAIR * pair)))
    }

    /// Computes the accumulators, which are the logits.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn logits(&self, input: &[u8; FC2_OUTPUTS], logits: &mut [i32]) {
        for (sums, logits) in self.0.iter().zip(logits.chunks_mut(PAIR)) {
            let [pair] = sums.accumulators(input);
            for (sums, logits) in pair.into_iter().zip(logits.chunks_mut(LANES)) {
                let mask = u16::MAX >> (LANES - logits.len());
                // SAFETY: the mask has a bit for each element of `logits`, which is not empty, and for no other.
                unsafe { _mm512_mask_storeu_epi32(logits.as_mut_ptr(), mask, sums) };
            }
        }
    }
}
