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
    let Some(reach) = side.min(count).checked_sub(1) else { return };
    let level = |place: usize| gray.get(index(place)).copied().unwrap_or_default();
    // The level that the window leaves behind, and the least level that it had.
    let mut before: Option<(u8, u8)> = None;
    for first in 0..count - reach {
        let last = first + reach;
        let least = match before {
            // The least one is still in the window.
            Some((left, least)) if left > least => least.min(level(last)),
            _ => (first..=last).map(level).min().unwrap_or_default(),
        };
        // Where the least level has not risen, the window before has raised all cells but the last.
        let is_raised = before.is_some_and(|(_, higher)| least <= higher);
        for place in if is_raised { last } else { first }..=last {
            if let Some(cell) = paper.get(index(place)) {
                cell.set(cell.get().max(least));
            }
        }
        before = Some((level(first), least));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_line_is_raised_to_the_most_of_the_least_levels_of_its_windows(
            cells in proptest::collection::vec((0..20_u8, 0..20_u8), 1..40),
            side in 1..12_usize,
        ) {
            let (mut paper, gray): (std::vec::Vec<u8>, std::vec::Vec<u8>) = cells.into_iter().unzip();
            let mut expected = paper.clone();
            let side_within = side.min(gray.len());
            for first in 0..=gray.len() - side_within {
                let window = first..first + side_within;
                let least = gray[window.clone()].iter().min().copied().unwrap_or_default();
                expected[window].iter_mut().for_each(|cell| *cell = least.max(*cell));
            }
            let count = gray.len();
            open_line(Cell::from_mut(&mut paper[..]).as_slice_of_cells(), &gray, |place| place, count, side);
            prop_assert_eq!(paper, expected);
        }
    }
}
