//! Removal of uneven light: ink is narrow, and what is wide is paper.
//!
//! The level of the paper at a cell is the opening by reconstruction of the picture there: the erosion by a square window,
//! the dilation by the same window, and then the growth into all that is reached without a fall (Vincent, 1993). What is
//! left above it, the top-hat, is ink. Gradients and shadows are wider than the window, so they are paper.

use super::border;
use super::bytes::{Least, Minus, Most, Plus, combine, invert};
use super::plane::Plane;
use super::polarity::{self, Kept, mass};
use super::reconstruct::reconstruct;
use super::threshold::edge_energy;
use super::window::{Order, slide};

/// The side from which the polarity is found on a plane of half the size.
const HALVED_SIDE: usize = 40;

/// Turns a plane of gray levels into levels of ink, 0 for paper, and returns whether the ink is darker than the paper, which
/// may be known. `paper` is memory of the same size, and `side` the longer side of the plane.
///
/// The window is narrow, so that small shadows are paper, unless that loses the edges of wide strokes.
pub(super) fn remove(gray: &mut Plane<'_>, paper: &mut Plane<'_>, side: usize, known: Option<bool>) -> bool {
    let dark = known.unwrap_or_else(|| has_dark_ink(gray, paper, side));
    if dark {
        invert(gray.cells);
    }
    let all = edge_energy(gray);
    let mut window = narrow(side);
    top_hat(gray, paper, window);
    if edge_energy(gray) * 8 < all * 3 {
        restore(gray, paper);
        window = wide(side);
        top_hat(gray, paper, window);
    }
    restore(gray, paper);
    drain(paper, (window / 12).max(1));
    combine(gray.cells, paper.cells, Minus);
    dark
}

/// Lowers the paper where it is raised in less than `2 * reach + 1` cells: the reconstruction climbs from a shadow into the
/// strokes that cross its edge.
fn drain(paper: &mut Plane<'_>, reach: usize) {
    slide(paper, reach + 1, Order::Onward, Least);
    slide(paper, reach + 1, Order::Backward, Least);
    slide(paper, reach + 1, Order::Onward, Most);
    slide(paper, reach + 1, Order::Backward, Most);
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
        invert(gray.cells);
        top_hat(gray, paper, wide(side));
        let kept = Kept { edges: edge_energy(gray), mass: mass(gray) };
        restore(gray, paper);
        kept
    });
    polarity::is_dark(&dark, &light, brightness, gray.cells.len())
}

/// Finds the paper and subtracts it from the gray levels.
fn top_hat(gray: &mut Plane<'_>, paper: &mut Plane<'_>, window: usize) {
    paper.copy(gray);
    slide(paper, window, Order::Onward, Least);
    slide(paper, window, Order::Backward, Most);
    border::seed(paper, gray, window);
    reconstruct(paper, gray);
    combine(gray.cells, paper.cells, Minus);
}

/// Adds the paper again.
fn restore(gray: &mut Plane<'_>, paper: &Plane<'_>) {
    combine(gray.cells, paper.cells, Plus);
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
}
