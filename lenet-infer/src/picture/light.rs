//! Removal of uneven light: ink is narrow, and what is wide is paper.
//!
//! The level of the paper at a cell is the opening by reconstruction of the picture there: the erosion by a square window,
//! the dilation by the same window, and then the growth into all that is reached without a fall (Vincent, 1993). What is
//! left above it, the top-hat, is ink. Gradients and shadows are wider than the window, so they are paper.

use super::plane::Plane;
use super::threshold::edge_energy;
use core::cell::Cell;

/// The number of pairs of sweeps of the reconstruction: enough to follow light around the corners that it has.
const SWEEPS: usize = 2;

/// Turns a plane of gray levels into levels of ink, 0 for paper, and returns whether the ink is darker than the paper, which
/// may be known. `paper` is memory of the same size, and `side` the longer side of the plane.
///
/// The right polarity is the one whose top-hat keeps more of the picture's edges. The window is narrow, so that small
/// shadows are paper, unless that loses the edges of wide strokes.
pub(super) fn remove(gray: &mut Plane<'_>, paper: &mut Plane<'_>, side: usize, known: Option<bool>) -> bool {
    let wide = (side * 5 / 12).max(3);
    let narrow = (side * 5).div_ceil(24).max(3);
    let all = edge_energy(gray);
    let dark = known.unwrap_or_else(|| {
        let [dark, light] = kept_edges(gray, paper, wide);
        if dark >= 3 * light || light >= 3 * dark {
            return dark > light;
        }
        let [dark, light] = kept_edges(gray, paper, narrow);
        dark > light
    });
    if dark {
        invert(gray);
    }
    if top_hat(gray, paper, narrow) * 8 < all * 3 {
        restore(gray, paper);
        top_hat(gray, paper, wide);
    }
    dark
}

/// The energy of the edges that the top-hat keeps for dark ink and for light ink. Leaves the plane as it is.
fn kept_edges(gray: &mut Plane<'_>, paper: &mut Plane<'_>, window: usize) -> [u64; 2] {
    [true, false].map(|_| {
        invert(gray);
        let kept = top_hat(gray, paper, window);
        restore(gray, paper);
        kept
    })
}

fn invert(plane: &mut Plane<'_>) {
    for cell in plane.cells.iter_mut() {
        *cell = 255 - *cell;
    }
}

/// Subtracts the paper from the gray levels, and returns the energy of the edges that are left.
fn top_hat(gray: &mut Plane<'_>, paper: &mut Plane<'_>, window: usize) -> u64 {
    paper.cells.copy_from_slice(gray.cells);
    slide(paper, window, Order::Onward, u8::min);
    slide(paper, window, Order::Backward, u8::max);
    reconstruct(paper, gray);
    for (cell, paper) in gray.cells.iter_mut().zip(&*paper.cells) {
        *cell = cell.saturating_sub(*paper);
    }
    edge_energy(gray)
}

/// Adds the paper again.
fn restore(gray: &mut Plane<'_>, paper: &Plane<'_>) {
    for (cell, paper) in gray.cells.iter_mut().zip(&*paper.cells) {
        *cell = cell.saturating_add(*paper);
    }
}

/// Raises the paper to the gray levels wherever they are reached from it without a fall, over neighbors that share a side.
fn reconstruct(paper: &mut Plane<'_>, gray: &Plane<'_>) {
    let width = paper.width.max(1);
    let cells = paper.shared();
    for _ in 0..SWEEPS {
        let rows = cells.chunks_exact(width).zip(gray.cells.chunks_exact(width));
        sweep(rows.clone(), |row, gray, raise| row.iter().zip(gray).enumerate().for_each(raise));
        sweep(rows.rev(), |row, gray, raise| row.iter().zip(gray).enumerate().rev().for_each(raise));
    }
}

/// A cell of the paper and the gray level there, with its column.
type Place<'a> = (usize, (&'a Cell<u8>, &'a u8));

/// Raises each cell to the largest of itself, the one before it in its row and the one in the row before, at most to the
/// gray level. `visit` goes through a row.
fn sweep<'a>(
    rows: impl Iterator<Item = (&'a [Cell<u8>], &'a [u8])>,
    visit: impl Fn(&'a [Cell<u8>], &'a [u8], &mut dyn FnMut(Place<'a>)),
) {
    let mut row_before: &[Cell<u8>] = &[];
    for (row, gray) in rows {
        let mut before = 0;
        visit(row, gray, &mut |(x, (cell, gray))| {
            let above = row_before.get(x).map_or(0, Cell::get);
            before = cell.get().max(above).max(before).min(*gray);
            cell.set(before);
        });
        row_before = row;
    }
}

/// Which way the window lies from a cell: both start at the cell itself.
#[derive(Clone, Copy)]
enum Order {
    Onward,
    Backward,
}

/// Replaces each cell by the extreme in a square window of it, of `side` cells or up to the edge. One pass per
/// doubling of the window, in place.
fn slide(plane: &mut Plane<'_>, side: usize, order: Order, extreme: fn(u8, u8) -> u8) {
    let width = plane.width;
    for step in steps(side) {
        for row in plane.rows_mut() {
            combine(row, step, order, extreme);
        }
    }
    for step in steps(side) {
        combine(plane.cells, step * width, order, extreme);
    }
}

/// The distances whose passes make a window of `side` cells: the window doubles until it would be larger.
fn steps(side: usize) -> impl Iterator<Item = usize> {
    let mut reached = 1;
    core::iter::from_fn(move || {
        let step = reached.min(side.checked_sub(reached)?);
        reached += step;
        (step > 0).then_some(step)
    })
}

fn combine(cells: &mut [u8], step: usize, order: Order, extreme: fn(u8, u8) -> u8) {
    let cells = Cell::from_mut(cells).as_slice_of_cells();
    let shifted = cells.get(step..).unwrap_or_default();
    let pairs = cells.iter().zip(shifted);
    match order {
        Order::Onward => pairs.for_each(|(here, there)| here.set(extreme(here.get(), there.get()))),
        Order::Backward => pairs.rev().for_each(|(there, here)| here.set(extreme(here.get(), there.get()))),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    /// A plane of 24x24 cells.
    fn plane(level: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        (0..24 * 24).map(|index| level(index % 24, index / 24)).collect()
    }

    /// The ink of a plane, and whether it is dark.
    fn ink(mut cells: Vec<u8>) -> (Vec<u8>, bool) {
        let mut paper = cells.clone();
        let dark = remove(
            &mut Plane { width: 24, cells: &mut cells },
            &mut Plane { width: 24, cells: &mut paper },
            24,
            None,
        );
        (cells, dark)
    }

    fn is_stroke(x: usize, y: usize) -> bool {
        (10..13).contains(&x) && (5..19).contains(&y)
    }

    #[test]
    fn ink_is_light_on_zero_whichever_way_round_the_picture_is() {
        let (from_dark, dark) = ink(plane(|x, y| if is_stroke(x, y) { 40 } else { 200 }));
        let (from_light, light) = ink(plane(|x, y| if is_stroke(x, y) { 215 } else { 55 }));
        assert!(dark && !light);
        assert_eq!(from_dark, plane(|x, y| if is_stroke(x, y) { 160 } else { 0 }));
        assert_eq!(from_light, from_dark);
    }

    #[test]
    fn a_shadow_with_a_hard_edge_is_paper() {
        let shadowed = |x: usize, y: usize| x + y > 26;
        let scene = plane(|x, y| match (is_stroke(x, y), shadowed(x, y)) {
            (true, _) => 20,
            (false, true) => 120,
            (false, false) => 220,
        });
        let (ink, dark) = ink(scene);
        let paper = (0..24 * 24).filter(|index| !is_stroke(index % 24, index / 24));
        assert!(dark && paper.map(|index| ink[index]).max() == Some(0));
    }

    #[test]
    fn a_gradient_is_paper_but_for_the_corner_that_the_window_does_not_reach() {
        let (ink, dark) = ink(plane(|x, y| if is_stroke(x, y) { 20 } else { (100 + 3 * x + y) as u8 }));
        assert!(dark && ink[12 * 24 + 11] > 90, "{}", ink[12 * 24 + 11]);
        let paper = (0..24 * 24).filter(|index| !is_stroke(index % 24, index / 24));
        assert!(paper.map(|index| ink[index]).max() < Some(30));
    }

    #[test]
    fn a_window_slides_over_as_many_cells_as_it_has() {
        for side in 1..12 {
            let mut cells = [0; 16];
            cells[15] = 9;
            slide(&mut Plane { width: 16, cells: &mut cells }, side, Order::Onward, u8::max);
            assert_eq!(cells.iter().filter(|cell| **cell == 9).count(), side);
            let mut cells = [0; 16];
            cells[0] = 9;
            slide(&mut Plane { width: 16, cells: &mut cells }, side, Order::Backward, u8::max);
            assert_eq!(cells.iter().filter(|cell| **cell == 9).count(), side);
        }
    }
}
