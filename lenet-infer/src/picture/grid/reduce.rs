//! Reduction of a picture to the work grid: each cell is the mean of the pixels that it covers, weighted by area.
//!
//! Distances are in 1/16 pixel. All cells are squares of one size, at least a pixel wide; only those at the right and the
//! lower edge may be cut. Pixels come row by row, so that a camera's frame never has to be in memory.

use crate::picture::frame::{MAX_SIDE, Rect};

/// Units of distance per pixel.
pub(in crate::picture) const UNIT: u32 = 16;

/// The side of a cell of the largest picture on the smallest grid, in 1/16 pixel.
const LARGEST_CELL: u32 = (MAX_SIDE as u32 * UNIT).div_ceil(28);

// The sum of a cell, 255 times its area at most, fits in 32 bits, and so does its product with a reciprocal.
const _: () = {
    assert!(LARGEST_CELL as u64 * LARGEST_CELL as u64 * 255 <= u32::MAX as u64);
    assert!((255 << Mean::BITS) + (1_u64 << (Mean::BITS - 1)) <= u32::MAX as u64);
};

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
    /// The means of whole cells.
    means: Means,
    /// What is left of the current row of cells, in 1/16 pixel.
    left: u32,
    /// Rows of cells that are finished.
    finished: usize,
    /// Rows of pixels so far.
    taken: u16,
}

impl Reducer {
    pub(in crate::picture) fn new(scale: Scale) -> Self {
        Self { scale, means: Means::new(scale, scale.cell), left: scale.cell, finished: 0, taken: 0 }
    }

    pub(in crate::picture) const fn is_complete(&self) -> bool {
        self.taken >= self.scale.rect.height()
    }

    /// Whether the next two rows of the rectangle lie in one row of cells, before the last row of each.
    pub(in crate::picture) const fn takes_two(&self) -> bool {
        self.left > 2 * UNIT && self.taken + 2 < self.scale.rect.height()
    }

    /// Adds the next two rows of the rectangle, where [`takes_two`](Self::takes_two): faster than one after the other.
    pub(in crate::picture) fn push_two(&mut self, upper: &[u8], lower: &[u8], sums: &mut [u32]) {
        let pixels = upper.iter().zip(lower).map(|(upper, lower)| u32::from(*upper) + u32::from(*lower));
        add_row(pixels, self.scale.cell, sums.get_mut(..self.scale.width()).unwrap_or_default());
        self.left -= 2 * UNIT;
        self.taken += 2;
    }

    /// Adds the next row of the rectangle. `sums` has one element per column and is 0 before the first row; `cells` is the
    /// grid, row by row.
    ///
    /// There are at most as many pixels as columns of the rectangle; missing ones are taken as 0.
    pub(in crate::picture) fn push(
        &mut self,
        pixels: impl Iterator<Item = u8>,
        sums: &mut [u32],
        cells: &mut [u8],
    ) {
        if self.is_complete() {
            return;
        }
        self.taken += 1;
        let (cell, width, is_last) = (self.scale.cell, self.scale.width(), self.is_complete());
        let sums = sums.get_mut(..width).unwrap_or_default();
        if self.left > UNIT && !is_last {
            self.left -= UNIT;
            add_row(pixels.map(u32::from), cell, sums);
            return;
        }
        // The row of pixels is the last of a row of cells, and its lower part may be the first of the next.
        let mut rows = cells.chunks_exact_mut(width.max(1)).skip(self.finished);
        let within = self.left.min(UNIT);
        let (height, beyond) = (cell - self.left + within, UNIT - within);
        let means = if height == cell { self.means } else { Means::new(self.scale, height) };
        finish_row(
            pixels.map(u32::from),
            cell,
            [within, beyond],
            sums,
            rows.next().unwrap_or_default(),
            means,
        );
        self.finished += 1;
        self.left = cell - beyond;
        if is_last && beyond > 0 && self.finished < self.scale.height() {
            let means = Means::new(self.scale, beyond);
            finish_row(
                <[u8]>::iter(&[]).copied().map(u32::from),
                cell,
                [0, 0],
                sums,
                rows.next().unwrap_or_default(),
                means,
            );
        }
    }
}

/// Adds a row of pixels, or the sums of two, that lies in one row of cells to their sums.
// Never inlined, so that the loop keeps its variables in registers.
#[inline(never)]
fn add_row(pixels: impl Iterator<Item = u32>, cell: u32, sums: &mut [u32]) {
    for_each_cell(pixels, cell, sums.iter_mut(), |total, sum| *total += sum * UNIT);
}

/// Adds the upper part of a row of pixels to the sums of its cells, writes their means, and starts the next sums with the
/// lower part. `parts` are the heights of both.
#[inline(never)]
fn finish_row(
    pixels: impl Iterator<Item = u32>,
    cell: u32,
    parts: [u32; 2],
    sums: &mut [u32],
    row: &mut [u8],
    means: Means,
) {
    let [within, beyond] = parts;
    let mut final_sum = 0;
    for_each_cell(pixels, cell, sums.iter_mut().zip(row.iter_mut()), |(total, level), sum| {
        final_sum = *total + sum * within;
        *level = means.whole.of(final_sum);
        *total = sum * beyond;
    });
    if let Some(level) = row.last_mut() {
        *level = means.cut.of(final_sum);
    }
}

/// Calls `visit` with each cell and the sum of its pixels, each with the width that is in the cell.
#[inline(always)]
fn for_each_cell<T>(
    mut pixels: impl Iterator<Item = u32>,
    cell: u32,
    mut cells: impl Iterator<Item = T>,
    mut visit: impl FnMut(T, u32),
) {
    // What is left of the cell, and the part of the last pixel of the cell before that lies in it.
    let (mut left, mut first) = (cell, 0);
    'cells: for target in cells.by_ref() {
        let mut whole = 0;
        let last = loop {
            let Some(pixel) = pixels.next() else {
                visit(target, first + whole * UNIT);
                break 'cells;
            };
            if left <= UNIT {
                break pixel;
            }
            whole += pixel;
            left -= UNIT;
        };
        visit(target, first + whole * UNIT + last * left);
        first = last * (UNIT - left);
        left += cell - UNIT;
    }
    cells.for_each(|target| visit(target, 0));
}

/// The means of a row of cells of one height.
#[derive(Clone, Copy, Debug)]
struct Means {
    whole: Mean,
    /// Of the last cell, which may be cut.
    cut: Mean,
}

impl Means {
    fn new(scale: Scale, height: u32) -> Self {
        let width = (scale.width() as u32).saturating_sub(1) * scale.cell;
        let rest = (u32::from(scale.rect.width()) * UNIT).saturating_sub(width);
        Self { whole: Mean::new(scale.cell * height), cut: Mean::new(rest * height) }
    }
}

/// Division of a sum of gray levels by an area, without a division.
///
/// The sum is shifted to 16 bits and multiplied by a reciprocal of 16 bits, so that the product fits in 32 bits. The mean
/// is off by less than 1/50 gray level before it is rounded.
#[derive(Clone, Copy, Debug)]
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

    /// The mean of a sum over the area, which is at most 255.
    fn of(self, sum: u32) -> u8 {
        ((((sum >> self.shift) * self.reciprocal) + (1 << (Self::BITS - 1))) >> Self::BITS) as u8
    }
}

#[cfg(test)]
mod tests;
