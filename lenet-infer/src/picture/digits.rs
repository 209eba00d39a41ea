//! The digits of a picture, one after the other.

use super::find;
use super::grid::components::MAX_PARTS;
use super::grid::reduce::Scale;
use super::group::Group;
use super::look::Look;
use super::{Digit, Frame, NoDigit, Preparer, Step};

/// The digits of a picture in reading order, at most `N`.
///
/// Each is prepared when it is asked for, in the memory of the one before.
#[derive(Debug)]
pub struct Digits<'p, const SIDE: usize, const N: usize> {
    preparer: &'p mut Preparer<SIDE>,
    source: Option<(&'p Frame<'p>, Look)>,
    groups: [Group; N],
    count: usize,
    /// The scale of the groups: the grid's, before a closer look changed that.
    scale: Scale,
    next: usize,
    pub(super) are_guesses: [bool; N],
}

impl<'p, const SIDE: usize, const N: usize> Digits<'p, SIDE, N> {
    pub(super) fn new(
        preparer: &'p mut Preparer<SIDE>,
        source: Option<(&'p Frame<'p>, Look)>,
    ) -> Result<Self, NoDigit> {
        let mut work = [Group::NONE; MAX_PARTS];
        let found =
            find::find(preparer.grid.parts.as_slice(), preparer.grid.extent(), find::Wanted::All, &mut work);
        if found.is_empty() {
            return Err(NoDigit::NoInk);
        }
        let mut groups = [Group::NONE; N];
        let count = found.len();
        groups
            .get_mut(..count)
            .ok_or(NoDigit::TooMany)?
            .iter_mut()
            .zip(found)
            .for_each(|(to, from)| *to = *from);
        let scale = preparer.grid.scale;
        Ok(Self { preparer, source, groups, count, scale, next: 0, are_guesses: [false; N] })
    }

    /// Prepares the next digit. `None` after the last. A region that turns out to hold no digit is left out.
    #[allow(clippy::should_implement_trait, reason = "an iterator's items cannot borrow from it")]
    pub fn next(&mut self) -> Option<&Digit> {
        self.next_observed(|_| {})
    }

    /// Prepares the next digit as [`next`](Self::next) does, and shows `observe` the steps of a closer look.
    ///
    /// There are none for a digit that is large on the grid.
    pub fn next_observed(&mut self, mut observe: impl FnMut(Step<'_>)) -> Option<&Digit> {
        let index = self.prepare_next(&mut observe)?;
        self.preparer.digit.is_guess = self.are_guesses.get(index).is_some_and(|is_guess| *is_guess);
        Some(&self.preparer.digit)
    }

    /// Prepares the next digit, and gives it with what `are_guesses` has in its place.
    pub(super) fn next_with<'g>(
        &mut self,
        are_guesses: &'g mut [bool; N],
        observe: &mut impl FnMut(Step<'_>),
    ) -> Option<(&Digit, &'g mut bool)> {
        let index = self.prepare_next(observe)?;
        Some((&self.preparer.digit, are_guesses.get_mut(index)?))
    }

    /// Prepares the next digit, and returns its number.
    fn prepare_next(&mut self, observe: &mut impl FnMut(Step<'_>)) -> Option<usize> {
        loop {
            let index = self.next;
            let group = *self.groups.get(..self.count)?.get(index)?;
            self.next += 1;
            if self.preparer.digit_of(self.source, &group, self.scale, observe).is_ok() {
                return Some(index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn the_observer_sees_the_picture_and_then_each_small_digit() {
        // Three dark strokes on light paper, each 8 of 400 pixels wide.
        let (width, height) = (400, 300);
        let mut bytes = vec![200; width * height];
        for y in 100..150 {
            for x in [100, 200, 300] {
                bytes[width * y + x..][..8].fill(40);
            }
        }
        let frame = Frame::new(&bytes, width, height).unwrap();
        let mut preparer = Preparer::<96>::new();
        let mut whole = Vec::new();
        let mut digits = preparer.find_observed::<3>(&frame, |step| whole.push(name(step))).unwrap();
        assert_eq!(whole, ["reduced", "ink", "smoothed", "parts"]);
        let mut found = Vec::new();
        loop {
            let mut closer = Vec::new();
            let Some(digit) = digits.next_observed(|step| closer.push(name(step))) else { break };
            found.push(digit.image);
            assert_eq!(closer, whole);
        }
        let mut digits = preparer.find::<3>(&frame).unwrap();
        for image in &found {
            assert_eq!(digits.next().map(|digit| digit.image), Some(*image));
        }
        assert!(found.len() == 3 && digits.next().is_none());
    }

    fn name(step: Step<'_>) -> &'static str {
        match step {
            Step::Reduced(_) => "reduced",
            Step::Ink(_) => "ink",
            Step::Smoothed(_) => "smoothed",
            Step::Parts(_) => "parts",
        }
    }
}
