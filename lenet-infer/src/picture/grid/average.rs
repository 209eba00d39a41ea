//! The mean level around each cell, by a window that slides.

use super::plane::Plane;
use core::cell::Cell;

/// Replaces each cell by the mean of a square window of `side` cells. Near an edge the window stays within the plane.
///
/// `line` is memory for a row or a column.
pub(super) fn average(plane: &mut Plane<'_>, line: &mut [u8], side: usize) {
    let width = plane.width.max(1);
    let height = plane.cells.len() / width;
    let cells = plane.shared();
    for row in cells.chunks_exact(width) {
        average_line(row.iter(), width, line, side);
    }
    for column in 0..width {
        let column = cells.get(column..).unwrap_or_default().iter().step_by(width);
        average_line(column, height, line, side);
    }
}

fn average_line<'a>(
    mut cells: impl Iterator<Item = &'a Cell<u8>> + Clone,
    length: usize,
    line: &mut [u8],
    side: usize,
) {
    let Some(line) = line.get_mut(..length) else { return };
    for (copy, cell) in line.iter_mut().zip(cells.clone()) {
        *copy = cell.get();
    }
    let side = side.clamp(1, length.max(1));
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
            let mut found = cells.clone();
            let width = cells.len();
            average(&mut Plane { width, cells: &mut found }, &mut [0; 60], side);
            for (index, found) in found.iter().enumerate() {
                let (sum, count) = window(&cells, index, side);
                // The reciprocal is rounded, so the mean may be off by a little more than half a level.
                prop_assert!((u32::from(*found) * count).abs_diff(sum) * 4 <= count * 3, "{}, {} of {}", found, sum, count);
            }
        }
    }

    #[test]
    fn a_plane_of_one_level_stays_as_it_is() {
        let mut cells = [255; 30];
        average(&mut Plane { width: 6, cells: &mut cells }, &mut [0; 6], 4);
        assert_eq!(cells, [255; 30]);
    }
}
