//! The digits of a picture, one after the other.

use super::best::once_chosen;
use super::find;
use super::grid::components::MAX_PARTS;
use super::grid::reduce::Scale;
use super::group::Group;
use super::look::Look;
use super::spot::Spot;
use super::{Digit, Frame, NoDigit, Preparer, Rect, Step};
use core::cell::Cell;

/// The most digits that a closer look tells apart where the whole picture shows one.
const MOST_JOINED: usize = 8;

/// The digits of a picture in reading order, at most `N`.
///
/// Each is prepared when it is asked for, in the memory of the one before.
#[derive(Debug)]
pub struct Digits<'p, const SIDE: usize, const N: usize> {
    preparer: &'p mut Preparer<SIDE>,
    source: Option<(&'p Frame<'p>, Look)>,
    spots: [Spot; N],
    count: usize,
    /// The scale of the whole picture: the grid's, before a closer look changed that.
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
        let (mut spots, count) = ([Spot::NONE; N], found.len());
        let scale = preparer.grid.scale;
        let places = spots.get_mut(..count).ok_or(NoDigit::TooMany)?;
        places.iter_mut().zip(found).for_each(|(spot, group)| *spot = Spot::of(*group));
        Ok(Self { preparer, source, spots, count, scale, next: 0, are_guesses: [false; N] })
    }

    /// Prepares the next digit. `None` after the last. A region that turns out to hold no digit is left out.
    #[allow(clippy::should_implement_trait, reason = "an iterator's items cannot borrow from it")]
    pub fn next(&mut self) -> Option<&Digit> {
        self.next_observed(|_| {})
    }

    /// Prepares the next digit as [`next`](Self::next) does, and shows `observe` the steps of closer looks.
    ///
    /// There are none for a digit that is large on the grid. One that may be several is first looked at on the whole grid.
    pub fn next_observed(&mut self, mut observe: impl FnMut(Step<'_>)) -> Option<&Digit> {
        // An observer of the type that the looks have before one is chosen.
        let is_chosen = Cell::new(true);
        let index = self.prepare_next(&mut once_chosen(&is_chosen, &mut observe))?;
        self.preparer.digit.is_guess = self.are_guesses.get(index).is_some_and(|is_guess| *is_guess);
        Some(&self.preparer.digit)
    }

    /// Prepares the next digit, and gives its number with it.
    pub(super) fn next_with(&mut self, observe: &mut impl FnMut(Step<'_>)) -> Option<(usize, &Digit)> {
        let index = self.prepare_next(observe)?;
        Some((index, &self.preparer.digit))
    }

    /// Prepares the next digit, and returns its number.
    fn prepare_next(&mut self, observe: &mut impl FnMut(Step<'_>)) -> Option<usize> {
        loop {
            let index = self.next;
            self.split(index, observe);
            let spots = self.spots.get(..self.count)?;
            let spot = spots.get(index)?;
            self.next += 1;
            if self.preparer.digit_of(self.source, spot, spots, self.scale, observe).is_ok() {
                return Some(index);
            }
        }
    }

    /// Looks closer at a digit that is wide, and puts several in its place if it turns out to be several: on the grid of a whole
    /// picture, neighbors may run together. Returns `None` if nothing was put in its place.
    fn split(&mut self, index: usize, observe: &mut impl FnMut(Step<'_>)) -> Option<()> {
        let (frame, look) = self.source?;
        let spots = self.spots.get(..self.count)?;
        let spot = *spots.get(index)?;
        let place = spot.place(self.scale);
        let near = Scale::new(place.with_margin(frame.rect()), SIDE);
        let is_wide = place.width() * 4 >= place.height() * 5;
        if spot.group().is_none() || !is_wide || !near.differs(self.scale) {
            return None;
        }
        let ink = look.ink(Some(self.preparer.grid.dark));
        self.preparer.grid.survey(frame, near, ink, observe).ok()?;
        let (places, count) = self.preparer.places(&spot, spots, self.scale)?;
        self.replace(index, places.get(..count)?)
    }

    /// Puts the digits at `places` in the place of one, if there is memory for them.
    // Never inlined, so that a program has it once for all observers.
    #[inline(never)]
    fn replace(&mut self, index: usize, places: &[Rect]) -> Option<()> {
        let more = places.len().checked_sub(1)?;
        let line = self.spots.get(index)?.line();
        if more == 0 || self.count + more > N {
            return None;
        }
        for later in (index + 1..self.count).rev() {
            *self.spots.get_mut(later + more)? = *self.spots.get(later)?;
        }
        for (spot, place) in self.spots.get_mut(index..)?.iter_mut().zip(places) {
            *spot = Spot::apart(*place, line);
        }
        self.count += more;
        Some(())
    }
}

impl<const SIDE: usize> Preparer<SIDE> {
    /// The digits that a closer look at one among `spots` shows in its place, and how many they are. `None` if some are pieces.
    // Never inlined, so that a program has it once for all observers.
    #[inline(never)]
    fn places(&self, spot: &Spot, spots: &[Spot], scale: Scale) -> Option<([Rect; MOST_JOINED], usize)> {
        let mut work = [Group::NONE; MAX_PARTS];
        let found = find::find(self.grid.parts.as_slice(), self.grid.extent(), find::Wanted::All, &mut work);
        let whole = spot.place(scale);
        let (mut places, mut count) = ([Rect::default(); MOST_JOINED], 0);
        for place in found.iter().map(|digit| self.grid.scale.to_picture(digit.rect)) {
            if !whole.contains_center(place) || !spot.has(place, spots, scale) {
                continue;
            }
            // What is shorter is a piece of a broken digit, or of a line.
            if place.height() * 5 < whole.height() * 3 {
                return None;
            }
            *places.get_mut(count)? = place;
            count += 1;
        }
        Some((places, count))
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

    /// Two rings of 60x80 pixels on light paper, in a picture of 1200x400, with a gap between them.
    fn rings(gap: usize) -> Vec<u8> {
        let mut bytes = vec![200; 1200 * 400];
        for left in [500, 560 + gap] {
            for (x, y) in (0..60).flat_map(|x| (0..80).map(move |y| (x, y))) {
                if !((10..50).contains(&x) && (10..70).contains(&y)) {
                    bytes[1200 * (160 + y) + left + x] = 40;
                }
            }
        }
        bytes
    }

    #[test]
    fn neighbors_that_run_together_on_the_grid_are_told_apart_by_a_closer_look() {
        // A cell of the grid is 12.5 pixels.
        for (gap, count) in [(0, 1), (8, 2)] {
            let bytes = rings(gap);
            let frame = Frame::new(&bytes, 1200, 400).unwrap();
            let mut preparer = Preparer::<96>::new();
            let mut digits = preparer.find::<3>(&frame).unwrap();
            assert_eq!(digits.count, 1);
            let mut found = Vec::new();
            while let Some(digit) = digits.next() {
                found.push((digit.rect, digit.line));
            }
            assert_eq!(found.len(), count);
            for ((rect, line), left) in found.iter().zip([500, 560 + gap as u16]) {
                assert!(rect.left.abs_diff(left) <= 6 && *line == 0, "{rect:?}");
            }
        }
    }

    #[test]
    fn digits_are_not_told_apart_where_there_is_no_memory_for_them() {
        let bytes = rings(8);
        let frame = Frame::new(&bytes, 1200, 400).unwrap();
        let mut preparer = Preparer::<96>::new();
        let mut digits = preparer.find::<1>(&frame).unwrap();
        assert!(digits.next().is_some() && digits.next().is_none());
    }

    #[test]
    fn digits_told_apart_come_before_what_is_right_of_them() {
        let bytes = rings(8);
        let frame = Frame::new(&bytes, 1200, 400).unwrap();
        let mut preparer = Preparer::<96>::new();
        let mut digits = preparer.find::<4>(&frame).unwrap();
        let place = |left| Rect { left, top: 0, right: left + 10, bottom: 10 };
        digits.spots = [0, 20, 40, 60].map(|left| Spot::apart(place(left), 0));
        digits.count = 3;
        assert_eq!(digits.replace(1, &[place(20), place(30)]), Some(()));
        assert_eq!(digits.spots.map(|spot| spot.place(Scale::EMPTY).left), [0, 20, 30, 40]);
        // There is no more memory, and one digit is as before.
        assert_eq!(digits.replace(1, &[place(20), place(30)]), None);
        assert_eq!(digits.replace(1, &[place(20)]), None);
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
