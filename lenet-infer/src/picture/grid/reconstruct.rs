//! Reconstruction: the growth of a plane below another into all that is reached without a fall.

use super::bytes::Bytes;
use super::plane::Plane;
use crate::kernel::lanes::{self, Lanes, carry_backward, carry_onward};

/// The number of pairs of sweeps: enough to follow light around the corners that it has.
const SWEEPS: usize = 2;

/// Raises the paper to the gray levels wherever they are reached from it without a fall, over neighbors that share a side.
///
/// No cell of the paper may be above its gray level.
pub(super) fn reconstruct(paper: &mut Plane<'_>, gray: &Plane<'_>) {
    let width = gray.width.max(1);
    for _ in 0..SWEEPS {
        let mut above: Option<&[u8]> = None;
        for (row, gray) in paper.rows_mut().zip(gray.cells.chunks_exact(width)) {
            raise_onward(row, above, gray);
            above = Some(row);
        }
        let mut below: Option<&[u8]> = None;
        for (row, gray) in paper.rows_mut().zip(gray.cells.chunks_exact(width)).rev() {
            raise_backward(row, below, gray);
            below = Some(row);
        }
    }
}

/// Raises each cell of a row to the largest of itself, the one above it, and the one before it as raised, at most to the gray
/// level. There is no row above the first.
fn raise_onward(row: &mut [u8], above: Option<&[u8]>, gray: &[u8]) {
    let (gray, last_gray) = gray.as_chunks::<{ lanes::COUNT }>();
    let (row, last) = row.as_chunks_mut();
    let mut before = 0;
    let mut raise = |cells: &mut Lanes, above: Lanes, gray: Lanes| {
        *cells = carry_onward(cells.most(above), gray, before);
        [.., before] = *cells;
    };
    let mut last_above: &[u8] = &[];
    if let Some(above) = above {
        let (above, rest) = above.as_chunks();
        for ((cells, above), gray) in row.iter_mut().zip(above).zip(gray) {
            raise(cells, *above, *gray);
        }
        last_above = rest;
    } else {
        for (cells, gray) in row.iter_mut().zip(gray) {
            raise(cells, [0; lanes::COUNT], *gray);
        }
    }
    for (index, (cell, gray)) in last.iter_mut().zip(last_gray).enumerate() {
        let above = last_above.get(index).copied().unwrap_or_default();
        before = before.most(above).most(*cell).least(*gray);
        *cell = before;
    }
}

/// Does the same from the last cell of a row to the first, given the row below.
fn raise_backward(row: &mut [u8], below: Option<&[u8]>, gray: &[u8]) {
    let (gray, last_gray) = gray.as_chunks::<{ lanes::COUNT }>();
    let (row, last) = row.as_chunks_mut();
    let (below, last_below) = below.map(|below| below.as_chunks()).unwrap_or_default();
    let mut after = 0;
    for (index, (cell, gray)) in last.iter_mut().zip(last_gray).enumerate().rev() {
        let below = last_below.get(index).copied().unwrap_or_default();
        after = after.most(below).most(*cell).least(*gray);
        *cell = after;
    }
    let mut raise = |cells: &mut Lanes, below: Lanes, gray: Lanes| {
        *cells = carry_backward(cells.most(below), gray, after);
        [after, ..] = *cells;
    };
    if below.is_empty() {
        for (cells, gray) in row.iter_mut().zip(gray).rev() {
            raise(cells, [0; lanes::COUNT], *gray);
        }
    } else {
        for ((cells, below), gray) in row.iter_mut().zip(below).zip(gray).rev() {
            raise(cells, *below, *gray);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;

    /// The reconstruction cell by cell.
    fn naive(paper: &mut [u8], gray: &[u8], width: usize) {
        let mut raise = |index: usize, neighbors: [Option<usize>; 2]| {
            let most = neighbors.into_iter().flatten().map(|index| paper[index]).max().unwrap_or(0);
            paper[index] = paper[index].max(most).min(gray[index]);
        };
        for _ in 0..SWEEPS {
            for index in 0..gray.len() {
                raise(index, [(index % width > 0).then(|| index - 1), index.checked_sub(width)]);
            }
            for index in (0..gray.len()).rev() {
                let below = (index + width < gray.len()).then_some(index + width);
                raise(index, [(index % width + 1 < width).then_some(index + 1), below]);
            }
        }
    }

    proptest! {
        #[test]
        fn a_plane_grows_as_it_does_cell_by_cell(
            width in 1..14_usize, height in 1..10_usize, pairs in proptest::collection::vec(any::<(u8, u8)>(), 14 * 10),
        ) {
            let mut gray = pairs.iter().map(|(a, b)| *a.max(b)).take(width * height).collect::<std::vec::Vec<u8>>();
            let mut paper = pairs.iter().map(|(a, b)| *a.min(b)).take(width * height).collect::<std::vec::Vec<u8>>();
            let mut expected = paper.clone();
            naive(&mut expected, &gray, width);
            reconstruct(&mut Plane { width, cells: &mut paper }, &Plane { width, cells: &mut gray });
            prop_assert_eq!(paper, expected);
        }
    }
}
