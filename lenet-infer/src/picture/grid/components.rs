//! Connected components of ink: the parts of a picture that do not touch each other.
//!
//! Two passes over the cells with a table of equivalent labels (Rosenfeld and Pfaltz, 1966), with hysteresis: a component
//! reaches as far as weak ink does, but needs strong ink somewhere (Canny, 1986).

mod equivalences;

use super::plane::Plane;
use crate::picture::frame::Rect;
use core::cell::Cell;
use equivalences::Equivalences;
pub(in crate::picture) use equivalences::TooMany;

/// The most parts that are told apart. Of more, the smallest are taken for specks.
pub(in crate::picture) const MAX_PARTS: usize = 32;

/// The label of paper.
const PAPER: u8 = 0;

/// A component: its bounding box in cells, ends included, and the number of its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::picture) struct Part {
    left: u8,
    top: u8,
    right: u8,
    bottom: u8,
    pub(in crate::picture) area: u16,
    /// The number of its cells at the edge of the picture.
    contact: u16,
}

impl Part {
    /// Without cells.
    const NONE: Self = Self { left: 0, top: 0, right: 0, bottom: 0, area: 0, contact: 0 };

    /// Adds the cells from `left` to `right` of row `y`, of which `contact` lie at the edge of the picture. Rows come from the
    /// top.
    fn add(&mut self, left: u8, right: u8, y: u8, contact: u16) {
        if self.area == 0 {
            (self.left, self.top) = (left, y);
        }
        self.left = self.left.min(left);
        self.right = self.right.max(right);
        self.bottom = y;
        self.area += u16::from(right - left) + 1;
        self.contact += contact;
    }

    /// Whether the part lies along the edge of the picture, as a shadow or a table does.
    pub(in crate::picture) fn hugs_edge(&self) -> bool {
        3 * self.contact > self.rect().longer_side()
    }

    /// The cells of the bounding box.
    pub(in crate::picture) fn rect(&self) -> Rect {
        Rect {
            left: self.left.into(),
            top: self.top.into(),
            right: u16::from(self.right) + 1,
            bottom: u16::from(self.bottom) + 1,
        }
    }
}

/// The number of cells in a word.
const WORD: usize = 4;

/// The bit of a label for a cell beside a part, which may hold the faint edge of its ink.
const BESIDE: u8 = 0x80;

/// Whether a label is that of no part, nor beside one.
pub(in crate::picture) const fn is_paper(label: u8) -> bool {
    label == PAPER
}

/// Whether a label is that of a part, and not beside it.
pub(in crate::picture) const fn is_part(label: u8) -> bool {
    label != PAPER && label < BESIDE
}

/// The part of a label, marked or not; `None` for paper.
pub(in crate::picture) fn unmarked(label: u8) -> Option<u32> {
    u32::from(label & !BESIDE).checked_sub(1)
}

/// The parts of a picture. The cells of part `n` have the label `n + 1`.
#[derive(Clone, Debug)]
pub(in crate::picture) struct Parts {
    parts: [Part; MAX_PARTS],
    count: u8,
}

impl Parts {
    pub(in crate::picture) const NONE: Self = Self { parts: [Part::NONE; MAX_PARTS], count: 0 };

    /// The parts, in the order of their labels.
    pub(in crate::picture) fn as_slice(&self) -> &[Part] {
        self.parts.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// Finds the components of the cells of `weak` or more ink that hold a cell of `strong` or more, and `least` cells at
    /// least. `plane` holds levels of ink before, and labels after; [`PAPER`] is the label of what is in no part.
    ///
    /// # Errors
    ///
    /// Returns [`TooMany`] if there are too many components. Then there are no parts.
    // Never inlined, so that the table of labels takes no stack while lines are erased.
    #[inline(never)]
    pub(in crate::picture) fn find(
        &mut self,
        plane: &mut Plane<'_>,
        weak: u8,
        strong: u8,
        least: u8,
    ) -> Result<(), TooMany> {
        self.clear();
        let mut labels = Equivalences::new();
        let width = plane.width;
        let cells = plane.shared();
        let mut above: &[Cell<u8>] = &[];
        for row in cells.chunks_exact(width.max(1)) {
            label_row(row, above, weak, strong, &mut labels)?;
            above = row;
        }
        self.count = labels.number(least)?;
        let height = plane.cells.len() / width.max(1);
        for (y, row) in plane.rows_mut().enumerate() {
            self.add_row(row, y as u8, y == 0 || y + 1 == height, &labels);
        }
        Ok(())
    }

    /// Gives each cell of paper beside a part the part's label, marked. Of several parts beside it, the first in reading order.
    pub(in crate::picture) fn widen(&self, labels: &mut Plane<'_>) {
        if let Some(all) = self.as_slice().iter().map(Part::rect).reduce(Rect::union) {
            widen(labels, all);
        }
    }

    /// Forgets all parts.
    pub(in crate::picture) fn clear(&mut self) {
        self.parts.fill(Part::NONE);
        self.count = 0;
    }

    /// Replaces the labels of the first pass in row `y` by those of the parts, and adds the cells to the parts.
    fn add_row(&mut self, row: &mut [u8], y: u8, is_at_edge: bool, labels: &Equivalences) {
        let (mut rest, mut start) = (&mut *row, 0);
        // A run of cells side by side is of one component.
        while let Some(paper) = rest.iter().position(|label| *label != PAPER) {
            let (_, inked) = rest.split_at_mut(paper);
            let length = inked.iter().position(|label| *label == PAPER).unwrap_or(inked.len());
            let (run, after) = inked.split_at_mut(length);
            let label = run.first().map_or(PAPER, |label| labels.parent(*label));
            run.fill(label);
            let left = start + paper;
            start = left + length;
            rest = after;
            if let Some(part) = self.parts.get_mut(usize::from(label).wrapping_sub(1)) {
                let ends = u16::from(left == 0) + u16::from(rest.is_empty());
                let contact = if is_at_edge { length as u16 } else { ends.min(length as u16) };
                part.add(left as u8, (start - 1) as u8, y, contact);
            }
        }
    }
}

/// Marks the paper beside parts, which all lie in `within`.
// Never inlined, so that its variables take no stack while lines are erased.
#[inline(never)]
fn widen(labels: &mut Plane<'_>, within: Rect) {
    let width = labels.width.max(1);
    let height = labels.cells.len() / width;
    let extent = Rect { left: 0, top: 0, right: width as u16, bottom: height as u16 };
    let Rect { left, top, right, bottom } = within.widened(1, extent);
    let columns = usize::from(left)..usize::from(right);
    let rows = labels.shared().chunks_exact(width).take(bottom.into()).skip(top.into());
    let mut rows = rows.map(|row| row.get(columns.clone()).unwrap_or_default()).peekable();
    let mut above: Option<&[Cell<u8>]> = None;
    while let Some(row) = rows.next() {
        // Where there is no row, the row itself brings no other neighbors.
        widen_row(above.unwrap_or(row), row, rows.peek().copied().unwrap_or(row));
        above = Some(row);
    }
}

/// Marks the paper of a row, given the rows above and below.
// Never inlined, so that the loop keeps its variables in registers.
#[inline(never)]
fn widen_row(above: &[Cell<u8>], row: &[Cell<u8>], below: &[Cell<u8>]) {
    // Of each column: its middle cell, and its labels from the top, a byte each.
    let mut columns = above.iter().zip(row).zip(below).map(|((above, here), below)| {
        (here, u32::from_le_bytes([above.get(), here.get(), below.get(), PAPER]))
    });
    let (mut left, mut next) = (0, columns.next());
    while let Some((cell, here)) = next {
        next = columns.next();
        let right = next.map_or(0, |(_, labels)| labels);
        if is_paper(cell.get()) && left | here | right != 0 {
            let [left, here, right] = [left, here, right].map(u32::to_le_bytes);
            let in_order = (0..3).flat_map(|y| [left, here, right].map(|column| column[y]));
            if let Some(label) = in_order.into_iter().find(|label| is_part(*label)) {
                cell.set(label | BESIDE);
            }
        }
        left = here;
    }
}

/// Turns the ink of a row into labels, given those of the row above, which has no cells above the first row.
// Never inlined, so that the loop keeps its variables in registers.
#[inline(never)]
fn label_row(
    row: &[Cell<u8>],
    above: &[Cell<u8>],
    weak: u8,
    strong: u8,
    labels: &mut Equivalences,
) -> Result<(), TooMany> {
    let above = |x: usize| above.get(x).map_or(PAPER, Cell::get);
    let mut before = PAPER;
    for (cells, start) in row.chunks(WORD).zip((0_usize..).step_by(WORD)) {
        // Few cells are ink.
        if let Some(cells) = cells.first_chunk::<WORD>()
            && cells.iter().all(|cell| cell.get() < weak)
        {
            cells.iter().for_each(|cell| cell.set(PAPER));
            before = PAPER;
            continue;
        }
        let (mut above_left, mut above_here) = (above(start.wrapping_sub(1)), above(start));
        for (x, cell) in (start..).zip(cells) {
            let above_right = above(x + 1);
            let ink = cell.get();
            let mut label = PAPER;
            if ink >= weak {
                // Neighbors that touch each other have been joined already, so at most two labels meet in a cell.
                let first = if before == PAPER { above_left } else { before };
                label = match (above_here, first, above_right) {
                    (PAPER, PAPER, PAPER) => labels.create()?,
                    (PAPER, label, PAPER) | (PAPER, PAPER, label) | (label, _, _) if label != PAPER => label,
                    (_, first, right) => labels.join(first, right),
                };
                labels.count(label, ink >= strong);
            }
            cell.set(label);
            (before, above_left, above_here) = (label, above_here, above_right);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
