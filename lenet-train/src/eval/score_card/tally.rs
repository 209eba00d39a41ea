//! What a model says of a set of images, counted.

use crate::generate::Generated;
use lenet_core::Model;
use lenet_infer::Engine;
use lenet_infer::host::evaluation::Answer;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Add;

/// The number of images that one engine classifies in a row.
const CHUNK: usize = 250;

/// How many of a set of images a model classifies correctly, and of how many it is confident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageTally {
    /// The number of images.
    pub images: usize,
    /// The number that is classified correctly.
    pub correct: usize,
    /// The number that the model is confident about.
    pub confident: usize,
    /// The number that the model is confident about, and wrong.
    pub confident_wrong: usize,
}

impl ImageTally {
    /// Of no images.
    pub const NONE: Self = Self { images: 0, correct: 0, confident: 0, confident_wrong: 0 };

    /// Classifies the images.
    pub(super) fn of(model: &Model<'_>, images: &[Generated]) -> Self {
        images.par_chunks(CHUNK).map(|images| Self::of_some(model, images)).reduce(|| Self::NONE, Self::add)
    }

    fn of_some(model: &Model<'_>, images: &[Generated]) -> Self {
        let mut engine = Engine::new(model);
        let mut tally = Self { images: images.len(), ..Self::NONE };
        for image in images {
            let answer = Answer::from(engine.classify(&image.image));
            let is_correct = Some(answer.class) == image.label;
            tally.correct += usize::from(is_correct);
            tally.confident += usize::from(answer.confident);
            tally.confident_wrong += usize::from(answer.confident && !is_correct);
        }
        tally
    }

    /// The share of the images that is classified correctly, in percent.
    pub fn accuracy(self) -> f64 {
        self.percent(self.correct)
    }

    /// The share of the images that the model is confident about, in percent.
    pub fn confident_share(self) -> f64 {
        self.percent(self.confident)
    }

    fn percent(self, part: usize) -> f64 {
        100.0 * part as f64 / self.images.max(1) as f64
    }
}

impl Add for ImageTally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            images: self.images + other.images,
            correct: self.correct + other.correct,
            confident: self.confident + other.confident,
            confident_wrong: self.confident_wrong + other.confident_wrong,
        }
    }
}
