//! A picture that goes to a board row by row.

use std::vec::Vec;

use lenet_core::shape::IMAGE_PIXELS;

use super::{Client, LinkError, Port};
use crate::link::{FoundDigit, MAX_DIGITS, MAX_ROW_PIXELS, Refusal, Reply, Request, Wanted};
use crate::picture::NoDigit;

/// The gray levels of a picture, row by row without gaps.
#[derive(Clone, Copy, Debug)]
pub struct Gray<'a> {
    /// Whole rows of `width` gray levels, at most 65,535.
    pub pixels: &'a [u8],
    /// The number of columns.
    pub width: u16,
}

impl Gray<'_> {
    /// The number of rows.
    fn height(&self) -> u16 {
        let rows = self.pixels.len() / usize::from(self.width).max(1);
        u16::try_from(rows).unwrap_or(u16::MAX)
    }
}

/// A digit that a board saw in a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where it is, and what it is.
    pub digit: FoundDigit,
    /// Its image.
    pub image: [u8; IMAGE_PIXELS],
}

impl<P: Port> Client<P> {
    /// Sends a picture to the board, and returns the digits that the board finds, in reading order, or why it finds none.
    ///
    /// # Errors
    ///
    /// Returns [`LinkError::Picture`] if the board does not take a picture of this size, or loses it because it starts
    /// again, and the other errors if it gives no answer that can be read.
    pub fn read(
        &mut self,
        picture: Gray<'_>,
        wanted: Wanted,
    ) -> Result<Result<Vec<Seen>, NoDigit>, LinkError> {
        let (width, height) = (picture.width, picture.height());
        self.give(&Request::Picture { width, height, wanted }, 0)?;
        let row = usize::from(width).max(1);
        let rows = (MAX_ROW_PIXELS / row).max(1);
        let mut taken = 0;
        for pixels in picture.pixels.chunks(rows * row) {
            let first = taken;
            taken += (pixels.len() / row) as u16;
            self.give(&Request::Rows { first, pixels }, taken)?;
        }
        self.digits()
    }

    /// Makes a request after which the board must have `expected` rows.
    fn give(&mut self, request: &Request<'_>, expected: u16) -> Result<(), LinkError> {
        let taken = self.ask_about_picture(request, |reply| match reply {
            Reply::Taken { rows } => Some(rows),
            _ => None,
        })?;
        if taken == expected { Ok(()) } else { Err(LinkError::Picture) }
    }

    /// Asks for the digits of the picture, one by one.
    fn digits(&mut self) -> Result<Result<Vec<Seen>, NoDigit>, LinkError> {
        let mut seen = Vec::new();
        for index in 0..=MAX_DIGITS as u8 {
            let found = self.ask_about_picture(&Request::Digit { index }, |reply| match reply {
                Reply::Digit(digit) => Some(Ok(Some(digit))),
                Reply::NoMore => Some(Ok(None)),
                Reply::NoDigit(reason) => Some(Err(reason)),
                _ => None,
            })?;
            let digit = match found {
                Ok(Some(digit)) => digit,
                Ok(None) => return Ok(Ok(seen)),
                Err(reason) => return Ok(Err(reason)),
            };
            let image = self.ask_about_picture(&Request::Image, |reply| match reply {
                Reply::Image(image) => Some(*image),
                _ => None,
            })?;
            seen.push(Seen { digit, image });
        }
        // More digits than any board finds.
        Err(LinkError::Answer)
    }

    /// Asks as [`ask`](Client::ask) does; the refusal of a request that does not fit the picture is an error.
    fn ask_about_picture<T>(
        &mut self,
        request: &Request<'_>,
        read: impl Fn(Reply<'_>) -> Option<T>,
    ) -> Result<T, LinkError> {
        let answer = self.ask(request, self.retry.timeout, |reply| match reply {
            Reply::Refused(Refusal::Picture) => Some(None),
            reply => read(reply).map(Some),
        })?;
        answer.ok_or(LinkError::Picture)
    }
}
