//! From a picture to the 28x28 images of its digits: integers only, no heap, the same bytes on every core.
//!
//! A picture is anything from the world: a photo, a drawing, a camera's frame. The model knows only images as MNIST's
//! makers normalized them: clean light ink on black, 20 pixels tall, in the middle of 28x28. [`Preparer`] turns one into
//! the other, and says where in the picture the digit was:
//!
//! 1. `grid`: the picture is surveyed on a work grid. It is reduced by area; uneven light is removed, and ink becomes light
//!    on black, whichever way round it was; the 3x3 binomial Gaussian smooths the ink; the level halfway up the Sobel edges
//!    tells it from paper; ruled lines are erased; connected components are labeled.
//! 2. `find`, `group`: the components are joined to digits, in reading order.
//! 3. A digit that is small on the grid is surveyed again in the part of the frame around it (`spot`). Of several digits, one
//!    that is wide may turn out to be two there (`digits`).
//! 4. `normalize`: the digit becomes an image, its strokes as wide as MNIST's.
//! 5. `look`, `best`: all of it again on a coarser grid, and, unless a model is sure of the same in both, with other levels of
//!    ink. The looks vote for a class (`votes`, `reading`).
//!
//! # Example
//!
//! ```
//! use lenet_infer::picture::{Frame, Preparer};
//! use lenet_infer::{Engine, SHIPPED};
//!
//! // A dark stroke on light paper, 160x120 pixels.
//! let mut bytes = [200; 160 * 120];
//! for y in 30..90 {
//!     bytes[160 * y + 80..][..8].fill(40);
//! }
//! let mut preparer = Preparer::<48>::new();
//! let digit = preparer.prepare(&Frame::new(&bytes, 160, 120)?)?;
//! assert!(digit.rect.left.abs_diff(80) <= 3 && digit.rect.bottom.abs_diff(90) <= 3);
//! let mut engine = Engine::new(&SHIPPED.model);
//! assert_eq!(engine.classify(&digit.image).class, 1);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod best;
#[cfg(feature = "corpus")]
#[doc(hidden)]
pub mod corpus;
mod digits;
mod find;
mod frame;
mod gray;
mod grid;
mod group;
mod look;
mod no_digit;
mod normalize;
mod reading;
mod rows;
mod spot;
mod votes;

pub use digits::Digits;
pub use frame::{Frame, FrameError, MAX_SIDE, Rect};
pub use gray::{luma, on_white};
pub use grid::filter::gradient;
pub use grid::step::{Step, View};
pub use no_digit::NoDigit;
pub use rows::Rows;
pub use votes::Opinion;

use grid::Grid;
use grid::components::MAX_PARTS;
use grid::reduce::Scale;
use group::Group;
use lenet_core::shape::IMAGE_PIXELS;
use look::Look;
use spot::Spot;

/// The least longer side of a digit, in pixels of the picture.
const LEAST_SIDE: u16 = 8;
/// The least level of ink on its paper.
const LEAST_CONTRAST: u8 = 8;
/// The bounding box ends where the ink is fainter than this fraction of its mean.
const FAINTEST: u8 = 8;

/// A digit found in a picture, ready to be classified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Digit {
    /// The 28x28 image: levels row by row, 0 for paper to 255 for ink.
    pub image: [u8; IMAGE_PIXELS],
    /// The pixels of the picture that the digit covers.
    pub rect: Rect,
    /// The line of digits it stands in, from 0 at the top.
    pub line: u8,
    /// The level of its ink on the paper around it, 1 to 255. Ink of less than 30 is hard to see.
    pub contrast: u8,
    /// The mean width of its strokes before they were widened, in 1/16 pixel of the image. MNIST's have 32 to 80.
    pub stroke_width: u8,
    /// Whether [several looks](Preparer::prepare_best) disagree: then its class is a guess, of which the model is unsure, whatever
    /// its confidence in this image.
    pub is_guess: bool,
}

/// The memory and the methods to prepare pictures on a work grid of up to `SIDE`x`SIDE` cells, 28 to 255.
///
/// It takes `2 * SIDE * SIDE + 4 * SIDE` bytes and about 1,070 more: 5.9 kB for a side of 48, which suffices for one digit in
/// a frame of any size. To find several digits, or to take a frame row by row, use a side of a quarter of the frame's.
#[derive(Clone, Debug)]
pub struct Preparer<const SIDE: usize> {
    grid: Grid<SIDE>,
    digit: Digit,
}

impl<const SIDE: usize> Default for Preparer<SIDE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SIDE: usize> Preparer<SIDE> {
    /// Creates a preparer without a picture.
    #[must_use]
    pub const fn new() -> Self {
        let rect = Rect { left: 0, top: 0, right: 0, bottom: 0 };
        let digit =
            Digit { image: [0; IMAGE_PIXELS], rect, line: 0, contrast: 0, stroke_width: 0, is_guess: false };
        Self { grid: Grid::new(), digit }
    }

    /// Prepares the only digit of a frame.
    ///
    /// # Errors
    ///
    /// Returns the reason if there is no digit, or more than one.
    pub fn prepare(&mut self, frame: &Frame<'_>) -> Result<&Digit, NoDigit> {
        self.prepare_observed(frame, |_| {})
    }

    /// Prepares the only digit of a frame, and shows `observe` the picture after each step.
    ///
    /// # Errors
    ///
    /// As [`prepare`](Self::prepare).
    pub fn prepare_observed(
        &mut self,
        frame: &Frame<'_>,
        mut observe: impl FnMut(Step<'_>),
    ) -> Result<&Digit, NoDigit> {
        self.prepare_by(Look::USUAL, frame, &mut observe)
    }

    /// Finds the digits of a frame, at most `N`, in reading order: lines from the top, each from left to right.
    ///
    /// Digits that touch are found as one, of which the model is unsure.
    ///
    /// # Errors
    ///
    /// Returns the reason if there is no digit, or if there are more than `N`.
    pub fn find<'p, const N: usize>(
        &'p mut self,
        frame: &'p Frame<'p>,
    ) -> Result<Digits<'p, SIDE, N>, NoDigit> {
        self.find_observed(frame, |_| {})
    }

    /// Finds the digits of a frame, and shows `observe` the whole picture after each step.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub fn find_observed<'p, const N: usize>(
        &'p mut self,
        frame: &'p Frame<'p>,
        mut observe: impl FnMut(Step<'_>),
    ) -> Result<Digits<'p, SIDE, N>, NoDigit> {
        self.find_by(Look::USUAL, frame, &mut observe)
    }

    /// Begins to take a picture row by row, as a camera gives it. It is never in memory as a whole.
    ///
    /// # Errors
    ///
    /// Returns a [`FrameError`] if a side is not 1 to [`MAX_SIDE`].
    pub fn rows(&mut self, width: usize, height: usize) -> Result<Rows<'_, SIDE>, FrameError> {
        Rows::new(self, width, height)
    }

    /// Prepares the only digit of a frame by one look.
    fn prepare_by(
        &mut self,
        look: Look,
        frame: &Frame<'_>,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<&Digit, NoDigit> {
        self.survey(look, frame, observe)?;
        let group = self.only()?;
        let scale = self.grid.scale;
        self.digit_of(Some((frame, look)), &Spot::of(group), &[], scale, observe)
    }

    /// Finds the digits of a frame by one look.
    fn find_by<'p, const N: usize>(
        &'p mut self,
        look: Look,
        frame: &'p Frame<'p>,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<Digits<'p, SIDE, N>, NoDigit> {
        self.survey(look, frame, observe)?;
        Digits::new(self, Some((frame, look)))
    }

    /// Surveys a whole frame.
    fn survey(
        &mut self,
        look: Look,
        frame: &Frame<'_>,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<(), NoDigit> {
        let scale = Scale::new(frame.rect(), look.side(SIDE));
        self.grid.survey(frame, scale, look.ink(None), observe)
    }

    /// Normalizes the only digit on the grid.
    fn only_digit(&mut self) -> Result<&Digit, NoDigit> {
        let group = self.only()?;
        let scale = self.grid.scale;
        self.digit_of(None, &Spot::of(group), &[], scale, &mut |_| {})
    }

    /// The only digit on the grid: the largest group, with the groups near it that are no digits of their own.
    fn only(&self) -> Result<Group, NoDigit> {
        let mut work = [Group::NONE; MAX_PARTS];
        let groups =
            &*find::find(self.grid.parts.as_slice(), self.grid.extent(), find::Wanted::One, &mut work);
        let mut digit = *groups.iter().max_by_key(|group| group.area).ok_or(NoDigit::NoInk)?;
        let main = digit;
        for other in groups.iter().filter(|other| **other != main) {
            if other.rivals(&main) {
                return Err(NoDigit::TooMany);
            }
            if other.is_near(&main) {
                digit.join(other);
            }
        }
        // Specks all around, or ink cut by the edge among larger shadows, are noise or a texture.
        let specks: u32 = groups.iter().map(|group| group.area).sum();
        if specks > 2 * digit.area {
            return Err(NoDigit::TooMany);
        }
        let all: u32 = self.grid.parts.as_slice().iter().map(|part| u32::from(part.area)).sum();
        if all > 2 * digit.area && digit.rect.touches_edge(self.grid.extent()) {
            return Err(NoDigit::NoInk);
        }
        Ok(digit)
    }

    /// Normalizes a digit that was found on the grid when it had `scale`, beside `neighbors`; of a frame, after a closer look
    /// where that shows more.
    fn digit_of(
        &mut self,
        source: Option<(&Frame<'_>, Look)>,
        spot: &Spot,
        neighbors: &[Spot],
        scale: Scale,
        observe: &mut impl FnMut(Step<'_>),
    ) -> Result<&Digit, NoDigit> {
        let mut closer = spot.group();
        if let Some((frame, look)) = source {
            let ink = look.ink(Some(self.grid.dark));
            let place = spot.place(scale);
            let near = Scale::new(place.with_margin(frame.rect()), look.close_side(SIDE));
            if closer.is_none() || near.differs(scale) {
                self.grid.survey(frame, near, ink, observe)?;
                let is_own = |part| spot.has(near.to_picture(part), neighbors, scale);
                let (parts, extent) = (self.grid.parts.as_slice(), self.grid.extent());
                closer = Group::within(near.to_cells(place), is_own, parts, extent, near.rect, frame.rect());
            } else if self.grid.scale != scale {
                // The grid holds the digit before; the same survey gives the same parts again.
                self.grid.survey(frame, scale, ink, observe)?;
            }
        }
        self.digit.line = spot.line();
        self.digit.is_guess = false;
        self.normalize(&closer.ok_or(NoDigit::NoInk)?)?;
        Ok(&self.digit)
    }

    /// Writes the image of a digit on the grid, and what is known of its ink.
    fn normalize(&mut self, group: &Group) -> Result<(), NoDigit> {
        let (scale, extent) = (self.grid.scale, self.grid.extent());
        if group.area * 2 > u32::from(extent.right) * u32::from(extent.bottom) {
            return Err(NoDigit::TooLarge);
        }
        let (ink, labels) = self.grid.planes();
        let full = group.stands_out(&ink, &labels).ok_or(NoDigit::NoInk)?;
        let level = |x: usize, y: usize| if group.has(labels.at(x, y)) { ink.at(x, y) } else { 0 };
        let rect = normalize::bounds(group.rect.widened(1, extent), full / FAINTEST, level);
        self.digit.rect = scale.to_picture(rect);
        if self.digit.rect.longer_side() < LEAST_SIDE {
            return Err(NoDigit::TooSmall);
        }
        let image = &mut self.digit.image;
        normalize::resample(rect, level, image);
        self.digit.contrast = normalize::stretch(image);
        if self.digit.contrast < LEAST_CONTRAST {
            return Err(NoDigit::NoInk);
        }
        let width = normalize::stroke_width(image);
        self.digit.stroke_width = width.min(255) as u8;
        normalize::thicken(image, width);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
