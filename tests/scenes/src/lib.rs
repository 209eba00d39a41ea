//! Seeded pictures of handwritten digits as a phone, a scanner or a drawing program gives them.
//!
//! A scene shows one digit of MNIST ([`single`]), a number of several ([`number`]), or none ([`empty`]). It comes with the
//! label, the rectangle and the ink of each digit, so that tests can score how a picture is prepared for the model. All that
//! varies is drawn from the seed.
//!
//! ```
//! use lenet_scenes::{Limits, empty};
//!
//! let scene = empty(&Limits::BOARD, 7);
//! assert!(scene.digits.is_empty());
//! assert_eq!(scene.pixels, empty(&Limits::BOARD, 7).pixels);
//! ```
//!
//! # What varies
//!
//! Half of the scenes are photos, a fifth scans, a fifth drawings, and a tenth blackboards.
//!
//! | property | photo | scan | drawing | blackboard |
//! |---|---|---|---|---|
//! | paper, gray levels | 75 to 245 | 225 to 255 | 0 to 40 or 215 to 255 | 30 to 85 |
//! | texture, share of the paper | up to 3 %, rough paper up to 12 % | up to 1.5 % | none | 5 to 25 % smears, up to 10 % fine |
//! | written with | pen, pencil, felt | pen, pencil, felt | brush | chalk |
//! | tilt | up to 10° | up to 3° | none | up to 6° |
//! | perspective along each axis, center to edge | up to 6 % | none | none | up to 6 % |
//! | linear gradient (70 %), per shorter side | 5 to 45 % | none | none | 5 to 45 % |
//! | lamp (30 %), darker one side away | 9 to 29 % | none | none | 9 to 29 % |
//! | up to two shadows, hard or soft | 12 to 45 % darker | none | none | 12 to 45 % darker |
//! | least brightness of a pixel, 1 for the mean | 0.45 | 1 | 1 | 0.45 |
//! | horizontal rules | 20 % | 12 % | 4 % | 6 % |
//! | squares | 17 % | 8 % | none | 6 % |
//! | box around a digit or a number | 8 % | 35 % | 8 % | 6 % |
//! | beyond the paper's edge, 2 to 10 % of a side | table, 20 % of large frames | none | frame, 8 % | none |
//! | blur, standard deviation | up to 3.5 px | up to 1.2 px | none | up to 3.5 px |
//! | motion (25 %) | up to 5 px | none | none | up to 5 px |
//! | noise, standard deviation | 0.5 to 10 | up to 4 | none | 0.5 to 10 |
//! | white and black pixels (15 %) | up to 0.2 % | none | none | up to 0.2 % |
//! | JPEG quality | 30 to 95 (70 %) | 50 to 95 (60 %) | 60 to 95 (30 %) | 30 to 95 (70 %) |
//!
//! A person must be able to read a scene. So blur and motion are at most 0.4 and 0.5 times the width of the stroke or an
//! eighth of the digit's height, whichever is less, and noise is at most a ninth of the contrast. Strokes thinner than
//! 2.5 px have less noise, a JPEG quality of at least 55 in photos, and no dark rules. An eighth of the numbers on all media
//! but blackboards is in the boxes of a form.
//!
//! | written with | stroke, share of the digit's height | as wide as in MNIST | ink, share of the paper's gray | grain |
//! |---|---|---|---|---|
//! | pen | 1.8 to 8 % | 20 % | 8 to 42 % | none |
//! | pencil | 2.5 to 8 % | 25 % | 30 to 68 % | 15 to 60 % |
//! | felt | 7 to 15 % | 60 % | 5 to 35 % | none |
//! | chalk | 5 to 12 % | 50 % | gray levels 175 to 250 | 15 to 60 % |
//! | brush | 2 to 15 % | 50 % | gray levels 0 to 90 or 165 to 255 | none |
//!
//! Dark ink is at least 50 gray levels darker than the paper, and in strokes thinner than 2.5 px 75 as far as the paper
//! allows. A stroke as wide as in MNIST is a quarter thinner to a quarter wider; others are drawn along the center line of
//! the digit, for which digits with bold strokes are passed over. No stroke is thinner than 1.4 px. Printed lines have 10 to
//! 50 % of the ink's contrast, in one of four scenes 80 to 100 %.
//!
//! | property | range |
//! |---|---|
//! | frame | 28 x 28 to 1600 x 1200 pixels, or what the [`Limits`] say; a number at least 64 x 40 |
//! | height of a digit, or of the tallest of a number | 1/8 to 0.95 of the frame's shorter side, about 15 to 800 px, and no more than fits |
//! | place | anywhere in the frame |
//! | digits of a number | 2 to 8, one line; from 4 on, two lines in one of five |
//! | size within a number | 0.88 to 1.12 |
//! | distance from the baseline | up to 6 % of the height |
//! | gap between the ink of neighbors | 8 to 50 % of the height, at least 3 px |
//! | slant of a number (40 %) | -0.1 to 0.3 px per pixel of height |
//!
//! An empty scene is blank paper, a gradient, white noise, smooth noise of several scales, a shadow, rules or squares, a
//! texture, or a whole page without its digits.
//!
//! # The same bytes everywhere
//!
//! Scenes use additions, multiplications, divisions and square roots of `f32`, which IEEE 754 defines to the bit, no
//! functions of a math library, and a JPEG quantization of their own. So a seed gives the same bytes on every machine.
//!
//! # Legibility
//!
//! Some images of MNIST cannot be read by a person. A caller who wants none of them passes a selection.

mod border;
mod camera;
mod compose;
mod draws;
mod empty;
mod geometry;
mod ink;
mod jpeg;
mod layout;
mod light;
mod limits;
mod noise;
mod paper;
mod plane;
mod ruling;
mod shape;
mod stage;
#[cfg(test)]
mod tests;

use lenet_infer::host::idx::LabeledImages;

use crate::draws::Draws;
pub use crate::geometry::{Rect, Size};
pub use crate::limits::{Limits, Medium};

/// A picture, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Gray levels, row by row: 0 for black to 255 for white.
    pub pixels: Vec<u8>,
    /// The digits from left to right, line by line; none in an empty scene.
    pub digits: Vec<PlacedDigit>,
    /// Which digit's ink is on each pixel before the camera blurs it: 0 for none, else its index in `digits` and one.
    pub ink: Vec<u8>,
    /// What the picture was taken of.
    pub medium: Medium,
    /// What was drawn, for people.
    pub description: String,
}

/// A digit of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedDigit {
    /// The class of the MNIST image.
    pub label: u8,
    /// The pixels with ink, before the camera blurs them.
    pub rect: Rect,
    /// The line it stands on, 0 for the upper.
    pub line: usize,
}

/// Draws a picture of one digit.
///
/// # Panics
///
/// If `digits` is empty or has an image without ink, or if `limits` admit no frame.
#[must_use]
pub fn single(digits: &LabeledImages, limits: &Limits, seed: u64) -> Scene {
    compose::single(digits, limits, &mut Draws::new(seed, 0))
}

/// Draws a picture of a number of two to eight digits, in one line or two.
///
/// Where the frame is too small for the number that was drawn, its last digits are left out, down to two.
///
/// # Panics
///
/// If `digits` is empty or has an image without ink, or if `limits` admit no frame of at least [`Limits::NUMBER`].
#[must_use]
pub fn number(digits: &LabeledImages, limits: &Limits, seed: u64) -> Scene {
    compose::number(digits, limits, &mut Draws::new(seed, 1))
}

/// Draws a picture without digits.
///
/// # Panics
///
/// If `limits` admit no frame.
#[must_use]
pub fn empty(limits: &Limits, seed: u64) -> Scene {
    empty::draw(limits, &mut Draws::new(seed, 2))
}
