//! The mean level around each cell, by a window that slides.

use super::plane::Plane;
use core::cell::Cell;
use core::ops::Range;

/// Writes the mean of the levels in a square window of `side` cells around each cell. Near an edge the window stays within the
/// plane.
///
/// `column` is memory for a column, of 255 cells at most.
pub(super) fn average(levels: &Plane<'_>, means: &mut Plane<'_>, column: &mut [u32], side: usize) {
    let width = levels.width.max(1);
    let height = levels.cells.len() / width;
    let Some(column) = column.get_mut(..height) else { return };
    for (levels, means) in levels.cells.chunks_exact(width).zip(means.rows_mut()) {
        average_row(levels, means, side);
    }
    for start in (0..width).step_by(WORD) {
        average_columns(means, start..width.min(start + WORD), column, side);
    }
}

/// Division by the side of a window, within the line that it slides over.
struct Mean {
    side: usize,
    reciprocal: u32,
}

// A sum of `side` levels times 65,536 / `side`, and a half, fits in 32 bits.
const _: () = assert!((255_u64 << 16) + (1 << 15) <= u32::MAX as u64);

impl Mean {
    fn new(side: usize, length: usize) -> Self {
        let side = side.clamp(1, length.max(1));
        Self { side, reciprocal: (1 << 16) / side as u32 }
    }

    fn of(&self, sum: u32) -> u8 {
        ((sum * self.reciprocal + (1 << 15)) >> 16) as u8
    }

    /// The number of cells that share the first window.
    fn first(&self) -> usize {
        self.side / 2 + 1
    }
}

/// Writes the mean of the levels around each cell of a row.
fn average_row(levels: &[u8], means: &mut [u8], side: usize) {
    let mean = Mean::new(side, levels.len());
    let mut sum: u32 = levels.iter().take(mean.side).map(|level| u32::from(*level)).sum();
    let (first, means) = means.split_at_mut(mean.first().min(means.len()));
    first.fill(mean.of(sum));
    let entering = levels.get(mean.side..).unwrap_or_default();
    let (inner, last) = means.split_at_mut(entering.len().min(means.len()));
    for ((cell, leaving), entering) in inner.iter_mut().zip(levels).zip(entering) {
        sum = sum + u32::from(*entering) - u32::from(*leaving);
        *cell = mean.of(sum);
    }
    last.fill(mean.of(sum));
}

/// The number of columns that are averaged together.
const WORD: usize = 4;

/// Every second byte of a word: a sum for each in 16 bits.
const EVERY_SECOND: u32 = 0x00ff_00ff;

// The sum of a column, and a cell more, fits in 16 bits.
const _: () = assert!(256 * 255 <= u16::MAX as u32);

/// Replaces each cell of up to four columns side by side by the mean of the levels around it in its column.
fn average_columns(plane: &mut Plane<'_>, columns: Range<usize>, copy: &mut [u32], side: usize) {
    let width = plane.width.max(1);
    let rows = plane.shared().chunks_exact(width).map(|row| row.get(columns.clone()).unwrap_or_default());
    for (copy, cells) in copy.iter_mut().zip(rows.clone()) {
        *copy = load(cells);
    }
    let mean = Mean::new(side, copy.len());
    // Of the first and the third column, and of the second and the fourth.
    let halves = |word: u32| [word, word >> 8].map(|word| word & EVERY_SECOND);
    let mut sums = [0; 2];
    for [first, second] in copy.iter().take(mean.side).map(|word| halves(*word)) {
        sums = [sums[0] + first, sums[1] + second];
    }
    let means = |sums: [u32; 2]| {
        let [[a, c], [b, d]] = sums.map(|sums| [sums & 0xffff, sums >> 16].map(|sum| mean.of(sum)));
        u32::from_le_bytes([a, b, c, d])
    };
    let mut last = means(sums);
    let mut moves = copy.iter().zip(copy.get(mean.side..).unwrap_or_default());
    for (y, cells) in rows.enumerate() {
        if y >= mean.first()
            && let Some((leaving, entering)) = moves.next()
        {
            let (leaving, entering) = (halves(*leaving), halves(*entering));
            sums = [sums[0] + entering[0] - leaving[0], sums[1] + entering[1] - leaving[1]];
            last = means(sums);
        }
        store(cells, last);
    }
}

/// The levels of up to four cells, a byte each.
fn load(cells: &[Cell<u8>]) -> u32 {
    match cells.first_chunk::<WORD>() {
        Some(cells) => u32::from_le_bytes(cells.each_ref().map(Cell::get)),
        None => cells.iter().rev().fold(0, |word, cell| word << 8 | u32::from(cell.get())),
    }
}

/// Sets up to four cells.
fn store(cells: &[Cell<u8>], mut word: u32) {
    match cells.first_chunk::<WORD>() {
        Some(cells) => cells.iter().zip(word.to_le_bytes()).for_each(|(cell, level)| cell.set(level)),
        None => cells.iter().for_each(|cell| {
            cell.set(word as u8);
            word >>= 8;
        }),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;

    /// The sum of the window of `side` cells around `index` in a line, and the number of its cells.
    fn window(line: &[u8], index: usize, side: usize) -> (u32, u32) {
        let side = side.clamp(1, line.len());
        let start = index.saturating_sub(side / 2).min(line.len() - side);
        (line[start..start + side].iter().map(|level| u32::from(*level)).sum(), side as u32)
    }

    proptest! {
        #[test]
        fn a_line_becomes_its_sliding_mean(
            cells in proptest::collection::vec(any::<u8>(), 1..60),
            side in 1..70_usize,
        ) {
            let mut found = std::vec![0; cells.len()];
            let width = cells.len();
            let levels = Plane { width, cells: &mut cells.clone() };
            average(&levels, &mut Plane { width, cells: &mut found }, &mut [0; 1], side);
            for (index, found) in found.iter().enumerate() {
                let (sum, count) = window(&cells, index, side);
                // The reciprocal is rounded, so the mean may be off by a little more than half a level.
                prop_assert!((u32::from(*found) * count).abs_diff(sum) * 4 <= count * 3, "{}, {} of {}", found, sum, count);
            }
        }
    }

    proptest! {
        #[test]
        fn columns_become_their_sliding_means_after_the_rows(
            width in 1..14_usize, height in 1..20_usize, side in 1..24_usize,
            levels in proptest::collection::vec(prop_oneof![any::<u8>(), Just(255)], 14 * 20),
        ) {
            let mut levels = levels[..width * height].to_vec();
            let mut found = levels.clone();
            let plane = Plane { width, cells: &mut levels };
            average(&plane, &mut Plane { width, cells: &mut found }, &mut [0; 20], side);
            let mut expected = std::vec![0; width * height];
            for (levels, means) in levels.chunks(width).zip(expected.chunks_mut(width)) {
                average_row(levels, means, side);
            }
            for x in 0..width {
                let column: std::vec::Vec<u8> = expected.iter().skip(x).step_by(width).copied().collect();
                let mut means = std::vec![0; height];
                average_row(&column, &mut means, side);
                expected.iter_mut().skip(x).step_by(width).zip(means).for_each(|(cell, mean)| *cell = mean);
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_plane_of_one_level_has_that_mean_everywhere() {
        let mut means = [0; 30];
        let levels = Plane { width: 6, cells: &mut [255; 30] };
        average(&levels, &mut Plane { width: 6, cells: &mut means }, &mut [0; 5], 4);
        assert_eq!(means, [255; 30]);
    }
}
