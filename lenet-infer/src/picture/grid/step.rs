//! What an observer sees of the preparation.

use super::plane::Plane;

/// The picture after a step, on the work grid.
///
/// A frame with a small digit is surveyed twice: the steps come again, for the part of the frame around the digit. The last two
/// come again where all that they show lies along the edge of the picture, without that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step<'a> {
    /// Reduced to the work grid: gray levels.
    Reduced(View<'a>),
    /// Uneven light removed: levels of ink, 0 for paper.
    Ink(View<'a>),
    /// Smoothed by the binomial Gaussian.
    Smoothed(View<'a>),
    /// The labels of connected components: 0 for paper; with bit 7 set, beside a component.
    Parts(View<'a>),
}

/// A plane of bytes on the work grid, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct View<'a> {
    /// The number of columns, 1 or more.
    pub width: usize,
    /// One byte per cell; whole rows.
    pub cells: &'a [u8],
}

impl<'a> View<'a> {
    pub(in crate::picture) const fn new(width: usize, cells: &'a [u8]) -> Self {
        Self { width, cells }
    }

    pub(in crate::picture) fn of(plane: &'a Plane<'_>) -> Self {
        Self { width: plane.width, cells: plane.cells }
    }
}
