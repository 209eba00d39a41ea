//! The extremes of the cells in a square window that slides over a plane.

use super::bytes::{Combine, combine_backward, combine_onward};
use super::plane::Plane;

/// Which way the window lies from a cell: both start at the cell itself.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// To the right and below.
    Onward,
    /// To the left and above.
    Backward,
}

/// Replaces each cell by the extreme in a square window of it, of `side` cells or up to the edge. One pass per
/// doubling of the window, in place.
pub(super) fn slide(plane: &mut Plane<'_>, side: usize, order: Order, extreme: impl Combine) {
    let (width, all) = (plane.width, plane.cells.len());
    for step in steps(side) {
        combine(plane.cells, width, step, order, extreme);
    }
    for step in steps(side) {
        combine(plane.cells, all, step * width, order, extreme);
    }
}

/// Combines each cell with the one `step` cells away, in each line of `length` cells.
// Never inlined, since rows and columns share it.
#[inline(never)]
fn combine(cells: &mut [u8], length: usize, step: usize, order: Order, extreme: impl Combine) {
    let lines = cells.chunks_exact_mut(length.max(1));
    match order {
        Order::Onward => lines.for_each(|line| combine_onward(line, step, extreme)),
        Order::Backward => lines.for_each(|line| combine_backward(line, step, extreme)),
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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::super::bytes::{Least, Most};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_window_slides_over_as_many_cells_as_it_has() {
        for side in 1..12 {
            let mut cells = [0; 16];
            cells[15] = 9;
            slide(&mut Plane { width: 16, cells: &mut cells }, side, Order::Onward, Most);
            assert_eq!(cells.iter().filter(|cell| **cell == 9).count(), side);
            let mut cells = [0; 16];
            cells[0] = 9;
            slide(&mut Plane { width: 16, cells: &mut cells }, side, Order::Backward, Most);
            assert_eq!(cells.iter().filter(|cell| **cell == 9).count(), side);
        }
    }

    proptest! {
        #[test]
        fn each_cell_becomes_the_extreme_of_its_window(
            width in 1..14_usize, height in 1..10_usize, side in 1..16_usize,
            levels in proptest::collection::vec(any::<u8>(), 14 * 10),
        ) {
            let levels = &levels[..width * height];
            let (mut least, mut most) = (levels.to_vec(), levels.to_vec());
            slide(&mut Plane { width, cells: &mut least }, side, Order::Onward, Least);
            slide(&mut Plane { width, cells: &mut most }, side, Order::Backward, Most);
            for (index, (least, most)) in least.iter().zip(&most).enumerate() {
                let (x, y) = (index % width, index / width);
                let after = (y..(y + side).min(height))
                    .flat_map(|y| levels[y * width..][x..(x + side).min(width)].iter());
                let before = ((y + 1).saturating_sub(side)..=y)
                    .flat_map(|y| levels[y * width..][(x + 1).saturating_sub(side)..=x].iter());
                prop_assert_eq!((Some(least), Some(most)), (after.min(), before.max()));
            }
        }
    }
}
