//! The mean level around each cell, by a window that slides.

use super::plane::Plane;
use core::cell::Cell;

/// Writes the mean of the levels in a square window of `side` cells around each cell. Near an edge the window stays within the
/// plane.
///
/// `line` is memory for a column.
pub(super) fn average(levels: &Plane<'_>, means: &mut Plane<'_>, line: &mut [u8], side: usize) {
    let width = levels.width.max(1);
    let height = levels.cells.len() / width;
    let Some(line) = line.get_mut(..height) else { return };
    let cells = means.shared();
    for (levels, means) in levels.cells.chunks_exact(width).zip(cells.chunks_exact(width)) {
        average_line(levels, means.iter(), side);
    }
    for column in 0..width {
        let column = cells.get(column..).unwrap_or_default().iter().step_by(width);
        for (copy, cell) in line.iter_mut().zip(column.clone()) {
            *copy = cell.get();
        }
        average_line(line, column, side);
    }
}

// A sum of `side` levels times 65,536 / `side`, and a half, fits in 32 bits.
const _: () = assert!((255_u64 << 16) + (1 << 15) <= u32::MAX as u64);

/// Sets each cell to the mean of the levels around it in a line.
fn average_line<'a>(line: &[u8], mut cells: impl Iterator<Item = &'a Cell<u8>>, side: usize) {
    let side = side.clamp(1, line.len().max(1));
    let reciprocal = (1 << 16) / side as u32;
    let mean = |sum: u32| ((sum * reciprocal + (1 << 15)) >> 16) as u8;
    let mut sum: u32 = line.iter().take(side).map(|level| u32::from(*level)).sum();
    // The first cells share a window, and so do the last.
    cells.by_ref().take(side / 2 + 1).for_each(|cell| cell.set(mean(sum)));
    for (leaving, entering) in line.iter().zip(line.get(side..).unwrap_or_default()) {
        sum = sum + u32::from(*entering) - u32::from(*leaving);
        if let Some(cell) = cells.next() {
            cell.set(mean(sum));
        }
    }
    cells.for_each(|cell| cell.set(mean(sum)));
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

    #[test]
    fn a_plane_of_one_level_has_that_mean_everywhere() {
        let mut means = [0; 30];
        let levels = Plane { width: 6, cells: &mut [255; 30] };
        average(&levels, &mut Plane { width: 6, cells: &mut means }, &mut [0; 5], 4);
        assert_eq!(means, [255; 30]);
    }
}
