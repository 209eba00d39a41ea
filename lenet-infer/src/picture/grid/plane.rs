//! A plane of bytes on the work grid, one per cell.

use core::cell::Cell;
use core::slice::ChunksExactMut;

/// Cells row by row, without gaps. `width` is 1 or more, and `cells` is whole rows.
#[derive(Debug)]
pub(in crate::picture) struct Plane<'a> {
    pub(in crate::picture) width: usize,
    pub(in crate::picture) cells: &'a mut [u8],
}

impl Plane<'_> {
    /// The rows from the top, to change them.
    pub(in crate::picture) fn rows_mut(&mut self) -> ChunksExactMut<'_, u8> {
        self.cells.chunks_exact_mut(self.width.max(1))
    }

    /// Takes the cells of a plane of the same size.
    pub(in crate::picture) fn copy(&mut self, from: &Plane<'_>) {
        let (cells, last) = self.cells.as_chunks_mut::<4>();
        let (from, last_from) = from.cells.as_chunks();
        for (cells, from) in cells.iter_mut().zip(from) {
            *cells = *from;
        }
        for (cell, from) in last.iter_mut().zip(last_from) {
            *cell = *from;
        }
    }

    /// The cells, to change one while others are read.
    pub(in crate::picture) fn shared(&mut self) -> &[Cell<u8>] {
        Cell::from_mut(&mut *self.cells).as_slice_of_cells()
    }

    /// The cell at column `x` of row `y`; 0 below the last row.
    pub(in crate::picture) fn at(&self, x: usize, y: usize) -> u8 {
        self.cells.get(y * self.width + x).copied().unwrap_or_default()
    }
}
