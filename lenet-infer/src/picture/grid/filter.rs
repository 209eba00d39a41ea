//! The two 3x3 filters: the binomial Gaussian and the Sobel gradient.

use super::plane::Plane;
use super::step::View;
use core::cell::Cell;

/// Smooths a plane in place with the binomial Gaussian [1 2 1; 2 4 2; 1 2 1] / 16. Beyond an edge the edge is repeated.
pub(in crate::picture) fn smooth(plane: &mut Plane<'_>) {
    let width = plane.width.max(1);
    let cells = plane.shared();
    for row in cells.chunks_exact(width) {
        smooth_line(row.iter());
    }
    for column in 0..width {
        smooth_line(cells.get(column..).unwrap_or_default().iter().step_by(width));
    }
}

/// Smooths a line of cells in place with [1 2 1] / 4.
fn smooth_line<'a>(mut cells: impl Iterator<Item = &'a Cell<u8>>) {
    let Some(mut cell) = cells.next() else { return };
    let mut before = cell.get();
    for next in cells {
        let here = cell.get();
        cell.set(binomial(before, here, next.get()));
        (before, cell) = (here, next);
    }
    cell.set(binomial(before, cell.get(), cell.get()));
}

fn binomial(before: u8, here: u8, after: u8) -> u8 {
    ((u16::from(before) + 2 * u16::from(here) + u16::from(after) + 2) / 4) as u8
}

/// Calls `visit` with each cell and the magnitude of the Sobel gradient there: |x| + |y|, 8 per level of an upright edge, at
/// most 2,040.
///
/// Cells at the edge of the plane have no gradient and are left out.
pub(in crate::picture) fn sobel(view: View<'_>, mut visit: impl FnMut(u8, u32)) {
    let mut rows = view.cells.chunks_exact(view.width.max(1));
    let (Some(mut above), Some(mut here)) = (rows.next(), rows.next()) else { return };
    for below in rows {
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
        (above, here) = (here, below);
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
