//! Further looks at a frame whose digits a model is unsure of: on a coarser grid, and with another level of ink.
//!
//! A faint stroke breaks at the level that tells ink from paper in most pictures, and a bold one runs together; what is left
//! of ruled lines on a fine grid is averaged out on a coarse one. Which of the looks is right, the model tells by its
//! confidence.

use super::grid::Ink;
use super::{Digit, Digits, Frame, NoDigit, Preparer, Rect, Step};
use crate::Prediction;
use core::cell::Cell;
use lenet_core::shape::IMAGE_PIXELS;

/// The least side of the grid of a further look, in cells.
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
    pub(super) const FIRST: Self = Self { part: 1, close_side: 48, level: 16 };
    /// Further looks: one for broken strokes, one for remains of lines, one for strokes that run together.
    const FURTHER: [Self; 3] = [
        Self { part: 2, close_side: 32, level: 11 },
        Self { part: 3, close_side: 48, level: 16 },
        Self { part: 3, close_side: 48, level: 22 },
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

/// What a model says of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The class.
    pub class: u8,
    /// How sure of it the model is, in any unit.
    pub confidence: u16,
}

impl From<Prediction<'_>> for Opinion {
    fn from(prediction: Prediction<'_>) -> Self {
        Self { class: prediction.class, confidence: prediction.confidence }
    }
}

impl<const SIDE: usize> Preparer<SIDE> {
    /// Prepares the only digit of a frame, and looks again, up to three times, while a model is unsure of it.
    ///
    /// `classify` gives the model's opinion of an image, and `enough` is the confidence from which it is sure. The digit is that
    /// of the first look of which the model is sure, or else of the one of which it is least unsure. That of a further look
    /// [is a guess](Digit::is_guess): among many looks at what is no digit, one may well look like a digit.
    ///
    /// # Errors
    ///
    /// Returns the reason of the first look if no look shows a single digit.
    ///
    /// # Example
    ///
    /// ```
    /// use lenet_infer::picture::{Frame, Preparer};
    /// use lenet_infer::{Engine, SHIPPED};
    ///
    /// # let mut bytes = [200; 160 * 120];
    /// # for y in 30..90 {
    /// #     bytes[160 * y + 80..][..8].fill(40);
    /// # }
    /// # let frame = Frame::new(&bytes, 160, 120)?;
    /// let mut engine = Engine::new(&SHIPPED.model);
    /// let mut preparer = Preparer::<48>::new();
    /// let enough = SHIPPED.model.confidence().threshold;
    /// let digit = preparer.prepare_best(&frame, enough, |image| engine.classify(image).into())?;
    /// let prediction = engine.classify(&digit.image);
    /// let is_confident = prediction.is_confident() && !digit.is_guess;
    /// # assert!(prediction.class == 1 && is_confident);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn prepare_best(
        &mut self,
        frame: &Frame<'_>,
        enough: u16,
        classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
    ) -> Result<&Digit, NoDigit> {
        let (look, is_last) = self.best_look_at_one(frame, enough, classify, &mut |_| {})?;
        if !is_last {
            self.prepare_by(look, frame, &mut |_| {})?;
        }
        Ok(&self.digit)
    }

    /// Prepares the only digit of a frame as [`prepare_best`](Self::prepare_best) does, and shows `observe` the picture after
    /// each step of the look that was chosen.
    ///
    /// # Errors
    ///
    /// As [`prepare_best`](Self::prepare_best).
    pub fn prepare_best_observed(
        &mut self,
        frame: &Frame<'_>,
        enough: u16,
        classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        mut observe: impl FnMut(Step<'_>),
    ) -> Result<&Digit, NoDigit> {
        let is_chosen = Cell::new(false);
        let mut observe = once_chosen(&is_chosen, &mut observe);
        let (look, _) = self.best_look_at_one(frame, enough, classify, &mut observe)?;
        is_chosen.set(true);
        self.prepare_by(look, frame, &mut observe)
    }

    /// Finds the digits of a frame as [`find`](Self::find) does, and looks again, up to three times, while a model is unsure
    /// of some.
    ///
    /// `classify` and `enough` are those of [`prepare_best`](Self::prepare_best). The digits are those of the first look of
    /// which the model is sure of all, or else of the one of which it is sure of most. Those of a further look are guesses,
    /// except where the model was sure of the same class in the first look.
    ///
    /// # Errors
    ///
    /// Returns the reason of the first look if that shows no digit, or more than `N`.
    pub fn find_best<'p, const N: usize>(
        &'p mut self,
        frame: &'p Frame<'p>,
        enough: u16,
        classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
    ) -> Result<Digits<'p, SIDE, N>, NoDigit> {
        self.find_best_observed(frame, enough, classify, |_| {})
    }

    /// Finds the digits of a frame as [`find_best`](Self::find_best) does, and shows `observe` the whole picture after each
    /// step of the look that was chosen.
    ///
    /// # Errors
    ///
    /// As [`find_best`](Self::find_best).
    pub fn find_best_observed<'p, const N: usize>(
        &'p mut self,
        frame: &'p Frame<'p>,
        enough: u16,
        classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        mut observe: impl FnMut(Step<'_>),
    ) -> Result<Digits<'p, SIDE, N>, NoDigit> {
        let is_chosen = Cell::new(false);
        let mut observe = once_chosen(&is_chosen, &mut observe);
        let reading = self.best_look_at_all(frame, enough, classify, &mut observe)?;
        is_chosen.set(true);
        let mut digits = self.find_by(reading.look, frame, &mut observe)?;
        digits.are_guesses = reading.are_guesses;
        Ok(digits)
    }

    /// The look that shows the only digit best, and whether it was the last one taken.
    fn best_look_at_one(
        &mut self,
        frame: &Frame<'_>,
        enough: u16,
        mut classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<(Look, bool), NoDigit> {
        let (mut best, mut reason, mut is_last) = (None, None, false);
        for look in [Look::FIRST].into_iter().chain(Look::FURTHER) {
            is_last = false;
            match self.prepare_by(look, frame, observe) {
                Ok(digit) => {
                    let Opinion { confidence, .. } = classify(&digit.image);
                    if best.is_none_or(|(_, most)| most < confidence) {
                        (best, is_last) = (Some((look, confidence)), true);
                    }
                    if confidence >= enough {
                        break;
                    }
                }
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        best.map(|(look, _)| (look, is_last)).ok_or(reason.unwrap_or(NoDigit::NoInk))
    }

    /// The look of which the model is sure of most digits.
    fn best_look_at_all<const N: usize>(
        &mut self,
        frame: &Frame<'_>,
        enough: u16,
        mut classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<Reading<N>, NoDigit> {
        let mut sightings = Sightings::NONE;
        let mut best = self.read(Look::FIRST, frame, enough, &mut classify, &mut sightings, observe)?;
        for look in Look::FURTHER {
            if best.is_sure {
                break;
            }
            if let Ok(reading) = self.read(look, frame, enough, &mut classify, &mut sightings, observe)
                && best.score < reading.score
            {
                best = reading;
            }
        }
        Ok(best)
    }

    /// Reads the digits of a frame by one look. Of the first look, those of which the model is sure become `sightings`.
    fn read<const N: usize>(
        &mut self,
        look: Look,
        frame: &Frame<'_>,
        enough: u16,
        classify: &mut impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        sightings: &mut Sightings<N>,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<Reading<N>, NoDigit> {
        let mut reading = Reading { look, score: 0, is_sure: true, are_guesses: [false; N] };
        let mut digits = self.find_by::<N>(look, frame, observe)?;
        let mut count = 0;
        while let Some((digit, is_guess)) = digits.next_with(&mut reading.are_guesses, observe) {
            let Opinion { class, confidence } = classify(&digit.image);
            // A digit of which the model is very unsure counts against a look: it is a remain, or a part.
            let score = i32::from(confidence.min(enough)) - i32::from(enough / 3);
            reading.score = reading.score.saturating_add(score);
            reading.is_sure &= confidence >= enough;
            if look != Look::FIRST {
                *is_guess = !sightings.have(class, digit.rect);
            } else if confidence >= enough {
                sightings.add(class, digit.rect);
            }
            count += 1;
        }
        if count == 0 { Err(NoDigit::NoInk) } else { Ok(reading) }
    }
}

/// The observer, from when a look has been chosen. The same for all looks, and for the digits of the chosen one, so that a program
/// has the steps' code once.
pub(super) fn once_chosen(
    is_chosen: &Cell<bool>,
    observe: &mut impl FnMut(Step<'_>),
) -> impl FnMut(Step<'_>) {
    move |step| {
        if is_chosen.get() {
            observe(step);
        }
    }
}

/// What a look shows.
struct Reading<const N: usize> {
    look: Look,
    score: i32,
    /// Whether the model is sure of all digits.
    is_sure: bool,
    are_guesses: [bool; N],
}

/// Digits of which the model was sure: class and place.
struct Sightings<const N: usize> {
    digits: [(u8, Rect); N],
    count: usize,
}

impl<const N: usize> Sightings<N> {
    const NONE: Self = Self { digits: [(0, Rect { left: 0, top: 0, right: 0, bottom: 0 }); N], count: 0 };

    fn add(&mut self, class: u8, rect: Rect) {
        if let Some(digit) = self.digits.get_mut(self.count) {
            *digit = (class, rect);
            self.count += 1;
        }
    }

    /// Whether there is a digit of the class at nearly the same place.
    fn have(&self, class: u8, rect: Rect) -> bool {
        let digits = self.digits.iter().take(self.count);
        digits.filter(|digit| digit.0 == class).any(|digit| digit.1.is_nearly(rect))
    }
}

#[cfg(test)]
mod tests;
