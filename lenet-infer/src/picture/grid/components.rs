//! Connected components of ink: the parts of a picture that do not touch each other.
//!
//! Two passes over the cells with a table of equivalent labels (Rosenfeld and Pfaltz, 1966), with hysteresis: a component
//! reaches as far as weak ink does, but needs strong ink somewhere (Canny, 1986).

use super::plane::Plane;
use crate::picture::frame::Rect;
use core::cell::Cell;

/// The most parts that are told apart. Of more, the smallest are taken for specks.
pub(in crate::picture) const MAX_PARTS: usize = 32;

/// The labels of the first pass. Clean ink has a few dozen, noise has any number.
const LABELS: usize = 255;
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

    fn add(&mut self, x: u8, y: u8, at_edge: bool) {
        self.contact += u16::from(at_edge);
        if self.area == 0 {
            (self.left, self.top) = (x, y);
        }
        self.left = self.left.min(x);
        self.top = self.top.min(y);
        self.right = self.right.max(x);
        self.bottom = self.bottom.max(y);
        self.area = self.area.saturating_add(1);
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

/// Gives each cell of paper beside a part the part's label, marked.
pub(in crate::picture) fn widen(labels: &mut Plane<'_>) {
    let width = labels.width.max(1);
    let cells = labels.shared();
    let mark = |cells: &[Cell<u8>], x: usize, label: u8| {
        for cell in cells.get(x.saturating_sub(1)..(x + 2).min(cells.len())).unwrap_or_default() {
            if is_paper(cell.get()) {
                cell.set(label | BESIDE);
            }
        }
    };
    let mut above: &[Cell<u8>] = &[];
    let mut rows = cells.chunks_exact(width).peekable();
    while let Some(row) = rows.next() {
        for (x, cell) in row.iter().enumerate() {
            let label = cell.get();
            if is_part(label) {
                mark(above, x, label);
                mark(row, x, label);
                mark(rows.peek().copied().unwrap_or_default(), x, label);
            }
        }
        above = row;
    }
}

/// There are too many components to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::picture) struct TooMany;

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
    pub(in crate::picture) fn find(
        plane: &mut Plane<'_>,
        weak: u8,
        strong: u8,
        least: u8,
    ) -> Result<Self, TooMany> {
        let mut labels = Equivalences::new();
        let width = plane.width;
        let cells = plane.shared();
        let mut above: &[Cell<u8>] = &[];
        for row in cells.chunks_exact(width.max(1)) {
            label_row(row, above, weak, strong, &mut labels)?;
            above = row;
        }
        let count = labels.number(least)?;
        let mut found = Self { parts: [Part::NONE; MAX_PARTS], count };
        let height = plane.cells.len() / width.max(1);
        for (y, row) in plane.rows_mut().enumerate() {
            for (x, cell) in row.iter_mut().enumerate() {
                if *cell == PAPER {
                    continue;
                }
                *cell = labels.parent(*cell);
                if let Some(part) = found.parts.get_mut(usize::from(*cell).wrapping_sub(1)) {
                    part.add(x as u8, y as u8, x == 0 || x + 1 == width || y == 0 || y + 1 == height);
                }
            }
        }
        Ok(found)
    }
}

/// Turns the ink of a row into labels, given those of the row above, which has no cells above the first row.
fn label_row(
    row: &[Cell<u8>],
    above: &[Cell<u8>],
    weak: u8,
    strong: u8,
    labels: &mut Equivalences,
) -> Result<(), TooMany> {
    let mut before = PAPER;
    for (x, cell) in row.iter().enumerate() {
        let ink = cell.get();
        if ink < weak {
            cell.set(PAPER);
            before = PAPER;
            continue;
        }
        let mut label = before;
        for neighbor in above.get(x.saturating_sub(1)..(x + 2).min(above.len())).unwrap_or_default() {
            let neighbor = neighbor.get();
            if neighbor == PAPER || neighbor == label {
                continue;
            }
            label = if label == PAPER { neighbor } else { labels.join(label, neighbor) };
        }
        if label == PAPER {
            label = labels.create()?;
        }
        labels.count(label, ink >= strong);
        cell.set(label);
        before = label;
    }
    Ok(())
}

/// Which labels of the first pass stand for the same component.
struct Equivalences {
    /// A label with a smaller or the same number, in the end a component's own.
    parents: [u8; LABELS],
    /// The number of cells, up to 127, and whether there is strong ink.
    tallies: [u8; LABELS],
    used: u8,
}

/// The bit of a tally for strong ink.
const STRONG: u8 = 0x80;

impl Equivalences {
    const fn new() -> Self {
        Self { parents: [PAPER; LABELS], tallies: [0; LABELS], used: 0 }
    }

    fn parent(&self, label: u8) -> u8 {
        self.parents.get(usize::from(label)).copied().unwrap_or_default()
    }

    fn create(&mut self) -> Result<u8, TooMany> {
        let label = self.used.checked_add(1).ok_or(TooMany)?;
        *self.parents.get_mut(usize::from(label)).ok_or(TooMany)? = label;
        self.used = label;
        Ok(label)
    }

    fn root(&self, mut label: u8) -> u8 {
        loop {
            let parent = self.parent(label);
            // A parent's number is never larger, so this ends.
            if parent >= label {
                return label;
            }
            label = parent;
        }
    }

    fn join(&mut self, a: u8, b: u8) -> u8 {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        if let Some(parent) = self.parents.get_mut(usize::from(high)) {
            *parent = low;
        }
        low
    }

    fn count(&mut self, label: u8, strong: bool) {
        if let Some(tally) = self.tallies.get_mut(usize::from(label)) {
            *tally = add(*tally, 1) | if strong { STRONG } else { 0 };
        }
    }

    /// Numbers the components from 1, in place of the parents, and returns how many there are. Those without strong ink
    /// or of fewer than `least` cells become paper, and so do the smallest if there are too many.
    fn number(&mut self, least: u8) -> Result<u8, TooMany> {
        let used = usize::from(self.used);
        for label in (1..=used).rev() {
            let (parent, tally) = (self.parents.get(label).copied(), self.tallies.get(label).copied());
            if let (Some(parent), Some(tally)) = (parent, tally)
                && usize::from(parent) != label
                && let Some(sum) = self.tallies.get_mut(usize::from(parent))
            {
                *sum = add(*sum, tally & !STRONG) | (tally & STRONG);
            }
        }
        let is_root = |(label, (parent, _)): &(u8, (&u8, &u8))| label == *parent && *label != PAPER;
        let mut least = least.max(1);
        while (0..)
            .zip(self.parents.iter().zip(&self.tallies))
            .filter(is_root)
            .filter(|(_, (_, tally))| **tally >= STRONG | least)
            .count()
            > MAX_PARTS
        {
            least += 1;
            if least >= STRONG {
                return Err(TooMany);
            }
        }
        let mut count = 0;
        for label in 1..=used {
            let parent = self.parents.get(label).copied().unwrap_or_default();
            let number = if usize::from(parent) != label {
                // A smaller label, which has its number already.
                self.parent(parent)
            } else if self.tallies.get(label).is_some_and(|tally| *tally >= STRONG | least) {
                count += 1;
                count
            } else {
                PAPER
            };
            if let Some(parent) = self.parents.get_mut(label) {
                *parent = number;
            }
        }
        Ok(count)
    }
}

/// Adds cells to a tally, whose number of cells saturates.
fn add(tally: u8, cells: u8) -> u8 {
    (tally & STRONG) | ((tally & !STRONG) + (cells & !STRONG)).min(!STRONG)
}

#[cfg(test)]
mod tests;
