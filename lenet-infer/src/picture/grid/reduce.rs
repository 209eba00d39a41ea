//! Reduction of a picture to the work grid: each cell is the mean of the pixels that it covers, weighted by area.
//!
//! Distances are in 1/16 pixel. All cells are squares of one size, at least a pixel wide; only those at the right and the
//! lower edge may be cut. Pixels come row by row, so that a camera's frame never has to be in memory.

use crate::picture::frame::Rect;

/// Units of distance per pixel.
pub(in crate::picture) const UNIT: u32 = 16;

/// How a rectangle of a picture lies on the work grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::picture) struct Scale {
    /// The part of the picture that is reduced.
    pub(in crate::picture) rect: Rect,
    /// The side of a cell, in 1/16 pixel; 16 or more.
    cell: u32,
}

impl Scale {
    /// Of no picture.
    pub(in crate::picture) const EMPTY: Self =
        Self { rect: Rect { left: 0, top: 0, right: 0, bottom: 0 }, cell: 0 };

    /// The smallest cells with which `rect` fits on a grid of `side` cells.
    pub(in crate::picture) fn new(rect: Rect, side: usize) -> Self {
        let longer = u32::from(rect.longer_side()) * UNIT;
        Self { rect, cell: longer.div_ceil((side as u32).max(1)).max(UNIT) }
    }

    /// The number of columns of the grid.
    pub(in crate::picture) fn width(self) -> usize {
        self.cells(self.rect.width())
    }

    /// The number of rows of the grid.
    pub(in crate::picture) fn height(self) -> usize {
        self.cells(self.rect.height())
    }

    fn cells(self, pixels: u16) -> usize {
        (u32::from(pixels) * UNIT).div_ceil(self.cell.max(1)) as usize
    }

    /// The pixels of the picture that a rectangle of cells touches.
    pub(in crate::picture) fn to_picture(self, cells: Rect) -> Rect {
        let first = |cell: u16| u32::from(cell) * self.cell / UNIT;
        let end = |cell: u16| (u32::from(cell) * self.cell).div_ceil(UNIT);
        let Rect { left, top, right, bottom } = self.rect;
        Rect {
            left: left.saturating_add(first(cells.left) as u16),
            top: top.saturating_add(first(cells.top) as u16),
            right: right.min(left.saturating_add(end(cells.right) as u16)),
            bottom: bottom.min(top.saturating_add(end(cells.bottom) as u16)),
        }
    }

    /// The cells that a rectangle of the picture touches, not limited to the grid.
    pub(in crate::picture) fn to_cells(self, pixels: Rect) -> Rect {
        let cell = self.cell.max(1);
        let first = |pixel: u16, origin: u16| (u32::from(pixel.saturating_sub(origin)) * UNIT / cell) as u16;
        let end =
            |pixel: u16, origin: u16| (u32::from(pixel.saturating_sub(origin)) * UNIT).div_ceil(cell) as u16;
        Rect {
            left: first(pixels.left, self.rect.left),
            top: first(pixels.top, self.rect.top),
            right: end(pixels.right, self.rect.left),
            bottom: end(pixels.bottom, self.rect.top),
        }
    }

    /// Whether the cells of another scale have so different a size that it shows the picture in another way.
    pub(in crate::picture) const fn differs(self, other: Self) -> bool {
        3 * self.cell < 2 * other.cell || 3 * other.cell < 2 * self.cell
    }
}

/// The state between two rows of the picture.
#[derive(Clone, Copy, Debug)]
pub(in crate::picture) struct Reducer {
    scale: Scale,
    /// What is left of the current row of cells, in 1/16 pixel.
    left: u32,
    /// Rows of cells that are finished.
    finished: usize,
    /// Rows of pixels so far.
    taken: u16,
}

impl Reducer {
    pub(in crate::picture) fn new(scale: Scale) -> Self {
        Self { scale, left: scale.cell, finished: 0, taken: 0 }
    }

    pub(in crate::picture) const fn is_complete(&self) -> bool {
        self.taken >= self.scale.rect.height()
    }

    /// Adds the next row of the rectangle. `sums` has one element per column and is 0 before the first row; `cells` is the
    /// grid, row by row.
    pub(in crate::picture) fn push(
        &mut self,
        pixels: impl Iterator<Item = u8> + Clone,
        sums: &mut [u32],
        cells: &mut [u8],
    ) {
        if self.is_complete() {
            return;
        }
        self.taken += 1;
        let within = self.left.min(UNIT);
        add_row(pixels.clone(), self.scale.cell, within, sums);
        self.left -= within;
        let last = self.taken == self.scale.rect.height();
        if self.left == 0 || last {
            self.finish_row(sums, cells);
            let beyond = UNIT - within;
            if beyond > 0 && !(last && self.finished >= self.scale.height()) {
                add_row(pixels, self.scale.cell, beyond, sums);
                self.left -= beyond;
                if last {
                    self.finish_row(sums, cells);
                }
            }
        }
    }

    /// Writes the means of a row of cells, and starts the next.
    fn finish_row(&mut self, sums: &mut [u32], cells: &mut [u8]) {
        let cell = self.scale.cell;
        let (height, width) = (cell - self.left, self.scale.width());
        let rest = u32::from(self.scale.rect.width()) * UNIT - (width as u32 - 1) * cell;
        let (whole, cut) = (Mean::new(cell * height), Mean::new(rest * height));
        let row = cells.chunks_exact_mut(width.max(1)).nth(self.finished).unwrap_or_default();
        let sums = sums.get_mut(..width).unwrap_or_default();
        if let (Some((last, row)), Some((last_sum, sums))) = (row.split_last_mut(), sums.split_last_mut()) {
            for (cell, sum) in row.iter_mut().zip(sums) {
                *cell = whole.of(*sum);
                *sum = 0;
            }
            *last = cut.of(*last_sum);
            *last_sum = 0;
        }
        self.finished += 1;
        self.left = cell;
    }
}

/// Adds a row of pixels to the sums of its cells, each pixel with the weight `height` per unit of width.
fn add_row(pixels: impl Iterator<Item = u8>, cell: u32, height: u32, sums: &mut [u32]) {
    let mut sums = sums.iter_mut();
    let (mut left, mut sum) = (cell, 0);
    for pixel in pixels {
        let gray = u32::from(pixel);
        if left > UNIT {
            sum += gray * UNIT;
            left -= UNIT;
        } else {
            sum += gray * left;
            if let Some(total) = sums.next() {
                *total += sum * height;
            }
            sum = gray * (UNIT - left);
            left += cell - UNIT;
        }
    }
    if left < cell
        && let Some(total) = sums.next()
    {
        *total += sum * height;
    }
}

/// Division of a sum of gray levels by an area, without a division.
///
/// The sum is shifted to 16 bits and multiplied by a reciprocal of 16 bits, so that the product fits in 32 bits. The mean
/// is off by less than 1/50 gray level before it is rounded.
#[derive(Clone, Copy)]
struct Mean {
    shift: u32,
    reciprocal: u32,
}

impl Mean {
    const BITS: u32 = 23;

    fn new(area: u32) -> Self {
        let largest = (area * 255).max(1);
        let shift = (u32::BITS - largest.leading_zeros()).saturating_sub(16);
        Self { shift, reciprocal: (255 << Self::BITS) / (largest >> shift).max(1) }
    }

    fn of(self, sum: u32) -> u8 {
        ((((sum >> self.shift) * self.reciprocal) + (1 << (Self::BITS - 1))) >> Self::BITS).min(255) as u8
    }
}

#[cfg(test)]
mod tests;
