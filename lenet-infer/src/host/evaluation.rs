//! Scores a model on labeled images (feature `host`).

use std::vec;
use std::vec::Vec;

use lenet_core::shape::IMAGE_PIXELS;
use lenet_core::{Model, Requant};

use crate::Prediction;
use crate::host::PreparedEngine;

/// The number of confidence steps per nat: a confidence of 256 is one nat.
pub const CONFIDENCE_STEPS: f64 = 256.0;

/// A confusion matrix: `confusion[label][predicted]` counts the images of class `label` that the model took for class
/// `predicted`. It has one row and one column per class.
pub type Confusion = Vec<Vec<u32>>;

/// What a model said of one image: a [`Prediction`] without its logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The class with the largest logit.
    pub class: u8,
    /// The confidence, in 1/256 nat.
    pub confidence: u16,
    /// Whether the confidence reaches the confidence threshold of the model.
    pub confident: bool,
}

impl From<Prediction<'_>> for Answer {
    fn from(prediction: Prediction<'_>) -> Self {
        let Prediction { class, confidence, .. } = prediction;
        Self { class, confidence, confident: prediction.is_confident() }
    }
}

/// What a model said of each image of a set, and how often it was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// One for each image, in the order of the set.
    pub predictions: Vec<Answer>,
    /// The true class of each.
    pub labels: Vec<u8>,
    /// Predicted classes by true class.
    pub confusion: Confusion,
}

/// A count of some of an [`Evaluation`]'s images, and of the correct ones among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The number of images.
    pub images: usize,
    /// The number of them that were classified correctly.
    pub correct: usize,
}

/// Classifies images with the model and compares the predictions with the labels.
///
/// Takes a reference to a [`LabeledImages`](crate::host::idx::LabeledImages), or zipped slices for a part of one.
///
/// # Panics
///
/// If a label is not less than the model's number of classes; [`idx::load_classes`](crate::host::idx::load_classes) never
/// returns such a label.
///
/// # Example
///
/// ```
/// use lenet_infer::SHIPPED;
/// use lenet_infer::host::{evaluation::evaluate, idx::LabeledImages};
///
/// let set = LabeledImages { images: vec![[0; 784]; 2], labels: vec![3, 5] };
/// let evaluation = evaluate(&SHIPPED.model, &set);
/// assert_eq!(evaluation.images(), 2);
/// // The same picture twice, with two labels: at most one of them is right.
/// assert!(evaluation.accuracy() <= 0.5);
/// ```
pub fn evaluate<'i>(
    model: &Model<'_>,
    samples: impl IntoIterator<Item = (&'i [u8; IMAGE_PIXELS], &'i u8)>,
) -> Evaluation {
    let mut engine = PreparedEngine::new(model);
    let mut evaluation = Evaluation::none(model.classes());
    for (image, &label) in samples {
        let prediction = Answer::from(engine.classify(image));
        evaluation.confusion[usize::from(label)][usize::from(prediction.class)] += 1;
        evaluation.labels.push(label);
        evaluation.predictions.push(prediction);
    }
    evaluation
}

impl Evaluation {
    /// Returns the evaluation of an empty set, for a model of `classes` classes.
    #[must_use]
    pub fn none(classes: usize) -> Self {
        Self { predictions: Vec::new(), labels: Vec::new(), confusion: vec![vec![0; classes]; classes] }
    }

    /// The number of images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.predictions.len()
    }

    /// The number of images whose predicted class is their label.
    #[must_use]
    pub fn correct(&self) -> usize {
        self.confusion.iter().enumerate().map(|(class, row)| row[class] as usize).sum()
    }

    /// The fraction of the images whose predicted class is their label, 0 to 1; 0 for an empty set.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct() as f64 / self.images().max(1) as f64
    }

    /// Each image's prediction with its label.
    pub fn answers(&self) -> impl Iterator<Item = (Answer, u8)> {
        self.predictions.iter().copied().zip(self.labels.iter().copied())
    }

    /// Counts the images whose prediction [is confident](Prediction::is_confident).
    #[must_use]
    pub fn confident(&self) -> Tally {
        let confident = || self.answers().filter(|(prediction, _)| prediction.confident);
        let correct = confident().filter(|(prediction, label)| prediction.class == *label).count();
        Tally { images: confident().count(), correct }
    }

    /// The recall of each class: the fraction of its images that were predicted as it, 0 to 1. `None` for a class without
    /// images.
    #[must_use]
    pub fn recall(&self) -> Vec<Option<f64>> {
        recall(&self.confusion)
    }
}

/// The recall of each class of a confusion matrix: the fraction of its images that were predicted as it, 0 to 1. `None`
/// for a class without images.
#[must_use]
pub fn recall(confusion: &[Vec<u32>]) -> Vec<Option<f64>> {
    let found = |(label, row): (usize, &Vec<u32>)| {
        let images: u32 = row.iter().sum();
        (images > 0).then(|| f64::from(row[label]) / f64::from(images))
    };
    confusion.iter().enumerate().map(found).collect()
}

/// Nats that one unit of the model's logits stands for.
#[must_use]
pub fn logit_scale(model: &Model<'_>) -> f64 {
    let requant = model.confidence().requant;
    let shift = Requant::CONFIDENCE_SHIFT + u32::from(requant.pre_shift());
    f64::from(requant.multiplier()) / f64::from(1_u32 << shift) / CONFIDENCE_STEPS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::idx::LabeledImages;
    use crate::{Engine, SHIPPED};
    use lenet_core::model::Confidence;
    use lenet_core::shape::CLASSES;
    use std::array;

    /// The shipped model with another confidence threshold.
    fn with_threshold(threshold: u16) -> Model<'static> {
        let model = &SHIPPED.model;
        let confidence = Confidence { threshold, ..model.confidence() };
        Model::new(*model.conv1(), *model.conv2(), *model.fc1(), *model.fc2(), *model.fc3(), confidence)
    }

    /// Images labeled as the engine classifies them, except the first, whose label is the next class.
    fn set(images: usize) -> LabeledImages {
        let mut engine = Engine::new(&SHIPPED.model);
        let images: Vec<[u8; IMAGE_PIXELS]> =
            (0..images).map(|seed| array::from_fn(|pixel| (seed * pixel * 7 % 256) as u8)).collect();
        let mut labels: Vec<u8> = images.iter().map(|image| engine.classify(image).class).collect();
        labels[0] = (labels[0] + 1) % CLASSES as u8;
        LabeledImages { images, labels }
    }

    #[test]
    fn a_set_with_one_wrong_label_has_one_mistake() {
        let set = set(20);
        let evaluation = evaluate(&SHIPPED.model, &set);
        assert_eq!((evaluation.images(), evaluation.correct()), (20, 19));
        assert_eq!(evaluation.accuracy(), 0.95);
        let [label, predicted] = [set.labels[0], evaluation.predictions[0].class].map(usize::from);
        assert_eq!(evaluation.confusion[label][predicted], 1);
        assert_eq!(evaluation.confusion.concat().iter().sum::<u32>(), 20);
    }

    #[test]
    fn the_predictions_are_those_of_the_engine_in_order() {
        let set = set(5);
        let mut engine = Engine::new(&SHIPPED.model);
        let expected: Vec<Answer> = set.images.iter().map(|image| engine.classify(image).into()).collect();
        assert_eq!(evaluate(&SHIPPED.model, &set).predictions, expected);
    }

    #[test]
    fn the_confident_images_are_those_from_the_models_threshold_up() {
        let set = set(40);
        let confidences =
            evaluate(&SHIPPED.model, &set).predictions.into_iter().map(|answer| answer.confidence);
        let mut sorted: Vec<u16> = confidences.collect();
        sorted.sort_unstable();
        let evaluation = evaluate(&with_threshold(sorted[20]), &set);
        let confident = evaluation.confident();
        assert_eq!(confident.images, sorted.iter().filter(|confidence| **confidence >= sorted[20]).count());
        // The one wrong label is that of the first image.
        assert_eq!(confident.correct, confident.images - usize::from(evaluation.predictions[0].confident));
    }

    #[test]
    fn recall_is_the_diagonal_over_its_row() {
        let mut evaluation = Evaluation::none(CLASSES);
        evaluation.confusion[3][3] = 3;
        evaluation.confusion[3][8] = 1;
        evaluation.confusion[5][3] = 2;
        let recall = evaluation.recall();
        assert_eq!((recall[3], recall[5], recall[8]), (Some(0.75), Some(0.0), None));
    }

    #[test]
    fn no_images_have_an_accuracy_of_zero() {
        let evaluation = evaluate(&SHIPPED.model, &LabeledImages::default());
        assert_eq!((evaluation.images(), evaluation.accuracy()), (0, 0.0));
    }
}
