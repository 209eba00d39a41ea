//! How well a model does on labelled images: the one way to score it (feature `host`).

use std::array;
use std::vec::Vec;

use lenet_core::shape::{CLASSES, IMAGE_PIXELS};
use lenet_core::{Model, Requant};

use crate::{Engine, Prediction};

/// Confidences are kept in steps of 1/256 nat.
pub const CONFIDENCE_STEPS: f64 = 256.0;

/// What a model said of each image of a set, and how often it was right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// One for each image, in the order of the set.
    pub predictions: Vec<Prediction>,
    /// `confusion[label][predicted]`: images of class `label` that were taken for class `predicted`.
    pub confusion: [[u32; CLASSES]; CLASSES],
}

/// Runs the model over images and their labels.
///
/// A [`LabelledImages`](crate::idx::LabelledImages) can be given by reference; zip slices for a part of one.
///
/// # Panics
///
/// If a label is 10 or more; [`idx::load`](crate::idx::load) never returns one.
///
/// # Example
///
/// ```
/// use lenet_infer::{SHIPPED_MODEL, decode, evaluation::evaluate, idx::LabelledImages};
///
/// let set = LabelledImages { images: vec![[0; 784]; 2], labels: vec![3, 5] };
/// let evaluation = evaluate(&decode(SHIPPED_MODEL)?, &set);
/// assert_eq!(evaluation.images(), 2);
/// // The same picture twice, with two labels: at most one of them is right.
/// assert!(evaluation.accuracy() <= 0.5);
/// # Ok::<(), lenet_infer::Error>(())
/// ```
pub fn evaluate<'i>(
    model: &Model<'_>,
    samples: impl IntoIterator<Item = (&'i [u8; IMAGE_PIXELS], &'i u8)>,
) -> Evaluation {
    let mut engine = Engine::new(*model);
    let mut evaluation = Evaluation::default();
    for (image, &label) in samples {
        let prediction = engine.classify(image);
        evaluation.confusion[usize::from(label)][usize::from(prediction.class)] += 1;
        evaluation.predictions.push(prediction);
    }
    evaluation
}

impl Evaluation {
    /// Number of images.
    pub fn images(&self) -> usize {
        self.predictions.len()
    }

    /// Number of images whose class is their label.
    pub fn correct(&self) -> usize {
        (0..CLASSES).map(|class| self.confusion[class][class] as usize).sum()
    }

    /// Fraction of the images whose class is their label, 0 to 1; 0 for no images.
    pub fn accuracy(&self) -> f64 {
        self.correct() as f64 / self.images().max(1) as f64
    }

    /// Fraction of each class's images that were found, 0 to 1; `None` for a class without images.
    pub fn recall(&self) -> [Option<f64>; CLASSES] {
        recall(&self.confusion)
    }
}

/// Fraction of each label's images that were found, 0 to 1, from `confusion[label][predicted]`; `None` for a label
/// without images.
pub fn recall(confusion: &[[u32; CLASSES]; CLASSES]) -> [Option<f64>; CLASSES] {
    array::from_fn(|label| {
        let images: u32 = confusion[label].iter().sum();
        (images > 0).then(|| f64::from(confusion[label][label]) / f64::from(images))
    })
}

/// Nats that one unit of the model's logits stands for.
pub fn logit_scale(model: &Model<'_>) -> f64 {
    let shift = Requant::CONFIDENCE_SHIFT + u32::from(model.confidence.pre_shift());
    f64::from(model.confidence.multiplier()) / f64::from(1_u32 << shift) / CONFIDENCE_STEPS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::LabelledImages;
    use crate::{SHIPPED_MODEL, decode};

    /// Images whose labels are what the engine says, but for the first, whose label is the next class.
    fn set(images: usize) -> LabelledImages {
        let mut engine = Engine::new(decode(SHIPPED_MODEL).unwrap());
        let images: Vec<[u8; IMAGE_PIXELS]> =
            (0..images).map(|seed| array::from_fn(|pixel| (seed * pixel * 7 % 256) as u8)).collect();
        let mut labels: Vec<u8> = images.iter().map(|image| engine.classify(image).class).collect();
        labels[0] = (labels[0] + 1) % CLASSES as u8;
        LabelledImages { images, labels }
    }

    #[test]
    fn a_set_with_one_wrong_label_has_one_mistake() {
        let set = set(20);
        let evaluation = evaluate(&decode(SHIPPED_MODEL).unwrap(), &set);
        assert_eq!((evaluation.images(), evaluation.correct()), (20, 19));
        assert_eq!(evaluation.accuracy(), 0.95);
        let [label, predicted] = [set.labels[0], evaluation.predictions[0].class].map(usize::from);
        assert_eq!(evaluation.confusion[label][predicted], 1);
        assert_eq!(evaluation.confusion.as_flattened().iter().sum::<u32>(), 20);
    }

    #[test]
    fn the_predictions_are_those_of_the_engine_in_order() {
        let set = set(5);
        let model = decode(SHIPPED_MODEL).unwrap();
        let mut engine = Engine::new(model);
        let expected: Vec<Prediction> = set.images.iter().map(|image| engine.classify(image)).collect();
        assert_eq!(evaluate(&model, &set).predictions, expected);
    }

    #[test]
    fn recall_is_the_diagonal_over_its_row() {
        let mut evaluation = Evaluation::default();
        evaluation.confusion[3][3] = 3;
        evaluation.confusion[3][8] = 1;
        evaluation.confusion[5][3] = 2;
        let recall = evaluation.recall();
        assert_eq!((recall[3], recall[5], recall[8]), (Some(0.75), Some(0.0), None));
    }

    #[test]
    fn no_images_have_an_accuracy_of_zero() {
        let evaluation = evaluate(&decode(SHIPPED_MODEL).unwrap(), &LabelledImages::default());
        assert_eq!((evaluation.images(), evaluation.accuracy()), (0, 0.0));
    }
}
