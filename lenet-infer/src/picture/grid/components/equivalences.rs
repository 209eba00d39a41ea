//! The table of equivalent labels of the first pass.

use super::{MAX_PARTS, PAPER};

/// The labels of the first pass. Clean ink has a few dozen, noise has any number.
pub(super) const LABELS: usize = 255;

/// There are too many components to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::picture) struct TooMany;

/// Which labels of the first pass stand for the same component.
pub(super) struct Equivalences {
    /// A label with a smaller or the same number, in the end a component's own.
    parents: [u8; LABELS],
    /// The number of cells, up to 127, and whether there is strong ink.
    tallies: [u8; LABELS],
    used: u8,
}

/// The bit of a tally for strong ink.
const STRONG: u8 = 0x80;

impl Equivalences {
    /// Without labels.
    pub(super) const fn new() -> Self {
        Self { parents: [PAPER; LABELS], tallies: [0; LABELS], used: 0 }
    }

    /// The parent of a label; once the components are numbered, the number of its component.
    pub(super) fn parent(&self, label: u8) -> u8 {
        self.parents.get(usize::from(label)).copied().unwrap_or_default()
    }

    /// A label that is not in use yet.
    pub(super) fn create(&mut self) -> Result<u8, TooMany> {
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

    /// Makes two labels stand for the same component, and returns the least label of it.
    pub(super) fn join(&mut self, a: u8, b: u8) -> u8 {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        if let Some(parent) = self.parents.get_mut(usize::from(high)) {
            *parent = low;
        }
        low
    }

    /// Counts a cell of a label.
    pub(super) fn count(&mut self, label: u8, strong: bool) {
        if let Some(tally) = self.tallies.get_mut(usize::from(label)) {
            *tally = add(*tally, 1) | if strong { STRONG } else { 0 };
        }
    }

    /// Numbers the components from 1, in place of the parents, and returns how many there are. Those without strong ink
    /// or of fewer than `least` cells become paper, and so do the smallest if there are too many.
    pub(super) fn number(&mut self, least: u8) -> Result<u8, TooMany> {
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
