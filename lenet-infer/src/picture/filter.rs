//! The two 3x3 filters: the binomial Gaussian and the Sobel gradient.

use super::plane::Plane;
use super::step::View;

/// Smooths a plane in place with the binomial Gaussian [1 2 1; 2 4 2; 1 2 1] / 16. Beyond an edge the edge is repeated.
pub(super) fn smooth(plane: &mut Plane<'_>) {
    let width = plane.width;
    // Along the rows.
    for row in plane.rows_mut() {
        let mut before = row.first().copied().unwrap_or_default();
        let cells = core::cell::Cell::from_mut(row).as_slice_of_cells();
        let next = cells.get(1..).unwrap_or_default();
        for (index, cell) in cells.iter().enumerate() {
            let here = cell.get();
            let after = next.get(index).map_or(here, core::cell::Cell::get);
            cell.set(binomial(before, here, after));
            before = here;
        }
    }
    // Along the columns.
    let cells = core::cell::Cell::from_mut(&mut *plane.cells).as_slice_of_cells();
    for column in 0..width {
        let mut before = None;
        let mut rest = cells.get(column..).unwrap_or_default();
        while let Some(cell) = rest.first() {
            rest = rest.get(width..).unwrap_or_default();
            let here = cell.get();
            let after = rest.first().map_or(here, core::cell::Cell::get);
            cell.set(binomial(before.unwrap_or(here), here, after));
            before = Some(here);
        }
    }
}

fn binomial(before: u8, here: u8, after: u8) -> u8 {
    ((u16::from(before) + 2 * u16::from(here) + u16::from(after) + 2) / 4) as u8
}

/// Calls `visit` with each cell and the magnitude of the Sobel gradient there, |x| + |y| in 1/4 level per cell.
///
/// Cells at the edge of the plane have no gradient and are left out.
pub(super) fn sobel(view: View<'_>, mut visit: impl FnMut(u8, u32)) {
    let mut rows = view.cells.chunks_exact(view.width.max(1));
    let (Some(mut above), Some(mut here)) = (rows.next(), rows.next()) else { return };
    for below in rows {
        let triples = above.windows(3).zip(here.windows(3)).zip(below.windows(3));
        for ((above, here), below) in triples {
            let (&[a, b, c], &[d, level, e], &[f, g, h]) = (above, here, below) else { continue };
            let [a, b, c, d, e, f, g, h] = [a, b, c, d, e, f, g, h].map(i32::from);
            let x = (c + 2 * e + h) - (a + 2 * d + f);
            let y = (f + 2 * g + h) - (a + 2 * b + c);
            visit(level, x.unsigned_abs() + y.unsigned_abs());
        }
        (above, here) = (here, below);
    }
}
