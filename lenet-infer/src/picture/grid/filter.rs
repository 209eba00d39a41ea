//! The two 3x3 filters: the binomial Gaussian and the Sobel gradient.

use super::plane::Plane;
use super::step::View;
use crate::kernel::lanes;
use core::cell::Cell;

/// Smooths a plane in place with the binomial Gaussian [1 2 1; 2 4 2; 1 2 1] / 16. Beyond an edge the edge is repeated.
pub(in crate::picture) fn smooth(plane: &mut Plane<'_>) {
    let width = plane.width.max(1);
    for row in plane.rows_mut() {
        smooth_row(row);
    }
    let cells = plane.shared();
    let lanes = width / lanes::COUNT * lanes::COUNT;
    for start in (0..lanes).step_by(lanes::COUNT) {
        smooth_columns(cells, width, start, lanes::binomial);
    }
    for start in lanes..width {
        smooth_columns(cells, width, start, |[before], [here], [after]| [binomial(before, here, after)]);
    }
}

/// Smooths a row in place with [1 2 1] / 4.
fn smooth_row(row: &mut [u8]) {
    let (mut before, mut start) = (row.first().copied().unwrap_or_default(), 0);
    // Several cells and the one after them.
    const WINDOW: usize = lanes::COUNT + 1;
    while let Some(window) = row.get_mut(start..).and_then(<[u8]>::first_chunk_mut::<WINDOW>) {
        let [here @ .., _] = *window;
        let [_, after @ ..] = *window;
        let shifted = lanes::onward(here, before);
        [.., before] = here;
        if let Some(cells) = window.first_chunk_mut() {
            *cells = lanes::binomial(shifted, here, after);
        }
        start += lanes::COUNT;
    }
    let mut rest = row.get_mut(start..).unwrap_or_default().iter_mut().peekable();
    while let Some(cell) = rest.next() {
        let here = *cell;
        *cell = binomial(before, here, rest.peek().map_or(here, |after| **after));
        before = here;
    }
}

/// Smooths the `N` columns from `start` in place with [1 2 1] / 4, side by side.
#[inline(always)]
fn smooth_columns<const N: usize>(
    cells: &[Cell<u8>],
    width: usize,
    start: usize,
    binomial: impl Fn([u8; N], [u8; N], [u8; N]) -> [u8; N],
) {
    let levels = |cells: &[Cell<u8>; N]| cells.each_ref().map(Cell::get);
    let set = |cells: &[Cell<u8>; N], levels: [u8; N]| {
        cells.iter().zip(levels).for_each(|(cell, level)| cell.set(level));
    };
    let mut rows =
        cells.get(start..).unwrap_or_default().chunks(width).map_while(|row| row.first_chunk::<N>());
    let Some(mut cells) = rows.next() else { return };
    let mut here = levels(cells);
    let mut before = here;
    for next in rows {
        let after = levels(next);
        set(cells, binomial(before, here, after));
        (before, here, cells) = (here, after, next);
    }
    set(cells, binomial(before, here, here));
}

fn binomial(before: u8, here: u8, after: u8) -> u8 {
    ((u16::from(before) + 2 * u16::from(here) + u16::from(after) + 2) / 4) as u8
}

/// Calls `visit` with each cell and the magnitude of the Sobel gradient there: |x| + |y|, 8 per level of an upright edge, at
/// most 2,040.
///
/// Cells at the edge of the plane have no gradient and are left out.
pub(in crate::picture) fn sobel(view: View<'_>, mut visit: impl FnMut(u8, u32)) {
    for rows in rows_of_three(view) {
        sobel_row(rows, &mut visit);
    }
}

/// Each row of a plane that has a row above it and one below, between these.
pub(super) fn rows_of_three(view: View<'_>) -> impl Iterator<Item = [&[u8]; 3]> {
    let rows = view.cells.chunks_exact(view.width.max(1));
    let below = rows.clone().skip(1).zip(rows.clone().skip(2));
    rows.zip(below).map(|(above, (here, below))| [above, here, below])
}

/// Does as [`sobel`] with the cells of the middle one of three rows.
#[inline(always)]
pub(super) fn sobel_row([above, here, below]: [&[u8]; 3], mut visit: impl FnMut(u8, u32)) {
    // Of each column: its smoothed level, its difference from top to bottom, and its middle cell.
    let mut columns = above.iter().zip(here).zip(below).map(|((above, here), below)| {
        let (above, level, below) = (i32::from(*above), i32::from(*here), i32::from(*below));
        (above + 2 * level + below, below - above, *here)
    });
    if let (Some(mut first), Some(mut second)) = (columns.next(), columns.next()) {
        for third in columns {
            let (x, y) = (third.0 - first.0, first.1 + 2 * second.1 + third.1);
            visit(second.2, x.unsigned_abs() + y.unsigned_abs());
            (first, second) = (second, third);
        }
    }
}

/// Writes the magnitude of the Sobel gradient of each cell to `magnitudes`, which has a byte per cell: (|x| + |y|) / 8, which
/// is 255 at most. 0 at the edge.
pub fn gradient(view: View<'_>, magnitudes: &mut [u8]) {
    magnitudes.fill(0);
    let rows = magnitudes.chunks_exact_mut(view.width.max(1)).skip(1);
    let mut inner = rows.flat_map(|row| row.iter_mut().skip(1).take(view.width.saturating_sub(2)));
    sobel(view, |_, magnitude| {
        if let Some(cell) = inner.next() {
            *cell = (magnitude / 8).min(255) as u8;
        }
    });
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn a_single_cell_is_spread_as_the_binomial_weights() {
        let mut cells = [0; 25];
        cells[12] = 160;
        smooth(&mut Plane { width: 5, cells: &mut cells });
        let expected = [0, 0, 0, 0, 0, 0, 10, 20, 10, 0, 0, 20, 40, 20, 0, 0, 10, 20, 10, 0, 0, 0, 0, 0, 0];
        assert_eq!(cells, expected);
    }

    #[test]
    fn a_plane_of_one_level_stays_as_it_is_up_to_its_edge() {
        for (width, count) in [(1, 1), (1, 5), (5, 5), (4, 12)] {
            let mut cells: Vec<u8> = std::vec![201; count];
            smooth(&mut Plane { width, cells: &mut cells });
            assert!(cells.iter().all(|cell| *cell == 201));
        }
    }

    proptest! {
        #[test]
        fn rows_and_then_columns_are_smoothed_with_one_two_one(
            width in 1..14_usize, height in 1..10_usize, cells in proptest::collection::vec(any::<u8>(), 14 * 10),
        ) {
            let mut found = cells[..width * height].to_vec();
            let smoothed = |cells: &[u8], index: usize, place: usize, count: usize, step: usize| {
                let before = if place > 0 { index - step } else { index };
                let after = if place + 1 < count { index + step } else { index };
                let [before, here, after] = [before, index, after].map(|index| u32::from(cells[index]));
                ((before + 2 * here + after + 2) / 4) as u8
            };
            let indices = 0..width * height;
            let rows: Vec<u8> = indices.clone().map(|index| smoothed(&found, index, index % width, width, 1)).collect();
            let expected: Vec<u8> = indices.map(|index| smoothed(&rows, index, index / width, height, width)).collect();
            smooth(&mut Plane { width, cells: &mut found });
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_gradient_is_that_of_the_two_kernels(cells in proptest::collection::vec(any::<u8>(), 35)) {
            let at = |x: usize, y: usize| i32::from(cells[y * 7 + x]);
            let mut expected = Vec::new();
            for y in 1..4 {
                for x in 1..6 {
                    let right = at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1);
                    let left = at(x - 1, y - 1) + 2 * at(x - 1, y) + at(x - 1, y + 1);
                    let lower = at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1);
                    let upper = at(x - 1, y - 1) + 2 * at(x, y - 1) + at(x + 1, y - 1);
                    expected.push((at(x, y) as u8, (right - left).unsigned_abs() + (lower - upper).unsigned_abs()));
                }
            }
            let mut found = Vec::new();
            sobel(View::new(7, &cells), |level, magnitude| found.push((level, magnitude)));
            prop_assert_eq!(found, expected);
        }
    }
}
