//! The first convolution: one input channel, six output channels, of which three are computed at the same time.
//!
//! A lane is a position, and a vector holds those of four neighboring columns. Each of the 25 taps is in one of seven
//! groups: five columns of the upper four kernel rows, four columns of the last row, and its last column with zeros.

use super::products::{GROUP, Products};
use super::requant::{Finish, LOWERED};
use super::{load, unpack};
use crate::kernel::{ImageRow, PATCH_SIDE, PooledRow};
use core::arch::aarch64::*;
use lenet_core::model::{Conv1, Weights};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, IMAGE_SIDE, KERNEL_SIDE, POOL1_SIDE};

/// Channels whose sums are in registers at the same time.
const TILE: usize = 3;
/// Groups of taps.
const GROUPS: usize = KERNEL_SIDE + 2;
/// Positions in a vector.
const LANES: usize = 4;
/// Columns that are computed at the same time, of two rows.
const COLUMNS: usize = 2 * LANES;
/// Windows in these columns.
const WINDOWS: usize = COLUMNS / 2;
/// Pixels in a row, padded to two vectors.
const WIDE_ROW: usize = 32;
/// Pixels in a row that is read four at a time, sixteen pixels from each.
const LONG_ROW: usize = WIDE_ROW + 16;

/// A group of activations for each column.
type Words = [[u8; GROUP]; WIDE_ROW];

/// The layer with its weights in the order in which the loops read them.
pub(super) struct Layer {
    tiles: [Tile; CONV1_CHANNELS / TILE],
    max: uint16x4_t,
}

/// Three channels.
#[derive(Clone, Copy)]
struct Tile {
    /// For each group of taps, that of each channel, and zeros.
    weights: [[[u8; GROUP]; 4]; GROUPS],
    finish: [Finish; TILE],
}

impl Layer {
    /// Brings the weights into order.
    #[inline(never)]
    #[target_feature(enable = "neon")]
    pub(super) fn new(layer: &Conv1<'_>) -> Self {
        let mut ordered = Self {
            tiles: [Tile { weights: [[[0; GROUP]; 4]; GROUPS], finish: [Finish::NOTHING; TILE] }; _],
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
    fn set(&mut self, layer: &Conv1<'_>, weights: &[[[u8; 2]; CONV1_TAPS]; CONV1_PAIRS]) {
        let mut outputs = layer.biases().iter().zip(layer.requants().iter());
        let mut channels = weights.iter().flat_map(|taps| by_group(taps));
        for tile in &mut self.tiles {
            for (at, finish) in tile.finish.iter_mut().enumerate() {
                let (Some(groups), Some((bias, requant))) = (channels.next(), outputs.next()) else { break };
                for (words, group) in tile.weights.iter_mut().zip(groups) {
                    words[at] = group;
                }
                let weights = groups.as_flattened().iter().map(|weight| i32::from(*weight as i8));
                let sum = weights.fold(0, i32::wrapping_add);
                (0..LANES).for_each(|lane| finish.set(lane, bias, requant, sum));
            }
        }
    }
}

/// The taps in a vector.
const STEP: usize = 16;
/// For each group of taps, where its weights are among the first sixteen and the last sixteen taps of a channel; beyond all
/// in place of zeros.
const PLACES: [[u8; GROUP]; 8] = {
    let mut places = [[u8::MAX; GROUP]; 8];
    let mut tap = 0;
    while tap < CONV1_TAPS {
        let (row, column) = (tap / KERNEL_SIDE, tap % KERNEL_SIDE);
        let (group, at) =
            if row < GROUP { (column, row) } else { (KERNEL_SIDE + column / GROUP, column % GROUP) };
        places[group][at] = if tap < STEP { tap } else { tap + 2 * STEP - CONV1_TAPS } as u8;
        tap += 1;
    }
    places
};

/// The weights of each channel of a pair in groups, of which the last is zeros.
#[inline]
#[target_feature(enable = "neon")]
fn by_group(taps: &[[u8; 2]; CONV1_TAPS]) -> [[[u8; GROUP]; 8]; 2] {
    const { assert!(GROUPS < 8 && STEP < CONV1_TAPS && CONV1_TAPS <= 2 * STEP) };
    let first: &[[u8; 2]; STEP] = taps.first_chunk().unwrap_or(&[[0; 2]; STEP]);
    let last: &[[u8; 2]; STEP] = taps.last_chunk().unwrap_or(&[[0; 2]; STEP]);
    // SAFETY: references to 32 bytes; the loads need no alignment.
    let (first, last) = unsafe { (vld2q_u8(first.as_ptr().cast()), vld2q_u8(last.as_ptr().cast())) };
    let halves: [[u8; STEP]; 2] = bytemuck::must_cast(PLACES);
    [uint8x16x2_t(first.0, last.0), uint8x16x2_t(first.1, last.1)].map(|weights| {
        let mut groups = [[0; GROUP]; 8];
        let (stored, _) = groups.as_flattened_mut().as_chunks_mut::<STEP>();
        for (stored, half) in stored.iter_mut().zip(&halves) {
            // SAFETY: a reference to 16 bytes; the store needs no alignment.
            unsafe { vst1q_u8(stored.as_mut_ptr(), vqtbl2q_u8(weights, load(half))) };
        }
        groups
    })
}

/// The groups of activations of the positions in a row.
struct Line {
    /// The four pixels from a column on down, for the upper kernel rows.
    columns: Words,
    /// The four pixels from a column on to the right, for the last kernel row.
    row: Words,
}

impl Line {
    /// The groups for the positions whose patches have these rows.
    #[inline]
    #[target_feature(enable = "neon")]
    fn new(rows: [&[u8; LONG_ROW]; KERNEL_SIDE]) -> Self {
        let mut line = Self { columns: [[0; GROUP]; WIDE_ROW], row: [[0; GROUP]; WIDE_ROW] };
        let [a, b, c, d, last] = rows;
        let (sixteens, _) = line.columns.as_chunks_mut::<16>();
        for (half, columns) in sixteens.iter_mut().enumerate() {
            let [a, b, c, d] = [a, b, c, d].map(|row| load(sixteen(row, 16 * half)));
            // SAFETY: a reference to 64 bytes; the store needs no alignment.
            unsafe { vst4q_u8(columns.as_mut_ptr().cast(), uint8x16x4_t(a, b, c, d)) };
        }
        let overlapping = load(&[0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6]);
        let (fours, _) = line.row.as_chunks_mut::<4>();
        for (four, words) in fours.iter_mut().enumerate() {
            let pixels = vqtbl1q_u8(load(sixteen(last, 4 * four)), overlapping);
            // SAFETY: a reference to 16 bytes; the store needs no alignment.
            unsafe { vst1q_u8(words.as_mut_ptr().cast(), pixels) };
        }
        line
    }
}

/// Sixteen pixels of a row from column `start` on. Clamped so that no bounds check is needed.
#[inline(always)]
fn sixteen(row: &[u8; LONG_ROW], start: usize) -> &[u8; 16] {
    row[start.min(LONG_ROW - 16)..].first_chunk().unwrap_or(&[0; 16])
}

/// Computes one pooled row from the six image rows that it depends on.
#[inline(never)]
#[target_feature(enable = "neon")]
pub(super) fn row<P: Products>(
    products: P,
    layer: &Layer,
    input: [&ImageRow; PATCH_SIDE],
    output: &mut PooledRow,
) {
    const { assert!(POOL1_SIDE.is_multiple_of(WINDOWS) && CONV1_CHANNELS == 6) };
    let [a, b, c, d, e, f] = input.map(lowered);
    let lines = [Line::new([&a, &b, &c, &d, &e]), Line::new([&b, &c, &d, &e, &f])];
    let (outputs, _) = output.as_chunks_mut::<WINDOWS>();
    for (at, output) in outputs.iter_mut().enumerate() {
        let start = COLUMNS * at;
        let near = [
            lines.each_ref().map(|line| reach(&line.columns, start)),
            lines.each_ref().map(|line| reach(&line.row, start)),
        ];
        let [first, last] = &layer.tiles;
        let [a, b, c] = first.activations(products, near, layer.max);
        let [d, e, f] = last.activations(products, near, layer.max);
        // Two channels share a halfword.
        let pairs = uint16x4x3_t(vsli_n_u16::<8>(a, b), vsli_n_u16::<8>(c, d), vsli_n_u16::<8>(e, f));
        // SAFETY: a reference to 24 bytes; the store needs no alignment.
        unsafe { vst3_u16(output.as_mut_ptr().cast(), pairs) };
    }
}

/// The pixels of a row, lowered so that they fit in bytes with a sign.
#[inline(always)]
fn lowered(row: &ImageRow) -> [u8; LONG_ROW] {
    let mut lowered = [0; LONG_ROW];
    for (to, from) in lowered.iter_mut().zip(row) {
        *to = from ^ LOWERED;
    }
    lowered
}

/// Words from a column on that the positions of eight columns need.
const REACH: usize = COLUMNS + KERNEL_SIDE - 1;

/// The words that the positions of eight columns need.
type Reach = [[u8; GROUP]; REACH];

/// The words that the positions from column `start` on need. Clamped so that no bounds check is needed.
#[inline(always)]
fn reach(words: &Words, start: usize) -> &Reach {
    const { assert!(IMAGE_SIDE - KERNEL_SIDE + 1 == POOL1_SIDE * 2 && REACH <= WIDE_ROW) };
    words[start.min(WIDE_ROW - REACH)..].first_chunk().unwrap_or(&[[0; GROUP]; REACH])
}

impl Tile {
    /// Computes the activations of each channel in four windows.
    ///
    /// `lines` has the words of columns, and those of the last kernel row, each for the upper and for the lower positions.
    #[inline]
    #[target_feature(enable = "neon")]
    fn activations<P: Products>(
        &self,
        products: P,
        [columns, rows]: [[&Reach; 2]; 2],
        max: uint16x4_t,
    ) -> [uint16x4_t; TILE] {
        const { assert!(GROUPS == 7) };
        let [column0, column1, column2, column3, column4, row, last] = &self.weights;
        let mut sums = [[P::zeros(); 4]; TILE];
        add(products, &mut sums, positions::<0>(columns), column0);
        add(products, &mut sums, positions::<1>(columns), column1);
        add(products, &mut sums, positions::<2>(columns), column2);
        add(products, &mut sums, positions::<3>(columns), column3);
        add(products, &mut sums, positions::<4>(columns), column4);
        add(products, &mut sums, positions::<0>(rows), row);
        add(products, &mut sums, positions::<GROUP>(rows), last);
        let [a, b, c] = sums.map(|sums| {
            let [upper_left, upper_right, lower_left, lower_right] = sums.map(P::total);
            vpmaxq_s32(vmaxq_s32(upper_left, lower_left), vmaxq_s32(upper_right, lower_right))
        });
        let [finish_a, finish_b, finish_c] = &self.finish;
        [finish_a.activations(a, max), finish_b.activations(b, max), finish_c.activations(c, max)]
    }
}

/// The activations at eight positions of two rows for a group of taps that lies `RIGHT` columns to the right.
#[inline]
#[target_feature(enable = "neon")]
fn positions<const RIGHT: usize>([upper, lower]: [&Reach; 2]) -> [int8x16_t; 4] {
    [(upper, 0), (upper, LANES), (lower, 0), (lower, LANES)].map(|(words, column)| {
        let words: &[[u8; GROUP]; LANES] =
            words[column + RIGHT..].first_chunk().unwrap_or(&[[0; GROUP]; LANES]);
        vreinterpretq_s8_u8(load(bytemuck::must_cast_ref(words)))
    })
}

/// Adds the products of a group of taps, for three channels at all positions.
#[inline]
#[target_feature(enable = "neon")]
fn add<P: Products>(
    products: P,
    [first, second, third]: &mut [[P::Sums; 4]; TILE],
    positions: [int8x16_t; 4],
    weights: &[[u8; GROUP]; 4],
) {
    let weights = vreinterpretq_s8_u8(load(bytemuck::must_cast_ref(weights)));
    for (at, positions) in positions.into_iter().enumerate() {
        first[at] = products.add_signed::<0>(first[at], positions, weights);
        second[at] = products.add_signed::<1>(second[at], positions, weights);
        third[at] = products.add_signed::<2>(third[at], positions, weights);
    }
}
