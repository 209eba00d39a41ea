//! Images made by a program, to train on besides those of the data set.
//!
//! - `hands`: the shapes of digits as people of different countries write them; `letters`: what is written alike, and is no
//!   digit.
//! - `stroke`, `canvas`: a pen, and the sheet that it draws on.
//! - `camera`: the sheet as a camera sees it, prepared by `lenet_infer::picture`.
//! - `world`: training images as the world shows them.
//! - `non_digits`: what is no digit.
//!
//! An image is a function of the seed and its number, so a resumed run needs no saved state.

mod camera;
mod canvas;
mod hands;
mod letters;
mod non_digits;
mod stroke;
mod world;

use crate::data::Split;
use crate::draws::Draws;
use camera::Camera;
pub(crate) use canvas::Canvas;
use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use stroke::{Hand, LEGIBLE, Pen, Stroke, WILD, draw_glyph};

pub use non_digits::NonDigit;

/// How many generated images an epoch trains on, as shares of the number of images of the data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mix {
    /// Digits of other hands, 0 to 4.
    pub hands: f64,
    /// Images of the data set as the world shows them, 0 to 4.
    pub world: f64,
    /// Images that are no digit, 0 to 4. Their target is the same probability for each class.
    pub non_digits: f64,
}

impl Mix {
    /// No generated images.
    pub const OFF: Self = Self { hands: 0.0, world: 0.0, non_digits: 0.0 };

    /// Each source, with its share.
    pub fn sources(&self) -> [(Source, f64); 3] {
        let Self { hands, world, non_digits } = *self;
        [(Source::Hands, hands), (Source::World, world), (Source::NonDigits, non_digits)]
    }
}

impl Default for Mix {
    fn default() -> Self {
        Self::OFF
    }
}

/// The number of images that is a share of `images`.
pub(crate) fn share_of(share: f64, images: usize) -> usize {
    (share * images as f64).round() as usize
}

/// Where generated images come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Digits of other hands.
    Hands,
    /// Digits of hands that write less legibly than those of [`Hands`](Self::Hands): to score with, not to train on.
    WildHands,
    /// Images of the data set as the world shows them.
    World,
    /// Images of the data set, written on paper and seen by a camera: a part of [`World`](Self::World).
    Camera,
    /// No digits, of any kind.
    NonDigits,
    /// No digits, of one kind.
    NonDigitsOf(NonDigit),
}

impl Source {
    /// What the images are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hands => "digits of other hands",
            Self::WildHands => "digits of other, wilder hands",
            Self::World => "the data set as the world shows it",
            Self::Camera => "the data set, seen by a camera",
            Self::NonDigits => "what is no digit",
            Self::NonDigitsOf(kind) => kind.name(),
        }
    }

    /// Keeps the random numbers of the sources apart.
    fn purpose(self) -> &'static str {
        match self {
            Self::Hands => "hands",
            Self::WildHands => "wild hands",
            Self::World => "world",
            Self::Camera => "camera",
            Self::NonDigits | Self::NonDigitsOf(_) => "non-digits",
        }
    }
}

/// A generated image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    /// 28x28 gray levels.
    pub image: [u8; IMAGE_PIXELS],
    /// Its class. `None` if it is no digit.
    pub label: Option<u8>,
    /// The form of a digit of another hand, counted from 0 among the forms of its digit; else 0.
    pub form: u8,
}

/// Generates the images `0..count` of a source, some of them from those of `data`.
///
/// # Panics
///
/// Panics if `data` is empty.
pub fn generate(source: Source, data: Split<'_>, seed: u64, count: usize) -> Vec<Generated> {
    let one = |camera: &mut Camera, number: usize| {
        let draws = &mut Draws::new(seed, source.purpose(), number as u64);
        let digit = (number % CLASSES) as u8;
        let index = number % data.images.len();
        let (image, label) = (&data.images[index], data.labels[index]);
        let mut form = 0;
        let (image, label) = match source {
            Source::Hands | Source::WildHands => {
                form = hands::draw_form(digit, draws);
                let wildness = if source == Source::Hands { LEGIBLE } else { WILD };
                (hand_written(hands::strokes(digit, form), wildness, camera, draws), Some(digit))
            }
            Source::World => (world::change(image, camera, draws), Some(label)),
            Source::Camera => (world::photograph(image, camera, draws).unwrap_or(*image), Some(label)),
            Source::NonDigits | Source::NonDigitsOf(_) => {
                let digits = [0; 2].map(|_| &data.images[draws.below(data.images.len())]);
                let kind = match source {
                    Source::NonDigitsOf(kind) => kind,
                    _ => NonDigit::draw_kind(draws),
                };
                (kind.draw(digits, camera, draws), None)
            }
        };
        Generated { image, label, form }
    };
    (0..count).into_par_iter().map_init(Camera::new, one).collect()
}

/// The share of the digits of other hands that a camera sees.
const SEEN: f32 = 0.8;

/// Draws a digit with another hand, most often as a camera sees it.
fn hand_written(
    strokes: &[Stroke],
    wildness: (f32, f32),
    camera: &mut Camera,
    draws: &mut Draws,
) -> [u8; IMAGE_PIXELS] {
    let (hand, pen) = (Hand::draw(draws, wildness), Pen::draw(draws));
    let height = draws.between(24.0, 48.0);
    let mut sheet = Canvas::new(64);
    draw_glyph(strokes, &hand, &pen, height, &mut sheet, draws);
    camera.image_or_fitted(SEEN, &sheet, draws)
}

#[cfg(test)]
mod tests;
