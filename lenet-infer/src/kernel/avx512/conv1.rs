//! The first convolution: one input channel, six output channels; a lane is a position.
//!
//! 24 columns of two rows lie in three registers: 16 columns of the upper row, 16 of the lower, and the last eight of
//! both. The 25 taps are seven groups: the upper four of each kernel column, four of the lowest kernel row, and the
//! last tap alone.

use super::requant::{self, Requants, activations, largest};
use super::row::Row;
use super::{GROUP, LANES, Stored, word};
use crate::kernel::{ImageRow, PATCH_SIDE};
use core::arch::x86_64::*;
use lenet_core::model::Conv1;
use lenet_core::shape::{CONV1_CHANNELS, IMAGE_SIDE, KERNEL_SIDE, POOL1_SIDE};

/// Groups of four taps.
const GROUPS: usize = KERNEL_SIDE + 2;
/// Columns in the last register, of each row.
const REST: usize = LANES / 2;

/// The activations at the positions of a pooled row, or sums: the first columns of the upper row, those of the lower
/// row, and the rest of both.
type Positions = [__m512i; 3];

/// The layer with its weights in the order in which the loops read them.
pub(super) struct Layer {
    weights: [[i32; CONV1_CHANNELS]; GROUPS],
    biases: [i32; CONV1_CHANNELS],
    /// Of channels 0 and 1, 2 and 3, 4 and 5.
    requants: [requant::Pair; CONV1_CHANNELS / 2],
    max: Stored,
}

impl Layer {
    pub(super) fn new(layer: &Conv1<'_>) -> Self {
        const { assert!(KERNEL_SIDE == GROUP + 1) };
        let weights = layer.weights();
        let tap = |channel: usize, row: usize, column: usize| {
            weights.tap(channel / 2, KERNEL_SIDE * row + column)[channel % 2] as u8
        };
        let group = |group: usize, channel: usize| match group {
            column @ 0..KERNEL_SIDE => core::array::from_fn(|row| tap(channel, row, column)),
            KERNEL_SIDE => core::array::from_fn(|column| tap(channel, GROUP, column)),
            _ => [0, 0, 0, tap(channel, GROUP, GROUP)],
        };
        let mut biases = [0; CONV1_CHANNELS];
        biases.iter_mut().zip(layer.biases().iter()).for_each(|(to, bias)| *to = bias);
        let mut requants = layer.requants().iter();
        let mut next = || -> Requants { [requants.next().expect("one per channel"); LANES] };
        Self {
            weights: core::array::from_fn(|at| core::array::from_fn(|channel| word(group(at, channel)))),
            biases,
            requants: core::array::from_fn(|_| requant::Pair::new([next(), next()])),
            max: largest(layer),
        }
    }

    /// Computes one pooled row from the six image rows that it depends on.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn row(&self, input: [&ImageRow; PATCH_SIDE], output: &mut Row) {
        let mut maxima = [_mm512_setzero_si512(); CONV1_CHANNELS];
        for (maximum, sums) in maxima.iter_mut().zip(self.accumulators(input)) {
            *maximum = window_maxima(sums);
        }
        let [a, b, c, d, e, f] = maxima;
        let [ab, cd, ef] = &self.requants;
        let quads = activations([ab.steps([a, b]), cd.steps([c, d])], &self.max);
        let couples = activations([ef.steps([e, f]), _mm512_setzero_si512()], &self.max);
        output.store(quads, couples);
    }

    /// The accumulators of each channel.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn accumulators(&self, [a, b, c, d, e, f]: [&ImageRow; PATCH_SIDE]) -> [Positions; CONV1_CHANNELS] {
        let mut sums = [[_mm512_setzero_si512(); 3]; CONV1_CHANNELS];
        for (sums, bias) in sums.iter_mut().zip(self.biases) {
            *sums = [_mm512_set1_epi32(bias); 3];
        }
        let [column0, column1, column2, column3, column4, row, last] = &self.weights;
        let rows = Line::of_columns([a, b, c, d, e]);
        add(&mut sums, column0, positions::<0>(&rows));
        add(&mut sums, column1, positions::<1>(&rows));
        add(&mut sums, column2, positions::<2>(&rows));
        add(&mut sums, column3, positions::<3>(&rows));
        add(&mut sums, column4, positions::<4>(&rows));
        let rows = [Line::of_row(e), Line::of_row(f)];
        add(&mut sums, row, positions::<0>(&rows));
        add(&mut sums, last, positions::<1>(&rows));
        sums
    }
}

/// Adds the products of a group of taps, for all channels.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn add(sums: &mut [Positions; CONV1_CHANNELS], weights: &[i32; CONV1_CHANNELS], activations: Positions) {
    for (sums, weights) in sums.iter_mut().zip(weights) {
        let weights = _mm512_set1_epi32(*weights);
        for (sum, activations) in sums.iter_mut().zip(activations) {
            *sum = _mm512_dpbusd_epi32(*sum, activations, weights);
        }
    }
}

/// The words of activations for the columns of an image row: the first 16 columns, and those after them.
struct Line([__m512i; 2]);

impl Line {
    /// For the upper and the lower row of positions, words that hold a column of four rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn of_columns(rows: [&ImageRow; KERNEL_SIDE]) -> [Self; 2] {
        const { assert!(IMAGE_SIDE <= 2 * LANES) };
        /// The first of the last 16 columns.
        const LAST: usize = IMAGE_SIDE - LANES;
        let [upper, lower] = columns(rows.map(|row| row.first_chunk().expect("a row has 16 columns")));
        let last = columns(rows.map(|row| row.last_chunk().expect("a row has 16 columns")));
        // Columns 16 to 27, and four that are not used.
        let [upper_last, lower_last] =
            last.map(|last| _mm512_alignr_epi32::<{ (LANES - LAST) as i32 }>(last, last));
        [Self([upper, upper_last]), Self([lower, lower_last])]
    }

    /// Words that hold a column and the three after it, or 0 past the end.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn of_row(row: &ImageRow) -> Self {
        const { assert!(IMAGE_SIDE == 7 * GROUP) };
        // SAFETY: a reference to seven words, and the mask has a bit for each. The load needs no alignment.
        let row = unsafe { _mm512_maskz_loadu_epi32((1 << 7) - 1, row.as_ptr().cast()) };
        // For each quarter, the four words from its first column on.
        let first = _mm512_setr_epi32(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
        let last = _mm512_setr_epi32(4, 5, 6, 7, 5, 6, 7, 7, 6, 7, 7, 7, 7, 7, 7, 7);
        let overlapping = Stored::quarters(OVERLAPPING).load();
        Self([
            _mm512_shuffle_epi8(_mm512_permutexvar_epi32(first, row), overlapping),
            _mm512_shuffle_epi8(_mm512_permutexvar_epi32(last, row), overlapping),
        ])
    }
}

/// For each column of a quarter, its byte and the three after it.
const OVERLAPPING: [u8; 16] = [0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6];

/// Words that hold a column of the upper four rows, and of the lower four, for 16 columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn columns(rows: [&[u8; LANES]; KERNEL_SIDE]) -> [__m512i; 2] {
    // SAFETY: references to 16 bytes; the loads need no alignment.
    let [a, b, c, d, e] =
        rows.map(|row| _mm512_cvtepu8_epi32(unsafe { _mm_loadu_si128(row.as_ptr().cast()) }));
    let ab = _mm512_or_si512(a, _mm512_slli_epi32::<8>(b));
    let cd = _mm512_or_si512(_mm512_slli_epi32::<16>(c), _mm512_slli_epi32::<24>(d));
    let upper = _mm512_or_si512(ab, cd);
    [upper, _mm512_or_si512(_mm512_srli_epi32::<8>(upper), _mm512_slli_epi32::<24>(e))]
}

/// The activations at all positions of a pooled row for a tap that lies `SHIFT` columns to the right.
#[inline]
#[target_feature(enable = "avx512f")]
fn positions<const SHIFT: i32>([upper, lower]: &[Line; 2]) -> Positions {
    let (Line([upper, upper_last]), Line([lower, lower_last])) = (upper, lower);
    let rest = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    let rest = _mm512_add_epi32(rest, _mm512_set1_epi32(SHIFT));
    [
        _mm512_alignr_epi32::<SHIFT>(*upper_last, *upper),
        _mm512_alignr_epi32::<SHIFT>(*lower_last, *lower),
        _mm512_permutex2var_epi32(*upper_last, rest, *lower_last),
    ]
}

/// The largest of the accumulators of each window, in the order of the windows.
#[inline]
#[target_feature(enable = "avx512f")]
fn window_maxima([upper, lower, rest]: Positions) -> __m512i {
    const { assert!(2 * POOL1_SIDE == LANES + REST) };
    let first = _mm512_max_epi32(upper, lower);
    let rest = _mm512_max_epi32(rest, _mm512_shuffle_i64x2::<0b00_00_11_10>(rest, rest));
    let left = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 0, 0, 0, 0);
    let right = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 0, 0, 0, 0);
    let [left, right] = [left, right].map(|columns| _mm512_permutex2var_epi32(first, columns, rest));
    _mm512_max_epi32(left, right)
}
