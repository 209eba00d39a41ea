//! Removal of uneven light: ink is narrow, and what is wide is paper.
//!
//! The level of the paper at a cell is the opening by reconstruction of the picture there: the erosion by a square window,
//! the dilation by the same window, and then the growth into all that is reached without a fall (Vincent, 1993). What is
//! left above it, the top-hat, is ink. Gradients and shadows are wider than the window, so they are paper.

use super::border;
use super::plane::Plane;
use super::polarity::{self, Kept, mass};
use super::threshold::edge_energy;
use core::cell::Cell;

/// The number of pairs of sweeps of the reconstruction: enough to follow light around the corners that it has.
const SWEEPS: usize = 2;

/// The side from which the polarity is found on a plane of half the size.
const HALVED_SIDE: usize = 40;

/// Turns a plane of gray levels into levels of ink, 0 for paper, and returns whether the ink is darker than the paper, which
/// may be known. `paper` is memory of the same size, and `side` the longer side of the plane.
///
/// The window is narrow, so that small shadows are paper, unless that loses the edges of wide strokes.
pub(super) fn remove(gray: &mut Plane<'_>, paper: &mut Plane<'_>, side: usize, known: Option<bool>) -> bool {
    let dark = known.unwrap_or_else(|| has_dark_ink(gray, paper, side));
    if dark {
        invert(gray);
    }
    let all = edge_energy(gray);
    let mut window = narrow(side);
    if top_hat(gray, paper, window) * 8 < all * 3 {
        restore(gray, paper);
        window = wide(side);
        top_hat(gray, paper, window);
    }
    restore(gray, paper);
    drain(paper, (window / 12).max(1));
    subtract(gray, paper);
    dark
}

/// Lowers the paper where it is raised in less than `2 * reach + 1` cells: the reconstruction climbs from a shadow into the
/// strokes that cross its edge.
fn drain(paper: &mut Plane<'_>, reach: usize) {
    slide(paper, reach + 1, Order::Onward, u8::min);
    slide(paper, reach + 1, Order::Backward, u8::min);
    slide(paper, reach + 1, Order::Onward, u8::max);
    slide(paper, reach + 1, Order::Backward, u8::max);
}

/// A window that is wider than the strokes of most digits.
fn narrow(side: usize) -> usize {
    (side * 5).div_ceil(24).max(3)
}

/// A window that is wider than the widest strokes of a digit that fills the plane.
fn wide(side: usize) -> usize {
    (side * 5 / 12).max(3)
}

/// Whether the ink is darker than the paper. A large plane is halved first, in `scratch`, which has the size of the plane.
fn has_dark_ink(gray: &mut Plane<'_>, scratch: &mut Plane<'_>, side: usize) -> bool {
    if side < HALVED_SIDE {
        return keeps_dark_ink(gray, scratch, side);
    }
    let (width, height) = (gray.width / 2, gray.cells.len() / gray.width.max(1) / 2);
    let (halved, rest) = scratch.cells.split_at_mut((width * height).min(scratch.cells.len()));
    let paper = rest.get_mut(..width * height).unwrap_or_default();
    halve(gray, halved);
    keeps_dark_ink(&mut Plane { width, cells: halved }, &mut Plane { width, cells: paper }, side / 2)
}

/// Writes the mean of each 2x2 cells.
fn halve(plane: &Plane<'_>, halved: &mut [u8]) {
    let (width, mut halved) = (plane.width.max(1), halved.iter_mut());
    for rows in plane.cells.chunks_exact((2 * width).max(1)) {
        let (upper, lower) = rows.split_at(rows.len() / 2);
        for (upper, lower) in upper.chunks_exact(2).zip(lower.chunks_exact(2)) {
            let sum: u16 = upper.iter().chain(lower).map(|level| u16::from(*level)).sum();
            if let Some(cell) = halved.next() {
                *cell = (sum / 4) as u8;
            }
        }
    }
}

fn keeps_dark_ink(gray: &mut Plane<'_>, paper: &mut Plane<'_>, side: usize) -> bool {
    let brightness = mass(gray);
    let [dark, light] = [(); 2].map(|()| {
        invert(gray);
        let edges = top_hat(gray, paper, wide(side));
        let kept = Kept { edges, mass: mass(gray) };
        restore(gray, paper);
        kept
    });
    polarity::is_dark(&dark, &light, brightness, gray.cells.len())
}

fn invert(plane: &mut Plane<'_>) {
    for cell in plane.cells.iter_mut() {
        *cell = 255 - *cell;
    }
}

/// Finds the paper and subtracts it from the gray levels, and returns the energy of the edges that are left.
fn top_hat(gray: &mut Plane<'_>, paper: &mut Plane<'_>, window: usize) -> u64 {
    paper.copy(gray);
    slide(paper, window, Order::Onward, u8::min);
    slide(paper, window, Order::Backward, u8::max);
    border::seed(paper, gray, window);
    reconstruct(paper, gray);
    subtract(gray, paper);
    edge_energy(gray)
}

/// Subtracts the paper from the gray levels.
fn subtract(gray: &mut Plane<'_>, paper: &Plane<'_>) {
    for (cell, paper) in gray.cells.iter_mut().zip(&*paper.cells) {
        *cell = cell.saturating_sub(*paper);
    }
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
    let rows = || cells.chunks_exact(width).zip(gray.cells.chunks_exact(width));
    for _ in 0..SWEEPS {
        sweep(rows(), |row, above, gray| raise(row.iter().zip(above).zip(gray)));
        sweep(rows().rev(), |row, below, gray| raise(row.iter().zip(below).zip(gray).rev()));
    }
}

/// Calls `visit` with each row of cells, the row before it, and the gray levels of the row.
fn sweep<'a>(
    rows: impl Iterator<Item = (&'a [Cell<u8>], &'a [u8])>,
    visit: impl Fn(&'a [Cell<u8>], &'a [Cell<u8>], &'a [u8]),
) {
    let mut before: Option<&[Cell<u8>]> = None;
    for (row, gray) in rows {
        visit(row, before.unwrap_or(row), gray);
        before = Some(row);
    }
}

/// Raises each cell of a row to the largest of itself, the one beside it that was raised last, and the one in the row before,
/// at most to the gray level.
fn raise<'a>(cells: impl Iterator<Item = ((&'a Cell<u8>, &'a Cell<u8>), &'a u8)>) {
    let mut last = 0;
    for ((cell, before), gray) in cells {
        last = cell.get().max(before.get()).max(last).min(*gray);
        cell.set(last);
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
fn slide(plane: &mut Plane<'_>, side: usize, order: Order, extreme: impl Fn(u8, u8) -> u8 + Copy) {
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

fn combine(cells: &mut [u8], step: usize, order: Order, extreme: impl Fn(u8, u8) -> u8 + Copy) {
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
        // But for the corners that the edge has where it meets the edge of the picture.
        assert!(dark && paper.filter(|index| ink[*index] > 0).count() <= 2);
    }

    #[test]
    fn a_gradient_is_paper_but_for_the_corner_that_the_window_does_not_reach() {
        let (ink, dark) = ink(plane(|x, y| if is_stroke(x, y) { 20 } else { (100 + 3 * x + y) as u8 }));
        assert!(dark && ink[12 * 24 + 11] > 90, "{}", ink[12 * 24 + 11]);
        let paper = (0..24 * 24).filter(|index| !is_stroke(index % 24, index / 24));
        assert!(paper.map(|index| ink[index]).max() < Some(30));
    }

    #[test]
    fn a_thin_stroke_across_the_edge_of_a_shadow_is_ink_on_both_sides() {
        // Outside, the ink is hardly darker than the shadow.
        let is_stroke = |x, y| is_stroke(x, y) && x < 12;
        let scene = plane(|x, y| match (is_stroke(x, y), y < 12) {
            (true, true) => 40,
            (true, false) => 90,
            (false, true) => 100,
            (false, false) => 220,
        });
        let (ink, dark) = ink(scene);
        let level = |y: usize| ink[y * 24 + 11];
        assert!(dark && (5..19).all(|y| level(y) >= 60), "{:?}", (5..19).map(level).collect::<Vec<_>>());
        let paper = (0..24 * 24).filter(|index| !is_stroke(index % 24, index / 24));
        assert!(paper.map(|index| ink[index]).max() < Some(30));
    }

    #[test]
    fn a_dark_table_beyond_the_edge_of_the_paper_is_no_ink() {
        let (ink, dark) = ink(plane(|x, y| match (is_stroke(x, y), x) {
            (true, _) => 90,
            (false, 0..2) => 30,
            (false, _) => 220,
        }));
        assert!(dark);
        for (index, ink) in ink.into_iter().enumerate() {
            assert_eq!(ink, if is_stroke(index % 24, index / 24) { 130 } else { 0 }, "{index}");
        }
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
