//! A picture that comes row by row.

use super::frame::{FrameError, MAX_SIDE, Rect};
use super::grid::reduce::{Reducer, Scale};
use super::look::Look;
use super::{Digit, Digits, NoDigit, Preparer};

/// A picture of which some rows have been taken.
#[derive(Debug)]
pub struct Rows<'p, const SIDE: usize> {
    preparer: &'p mut Preparer<SIDE>,
    reducer: Reducer,
}

impl<'p, const SIDE: usize> Rows<'p, SIDE> {
    pub(super) fn new(
        preparer: &'p mut Preparer<SIDE>,
        width: usize,
        height: usize,
    ) -> Result<Self, FrameError> {
        let size = FrameError::Size { width, height };
        let side =
            |side: usize| u16::try_from(side).ok().filter(|side| (1..=MAX_SIDE).contains(side)).ok_or(size);
        let rect = Rect { left: 0, top: 0, right: side(width)?, bottom: side(height)? };
        let reducer = preparer.grid.start(Scale::new(rect, SIDE));
        Ok(Self { preparer, reducer })
    }

    /// Takes the gray levels of the next row, from left to right. Levels beyond the width are not used, missing ones are
    /// taken as 0, and so are missing rows; rows beyond the height are not used.
    pub fn push(&mut self, row: impl Iterator<Item = u8>) {
        let width = self.preparer.grid.scale.rect.width();
        self.preparer.grid.push(&mut self.reducer, row.take(width.into()));
    }

    /// Whether all rows have been taken.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.reducer.is_complete()
    }

    /// Prepares the only digit of the picture.
    ///
    /// # Errors
    ///
    /// Returns the reason if there is no digit, or more than one.
    pub fn finish(mut self) -> Result<&'p Digit, NoDigit> {
        self.complete();
        self.preparer.grid.find_parts(Look::USUAL.ink(None), &mut |_| {})?;
        self.preparer.only_digit()
    }

    /// Finds the digits of the picture, as [`Preparer::find`] does.
    ///
    /// # Errors
    ///
    /// Returns the reason if there is no digit, or if there are more than `N`.
    pub fn find<const N: usize>(mut self) -> Result<Digits<'p, SIDE, N>, NoDigit> {
        self.complete();
        self.preparer.grid.find_parts(Look::USUAL.ink(None), &mut |_| {})?;
        Digits::new(self.preparer, None)
    }

    /// Takes the missing rows as 0, so that nothing is left of the picture before.
    fn complete(&mut self) {
        while !self.is_complete() {
            self.push(core::iter::empty());
        }
    }
}
