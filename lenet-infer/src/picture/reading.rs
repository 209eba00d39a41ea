//! What several looks show of a frame with several digits.

use super::frame::Rect;
use super::look::Look;
use super::votes::{LOOKS, Opinion, Votes};

/// A digit that a look shows: where it is, and what a model says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) rect: Rect,
    pub(super) opinion: Opinion,
}

/// The digits that a look shows, each at its number among them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<const N: usize> {
    sightings: [Option<Sighting>; N],
}

impl<const N: usize> Reading<N> {
    /// Of a look that shows no digits.
    pub(super) const NONE: Self = Self { sightings: [None; N] };

    pub(super) fn set(&mut self, number: usize, sighting: Sighting) {
        if let Some(place) = self.sightings.get_mut(number) {
            *place = Some(sighting);
        }
    }

    /// As a slice, for functions that a program has once for any `N`.
    const fn as_slice(&self) -> &[Option<Sighting>] {
        &self.sightings
    }

    pub(super) fn is_empty(&self) -> bool {
        self.as_slice().iter().all(Option::is_none)
    }
}

/// How sure the model is of the digits of a reading, in sum; `enough` of one is all that counts. A digit of which the model is
/// very unsure counts against a look: it is a remain, or a part.
#[inline(never)]
fn score(sightings: &[Option<Sighting>], enough: u16) -> i32 {
    let confidences = sightings.iter().flatten().map(|digit| digit.opinion.confidence);
    let score = |confidence: u16| i32::from(confidence.min(enough)) - i32::from(enough / 3);
    confidences.map(score).fold(0, i32::saturating_add)
}

/// What the model says of the digit of a reading that is at nearly this place.
#[inline(never)]
fn opinion_at(sightings: &[Option<Sighting>], rect: Rect) -> Option<Opinion> {
    let mut here = sightings.iter().flatten().filter(|digit| digit.rect.is_nearly(rect));
    here.next().map(|digit| digit.opinion)
}

/// The readings of a frame, look by look.
pub(super) struct Readings<const N: usize> {
    enough: u16,
    readings: [Reading<N>; LOOKS],
    looks: usize,
}

impl<const N: usize> Readings<N> {
    pub(super) const fn new(enough: u16) -> Self {
        Self { enough, readings: [Reading::NONE; LOOKS], looks: 0 }
    }

    /// Adds the reading of the next look.
    pub(super) fn push(&mut self, reading: Reading<N>) {
        if let Some(place) = self.readings.get_mut(self.looks) {
            *place = reading;
            self.looks += 1;
        }
    }

    /// Whether none of the digits that are read best is a guess.
    pub(super) fn are_agreed(&self) -> bool {
        self.looks >= 2 && self.best().1.iter().all(|is_guess| !is_guess)
    }

    /// The look of which the model is sure of most digits, in doubt the usual one, and which of these are guesses.
    pub(super) fn best(&self) -> (Look, [bool; N]) {
        let looks = Look::ALL.into_iter().zip(&self.readings).take(self.looks);
        let rank =
            |look: Look, reading: &Reading<N>| (score(reading.as_slice(), self.enough), look == Look::USUAL);
        let best = looks
            .filter(|(_, reading)| !reading.is_empty())
            .max_by_key(|(look, reading)| rank(*look, reading));
        let mut are_guesses = [false; N];
        let Some((look, reading)) = best else { return (Look::USUAL, are_guesses) };
        // Not by the array's own method, which would unroll a large loop.
        for (is_guess, digit) in are_guesses.iter_mut().zip(reading.as_slice()) {
            *is_guess = digit.is_some_and(|digit| self.is_guess(digit));
        }
        (look, are_guesses)
    }

    /// Whether the looks disagree on what is at the place of a digit.
    fn is_guess(&self, digit: Sighting) -> bool {
        let mut votes = Votes::new(self.enough);
        self.readings
            .iter()
            .take(self.looks)
            .for_each(|reading| votes.cast(opinion_at(reading.as_slice(), digit.rect)));
        !votes.are_for(digit.opinion.class)
    }
}
