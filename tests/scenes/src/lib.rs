//! Seeded pictures of handwritten digits as a phone, a scanner or a drawing program gives them.

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

use lenet_infer::host::idx::LabelledImages;

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
/// If `digits` is empty or `limits` admit no frame.
#[must_use]
pub fn single(digits: &LabelledImages, limits: &Limits, seed: u64) -> Scene {
    compose::single(digits, limits, &mut Draws::new(seed, 0)).scene
}

/// Draws a picture of a number of two to eight digits, in one line or two.
///
/// Where the frame is too small for the number that was drawn, its last digits are left out, down to two.
///
/// # Panics
///
/// If `digits` is empty, or `limits` admit no frame of at least [`Limits::NUMBER`].
#[must_use]
pub fn number(digits: &LabelledImages, limits: &Limits, seed: u64) -> Scene {
    compose::number(digits, limits, &mut Draws::new(seed, 1)).scene
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
