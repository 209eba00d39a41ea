//! Steps that take a byte of each of two runs of cells, several at a time where the core can.

use crate::kernel::lanes::{self, Lanes};
use core::cell::Cell;

/// A byte, or several side by side, to which the same is done.
pub(super) trait Bytes: Copy {
    /// The smaller of each two bytes.
    fn least(self, other: Self) -> Self;
    /// The larger of each two bytes.
    fn most(self, other: Self) -> Self;
    /// The difference of each two bytes, 0 where it would be negative.
    fn minus(self, other: Self) -> Self;
    /// The sum of each two bytes, 255 where it would be more.
    fn plus(self, other: Self) -> Self;
}

impl Bytes for u8 {
    fn least(self, other: Self) -> Self {
        self.min(other)
    }

    fn most(self, other: Self) -> Self {
        self.max(other)
    }

    fn minus(self, other: Self) -> Self {
        self.saturating_sub(other)
    }

    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl Bytes for Lanes {
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        lanes::min(self, other)
    }

    #[inline(always)]
    fn most(self, other: Self) -> Self {
        lanes::max(self, other)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        lanes::saturating_sub(self, other)
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        lanes::saturating_add(self, other)
    }
}

/// What is done to each two bytes.
pub(super) trait Combine: Copy {
    /// Combines each two bytes.
    fn apply<B: Bytes>(self, here: B, there: B) -> B;
}

/// Takes the smaller of two bytes.
#[derive(Clone, Copy)]
pub(super) struct Least;

impl Combine for Least {
    #[inline(always)]
    fn apply<B: Bytes>(self, here: B, there: B) -> B {
        here.least(there)
    }
}

/// Takes the larger of two bytes.
#[derive(Clone, Copy)]
pub(super) struct Most;

impl Combine for Most {
    #[inline(always)]
    fn apply<B: Bytes>(self, here: B, there: B) -> B {
        here.most(there)
    }
}

/// Subtracts the other byte, down to 0.
#[derive(Clone, Copy)]
pub(super) struct Minus;

impl Combine for Minus {
    #[inline(always)]
    fn apply<B: Bytes>(self, here: B, there: B) -> B {
        here.minus(there)
    }
}

/// Subtracts from the other byte, down to 0.
#[derive(Clone, Copy)]
pub(super) struct MinusFrom;

impl Combine for MinusFrom {
    #[inline(always)]
    fn apply<B: Bytes>(self, here: B, there: B) -> B {
        there.minus(here)
    }
}

/// Adds the other byte, up to 255.
#[derive(Clone, Copy)]
pub(super) struct Plus;

impl Combine for Plus {
    #[inline(always)]
    fn apply<B: Bytes>(self, here: B, there: B) -> B {
        here.plus(there)
    }
}

/// Replaces each level by its distance from 255.
pub(super) fn invert(cells: &mut [u8]) {
    let (cells, last) = cells.as_chunks_mut::<{ lanes::COUNT }>();
    for cell in cells {
        *cell = [255; lanes::COUNT].minus(*cell);
    }
    for cell in last {
        *cell = 255 - *cell;
    }
}

/// Combines each cell with that of another run of the same length.
pub(super) fn combine(cells: &mut [u8], others: &[u8], how: impl Combine) {
    let (cells, last) = cells.as_chunks_mut::<{ lanes::COUNT }>();
    let (others, other_last) = others.as_chunks::<{ lanes::COUNT }>();
    for (cell, other) in cells.iter_mut().zip(others) {
        *cell = how.apply(*cell, *other);
    }
    for (cell, other) in last.iter_mut().zip(other_last) {
        *cell = how.apply(*cell, *other);
    }
}

/// Combines each cell with the one `step` cells after it, as that was before. The last `step` cells stay as they are.
pub(super) fn combine_onward(cells: &mut [u8], step: usize, how: impl Combine) {
    let cells = Cell::from_mut(cells).as_slice_of_cells();
    let there = cells.get(step..).unwrap_or_default();
    let here = cells.get(..there.len()).unwrap_or_default();
    let (here, last_here) = here.as_chunks();
    let (there, last_there) = there.as_chunks();
    for (here, there) in here.iter().zip(there) {
        set(here, how.apply(get(here), get(there)));
    }
    for (here, there) in last_here.iter().zip(last_there) {
        here.set(how.apply(here.get(), there.get()));
    }
}

/// Combines each cell with the one `step` cells before it, as that was before. The first `step` cells stay as they are.
pub(super) fn combine_backward(cells: &mut [u8], step: usize, how: impl Combine) {
    let cells = Cell::from_mut(cells).as_slice_of_cells();
    let here = cells.get(step..).unwrap_or_default();
    let there = cells.get(..here.len()).unwrap_or_default();
    let (first_here, here) = here.as_rchunks();
    let (first_there, there) = there.as_rchunks();
    for (here, there) in here.iter().zip(there).rev() {
        set(here, how.apply(get(here), get(there)));
    }
    for (here, there) in first_here.iter().zip(first_there).rev() {
        here.set(how.apply(here.get(), there.get()));
    }
}

#[inline(always)]
fn get(cells: &[Cell<u8>; lanes::COUNT]) -> Lanes {
    cells.each_ref().map(Cell::get)
}

#[inline(always)]
fn set(cells: &[Cell<u8>; lanes::COUNT], levels: Lanes) {
    // A byte that stays as it is need not be written; of several, most often one changes.
    if lanes::COUNT > 1 || get(cells) != levels {
        for (cell, level) in cells.iter().zip(levels) {
            cell.set(level);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn each_cell_is_combined_with_the_one_that_many_steps_away(
            cells in proptest::collection::vec(any::<u8>(), 0..40), step in 1..12_usize,
        ) {
            let mut onward = cells.clone();
            combine_onward(&mut onward, step, Least);
            let mut backward = cells.clone();
            combine_backward(&mut backward, step, Most);
            for (index, cell) in cells.iter().enumerate() {
                let after = cells.get(index + step).unwrap_or(cell);
                let before = index.checked_sub(step).map_or(cell, |index| &cells[index]);
                prop_assert_eq!(onward[index], *cell.min(after));
                prop_assert_eq!(backward[index], *cell.max(before));
            }
        }

        #[test]
        fn cells_of_two_runs_are_combined_one_by_one(pairs in proptest::collection::vec(any::<(u8, u8)>(), 0..40)) {
            let (cells, others): (Vec<u8>, Vec<u8>) = pairs.iter().copied().unzip();
            let combined = |how: fn(&mut [u8], &[u8])| {
                let mut cells = cells.clone();
                how(&mut cells, &others);
                cells
            };
            let expected = |how: fn(u8, u8) -> u8| pairs.iter().map(|(a, b)| how(*a, *b)).collect::<Vec<_>>();
            prop_assert_eq!(combined(|cells, others| combine(cells, others, Least)), expected(u8::min));
            prop_assert_eq!(combined(|cells, others| combine(cells, others, Most)), expected(u8::max));
            prop_assert_eq!(combined(|cells, others| combine(cells, others, Minus)), expected(u8::saturating_sub));
            prop_assert_eq!(combined(|cells, others| combine(cells, others, MinusFrom)), expected(|a, b| b.saturating_sub(a)));
            prop_assert_eq!(combined(|cells, others| combine(cells, others, Plus)), expected(u8::saturating_add));
            prop_assert_eq!(combined(|cells, _| invert(cells)), expected(|a, _| 255 - a));
        }
    }
}
