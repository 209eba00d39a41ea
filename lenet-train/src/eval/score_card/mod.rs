//! The score card of a model: its accuracy on images that are worn, of other hands and seen by a camera, and how often it is
//! confident about what is no digit.
//!
//! All images are made from the test images or generated with seeds that no run trains with, so that every model is scored on
//! the same ones.

mod corruption;
mod reliability;
mod tally;

pub use corruption::Corruption;
pub use tally::ImageTally;

use crate::data::Split;
use crate::generate::{Generated, NonDigit, Source, generate};
use lenet_core::Model;
use lenet_core::shape::{CLASSES, IMAGE_PIXELS, IMAGE_SIDE};
use lenet_infer::picture::{Frame, Preparer};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The seed of the generated images.
const SEED: u64 = u64::MAX;
/// The number of generated images per source.
const GENERATED: usize = 5_000;

/// The score card of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreCard {
    /// The test images with each corruption.
    pub corruptions: Vec<Corrupted>,
    /// Digits of hands that write less legibly than those that are trained on, by digit and form.
    pub hands: Vec<Form>,
    /// The test images on paper, seen by a camera and prepared.
    pub camera: ImageTally,
    /// What is no digit, by kind. None is correct.
    pub non_digits: Vec<OfKind>,
    /// The expected calibration error on the test images, 0 to 1.
    pub calibration_error: f64,
    /// The largest share of the test images, the most confident first, of which 99.9 % are classified correctly.
    pub coverage: f64,
}

/// Images with a corruption.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corrupted {
    /// What was done to them.
    pub corruption: Corruption,
    /// The score of the images as they are.
    pub as_they_are: ImageTally,
    /// The score of the images after they were prepared as pictures.
    pub prepared: ImageTally,
}

/// Digits of one form.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The digit.
    pub digit: u8,
    /// The form, counted from 0 among those of the digit.
    pub form: u8,
    /// The score.
    pub score: ImageTally,
}

/// Images of one kind that are no digit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfKind {
    /// The kind.
    pub kind: NonDigit,
    /// The score, of which only the confident ones mean something.
    pub score: ImageTally,
}

/// An example of each kind of image on a score card, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examples {
    /// A test image with each corruption.
    pub corruptions: Vec<[u8; IMAGE_PIXELS]>,
    /// Each digit, of another hand.
    pub hands: Vec<[u8; IMAGE_PIXELS]>,
    /// A test image, seen by a camera.
    pub camera: [u8; IMAGE_PIXELS],
    /// Each kind that is no digit.
    pub non_digits: Vec<[u8; IMAGE_PIXELS]>,
}

impl Examples {
    /// Chooses the examples: the images that are scored first.
    ///
    /// # Panics
    ///
    /// Panics if there are no test images.
    pub fn of(test: Split<'_>) -> Self {
        let first = |source, count| -> Vec<_> {
            generate(source, test, SEED, count).iter().map(|generated| generated.image).collect()
        };
        Self {
            corruptions: Corruption::ALL.map(|corruption| corruption.apply(&test.images[0], 0)).to_vec(),
            hands: first(Source::WildHands, CLASSES),
            camera: first(Source::Camera, 1)[0],
            non_digits: NonDigit::ALL.map(|kind| first(Source::NonDigitsOf(kind), 1)[0]).to_vec(),
        }
    }
}

impl ScoreCard {
    /// Scores a model of the ten digits on test images, and on images generated from them.
    ///
    /// # Panics
    ///
    /// Panics if there are no test images.
    pub fn new(model: &Model<'_>, test: Split<'_>) -> Self {
        let of = |source| generate(source, test, SEED, GENERATED);
        let hands = of(Source::WildHands);
        let of_kind = |kind| OfKind { kind, score: ImageTally::of(model, &of(Source::NonDigitsOf(kind))) };
        Self {
            corruptions: Corruption::ALL.map(|corruption| corrupted(model, test, corruption)).to_vec(),
            hands: by_form(model, &hands),
            camera: ImageTally::of(model, &of(Source::Camera)),
            non_digits: NonDigit::ALL.map(of_kind).to_vec(),
            calibration_error: reliability::calibration_error(model, test),
            coverage: reliability::coverage(model, test),
        }
    }

    /// The score on the digits of other hands, over all forms of `digit`, or of all digits.
    pub fn hands_of(&self, digit: Option<u8>) -> ImageTally {
        let of_digit = self.hands.iter().filter(|form| digit.is_none_or(|digit| form.digit == digit));
        of_digit.fold(ImageTally::NONE, |sum, form| sum + form.score)
    }
}

fn corrupted(model: &Model<'_>, test: Split<'_>, corruption: Corruption) -> Corrupted {
    let numbered = test.images.par_iter().zip(test.labels).enumerate();
    let images: Vec<Generated> = numbered
        .map(|(number, (image, &label))| Generated {
            image: corruption.apply(image, number as u32),
            label: Some(label),
            form: 0,
        })
        .collect();
    let prepared: Vec<Generated> = images.par_iter().map_init(Preparer::new, prepare).collect();
    Corrupted {
        corruption,
        as_they_are: ImageTally::of(model, &images),
        prepared: ImageTally::of(model, &prepared),
    }
}

/// Prepares an image as a picture. It stays as it is if no digit is found in it.
fn prepare(preparer: &mut Preparer<48>, image: &Generated) -> Generated {
    let frame = Frame::new(&image.image, IMAGE_SIDE, IMAGE_SIDE).expect("one byte per pixel");
    let prepared = preparer.prepare(&frame).map_or(image.image, |digit| digit.image);
    Generated { image: prepared, ..*image }
}

fn by_form(model: &Model<'_>, hands: &[Generated]) -> Vec<Form> {
    let mut forms = Vec::new();
    for digit in 0..CLASSES as u8 {
        let of_digit = || hands.iter().filter(move |image| image.label == Some(digit));
        let last = of_digit().map(|image| image.form).max().unwrap_or(0);
        for form in 0..=last {
            let images: Vec<Generated> = of_digit().filter(|image| image.form == form).copied().collect();
            forms.push(Form { digit, form, score: ImageTally::of(model, &images) });
        }
    }
    forms
}

#[cfg(test)]
mod tests;
