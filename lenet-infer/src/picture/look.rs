//! The ways to look at a frame: how finely, and from which level on something is ink.
//!
//! A faint stroke breaks at the level that tells ink from paper in most pictures, and a bold one runs together; what is left
//! of ruled lines on a fine grid is averaged out on a coarse one. `best` takes several looks and lets them vote.

use super::grid::Ink;

/// The least side of the grid of a coarser look, in cells.
const LEAST_SIDE: usize = 36;

/// How a frame is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The part of the work grid's side that is used: one over this.
    part: usize,
    /// The cells of a closer look at a digit.
    close_side: usize,
    /// The level that tells ink from paper, in 1/16 of the level halfway up the edges.
    level: u8,
}

impl Look {
    /// The look that is right for most pictures.
    ///
    /// Its closer look has enough cells for all that an image shows, and few enough that noise is averaged out.
    pub(super) const USUAL: Self = Self { part: 1, close_side: 48, level: 16 };
    /// All looks, in the order in which they are taken: for broken strokes, the usual one, for remains of lines, and for strokes
    /// that run together.
    ///
    /// The first differs most from the usual one, so that the two rarely err alike. The usual one is the second, so that it is the
    /// last where two suffice, and need not be taken again.
    pub(super) const ALL: [Self; 4] = [
        Self { part: 2, close_side: 32, level: 11 },
        Self::USUAL,
        Self { part: 3, close_side: 48, level: 16 },
        Self { part: 1, close_side: 48, level: 22 },
    ];

    /// The side of the grid on which the whole frame is surveyed, of a work grid of `side` cells.
    pub(super) fn side(self, side: usize) -> usize {
        (side / self.part.max(1)).max(LEAST_SIDE).min(side)
    }

    /// How ink is told from paper; `dark` tells whether it is darker, if that is known.
    pub(super) const fn ink(self, dark: Option<bool>) -> Ink {
        Ink { dark, level: self.level }
    }

    /// The side of the grid of a closer look at a digit.
    pub(super) fn close_side(self, side: usize) -> usize {
        self.close_side.min(side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_of_other_looks_are_coarser_but_not_too_coarse() {
        let sides = |side: usize| Look::ALL.map(|look| (look.side(side), look.close_side(side)));
        assert_eq!(sides(240), [(120, 32), (240, 48), (80, 48), (240, 48)]);
        assert_eq!(sides(48), [(36, 32), (48, 48), (36, 48), (48, 48)]);
        assert_eq!(sides(28), [(28, 28); 4]);
    }
}
