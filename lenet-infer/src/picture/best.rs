//! Several looks at a frame, of which a model tells by its confidence which is right.

use super::look::Look;
use super::reading::{Reading, Readings, Sighting};
use super::votes::{Opinion, Votes};
use super::{Digit, Digits, Frame, NoDigit, Preparer, Step};
use core::cell::Cell;
use lenet_core::shape::IMAGE_PIXELS;

impl<const SIDE: usize> Preparer<SIDE> {
    /// Prepares the only digit of a frame by two looks, and by up to two more unless a model is sure of the same class in
    /// both.
    ///
    /// `classify` gives the model's opinion of an image, and `enough` is the confidence from which it is sure. Each look votes for
    /// a class with the confidence. The digit is that of the class with most votes, from the usual look if the model was sure of the
    /// class there, or else from the one in which it was surest. If the class is not far ahead of the others, it
    /// [is a guess](Digit::is_guess): what is no digit may look like one by chance, but seldom twice.
    ///
    /// # Errors
    ///
    /// Returns the reason of the [usual look](Self::prepare) if no look shows a single digit.
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
        let best = self.best_look_at_one(frame, enough, classify, &mut |_| {})?;
        if !best.is_last {
            self.prepare_by(best.look, frame, &mut |_| {})?;
        }
        self.digit.is_guess = best.is_guess;
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
        let best = self.best_look_at_one(frame, enough, classify, &mut observe)?;
        is_chosen.set(true);
        self.prepare_by(best.look, frame, &mut observe)?;
        self.digit.is_guess = best.is_guess;
        Ok(&self.digit)
    }

    /// Finds the digits of a frame by two looks, and by up to two more unless a model is sure of the same classes at the same
    /// places in both.
    ///
    /// `classify` and `enough` are those of [`prepare_best`](Self::prepare_best). The digits are those of the look in which the
    /// model is sure of most. On each, the looks vote for a class, and unless its own is far ahead of the others, it is a guess.
    ///
    /// # Errors
    ///
    /// Returns the reason of the [usual look](Self::find) if that shows no digit, or more than `N`.
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
        let (look, are_guesses) = self.best_look_at_all(frame, enough, classify, &mut observe)?;
        is_chosen.set(true);
        let mut digits = self.find_by(look, frame, &mut observe)?;
        digits.are_guesses = are_guesses;
        Ok(digits)
    }

    /// The look that shows the only digit best.
    fn best_look_at_one(
        &mut self,
        frame: &Frame<'_>,
        enough: u16,
        mut classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<Best, NoDigit> {
        let (mut votes, mut reason, mut last) = (Votes::new(enough), NoDigit::NoInk, Look::USUAL);
        for look in Look::ALL {
            last = look;
            match self.prepare_by(look, frame, observe) {
                Ok(digit) => votes.cast(Some(classify(&digit.image))),
                Err(error) => {
                    votes.cast(None);
                    if look == Look::USUAL {
                        reason = error;
                    }
                }
            }
            if votes.winner().is_some_and(|class| votes.are_for(class)) {
                break;
            }
        }
        let class = votes.winner().ok_or(reason)?;
        let look = votes.best_look(class);
        Ok(Best { look, is_last: look == last, is_guess: !votes.are_for(class) })
    }

    /// The look of which the model is sure of most digits, and which of these are guesses.
    fn best_look_at_all<const N: usize>(
        &mut self,
        frame: &Frame<'_>,
        enough: u16,
        mut classify: impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<(Look, [bool; N]), NoDigit> {
        let mut readings = Readings::<N>::new(enough);
        for look in Look::ALL {
            match self.read(look, frame, &mut classify, observe) {
                Err(reason) if look == Look::USUAL => return Err(reason),
                reading => readings.push(reading.unwrap_or(Reading::NONE)),
            }
            if readings.are_agreed() {
                break;
            }
        }
        Ok(readings.best())
    }

    /// Reads the digits of a frame by one look.
    fn read<const N: usize>(
        &mut self,
        look: Look,
        frame: &Frame<'_>,
        classify: &mut impl FnMut(&[u8; IMAGE_PIXELS]) -> Opinion,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<Reading<N>, NoDigit> {
        let mut digits = self.find_by::<N>(look, frame, observe)?;
        let mut reading = Reading::NONE;
        while let Some((index, digit)) = digits.next_with(observe) {
            reading.set(index, Sighting { rect: digit.rect, opinion: classify(&digit.image) });
        }
        if reading.is_empty() { Err(NoDigit::NoInk) } else { Ok(reading) }
    }
}

/// What several looks at one digit came to.
struct Best {
    look: Look,
    /// Whether the digit is still prepared as this look showed it.
    is_last: bool,
    is_guess: bool,
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

#[cfg(test)]
mod tests;
