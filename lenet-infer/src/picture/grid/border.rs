//! The paper along the edge of the picture.
//!
//! A shadow or a table that is cut by the edge may be narrower in the picture than the window that tells paper from ink. But
//! along the edge it is wide, and a stroke or a ruled line that crosses the edge is not.

use super::plane::Plane;
use core::cell::Cell;

/// Raises the paper in the outermost rows and columns to the opening of the gray levels along them, in a window of `side`
/// cells. From there the reconstruction of the paper reaches all that is joined to it.
pub(super) fn seed(paper: &mut Plane<'_>, gray: &Plane<'_>, side: usize) {
    let width = gray.width.max(1);
    let height = gray.cells.len() / width;
    let (paper, last) = (paper.shared(), height.saturating_sub(1) * width);
    for start in [0, last] {
        open_line(paper, gray.cells, |place| start + place, width, side);
    }
    for start in [0, width - 1] {
        open_line(paper, gray.cells, |place| start + place * width, height, side);
    }
}

/// Raises the paper in a line of `count` cells to the opening of the gray levels there: in each window of `side` cells, the
/// least level. `index` gives the place of a cell in memory.
fn open_line(paper: &[Cell<u8>], gray: &[u8], index: impl Fn(usize) -> usize, count: usize, side: usize) {
    let side = side.min(count);
    for first in 0..=count - side {
        let window = first..first + side;
        let levels = window.clone().filter_map(|place| gray.get(index(place)));
        let least = levels.copied().min().unwrap_or_default();
        for cell in window.filter_map(|place| paper.get(index(place))) {
            cell.set(cell.get().max(least));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 12;

    /// The paper that is seeded from gray levels, with a window of 4 cells.
    fn seeded(level: impl Fn(usize, usize) -> u8) -> [u8; SIDE * SIDE] {
        let mut gray =
            core::array::from_fn::<_, { SIDE * SIDE }, _>(|index| level(index % SIDE, index / SIDE));
        let mut paper = [0; SIDE * SIDE];
        let gray = Plane { width: SIDE, cells: &mut gray };
        seed(&mut Plane { width: SIDE, cells: &mut paper }, &gray, 4);
        paper
    }

    fn is_outermost(index: usize) -> bool {
        let is_end = |place| place == 0 || place == SIDE - 1;
        is_end(index % SIDE) || is_end(index / SIDE)
    }

    #[test]
    fn a_strip_along_the_edge_is_paper() {
        let strip = |x: usize, _: usize| if x < 2 { 90 } else { 10 };
        for (index, paper) in seeded(strip).into_iter().enumerate() {
            let expected = match index % SIDE {
                0 => 90,
                // Of the upper and the lower edge, the strip is a narrow part.
                _ if is_outermost(index) => 10,
                _ => 0,
            };
            assert_eq!(paper, expected, "{index}");
        }
    }

    #[test]
    fn a_line_across_the_edge_is_no_paper() {
        let line = |_: usize, y: usize| if (5..7).contains(&y) { 90 } else { 10 };
        assert!(
            seeded(line).into_iter().enumerate().all(|(index, paper)| (paper == 10) == is_outermost(index))
        );
    }

    #[test]
    fn planes_of_any_size_and_windows_of_any_side_are_taken() {
        let mut none = [];
        let empty = Plane { width: 1, cells: &mut none };
        seed(&mut Plane { width: 1, cells: &mut [] }, &empty, 3);
        for side in [1, 2, 3, 9] {
            let (mut gray, mut paper) = ([7; 6], [0; 6]);
            let gray = Plane { width: 2, cells: &mut gray };
            seed(&mut Plane { width: 2, cells: &mut paper }, &gray, side);
            assert_eq!(paper, [7; 6]);
        }
    }
}
