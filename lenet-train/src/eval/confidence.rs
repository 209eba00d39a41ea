//! The choice of the confidence threshold, and the accuracy of confident predictions.
//!
//! A prediction is confident if its confidence reaches the threshold. The threshold limits the expected share of new
//! images whose prediction is confident but wrong to 1/1000, by conformal risk control (Angelopoulos, Bates, Fisch, Lei
//! and Schuster, 2022, <https://arxiv.org/abs/2208.02814>). The loss of a validation image is the share of its
//! [`distorted`] copies that are predicted confidently and wrongly, and the losses of n images may sum up to
//! `(n + 1) / 1000 - 1`. The guarantee holds for new images like the validation images, distorted in the same way, because
//! a run chooses nothing else on these.
//!
//! The copies make the threshold depend less on chance. Without them it is the confidence of one mistake, the fifth most
//! confident one on 5,000 images, and each training run has another confidence on that image. A run without augmentation
//! makes no promise about distorted images, so its only copies are the images themselves.
//!
//! With fewer than 999 validation images, no copy may have a confident wrong prediction. This gives no guarantee of
//! 1/1000.
//!
//! A run that learns from images of no class limits the share of confident predictions on such images to 1/100 in the same
//! way, on generated ones that it does not train on. The higher of the two thresholds counts.

use crate::augment::Augment;
use crate::data::Split;
use lenet_core::Model;
use lenet_infer::host::evaluation::{Evaluation, evaluate};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Of so many images, one is expected to have a confident wrong prediction, at most.
const IMAGES_PER_MISTAKE: usize = 1_000;
/// Of so many images of no class, one is expected to have a confident prediction, at most.
const OTHERS_PER_MISTAKE: usize = 100;
/// The number of distorted copies of each validation image. Over seeds of the distortions, the threshold then deviates by less
/// than 0.1 nats, which is less than over seeds of the training.
const COPIES: u32 = 64;
/// The seed of the distortions: not one that people train with.
const SEED: u64 = u64::MAX - 2;
/// The coverages of the points of a [`RejectCurve`], as shares of all images.
const COVERAGES: [f64; 13] = [1.0, 0.995, 0.99, 0.985, 0.98, 0.97, 0.96, 0.94, 0.92, 0.9, 0.8, 0.7, 0.6];

/// The accuracy of the most confident predictions as a function of their coverage, their share of all images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectCurve {
    /// The point at the model's confidence threshold.
    pub confident: RejectPoint,
    /// Points of decreasing coverage, starting with all images.
    pub points: Vec<RejectPoint>,
}

/// The predictions whose confidence reaches a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectPoint {
    /// The threshold, in 1/256 nat.
    pub threshold: u16,
    /// The share of all images that have such a prediction, 0 to 1.
    pub coverage: f64,
    /// The number of these predictions that are wrong.
    pub wrong: usize,
    /// The share of these predictions that are correct, 0 to 1. It is 1 if there are none.
    pub accuracy: f64,
}

/// The model's predictions on copies of the validation images that are distorted as `augment` distorts training images: one
/// evaluation of all images per copy. Without augmentation, the images themselves are the only copy.
pub fn distorted(model: &Model<'_>, images: Split<'_>, augment: &Augment) -> Vec<Evaluation> {
    let copies = if *augment == Augment::OFF { 1 } else { COPIES };
    let of_copy = |copy| {
        let distort = |(number, image)| augment.apply(image, SEED, copy, number);
        let copies: Vec<_> = (0..).zip(images.images).map(distort).collect();
        evaluate(model, copies.iter().zip(images.labels))
    };
    (0..copies).into_par_iter().map(of_copy).collect()
}

/// Chooses the confidence threshold of a model, in 1/256 nat, by its predictions on [`distorted`] copies of the validation
/// images.
///
/// If the model makes no more mistakes than are allowed, the threshold is the lowest confidence of all predictions.
///
/// # Panics
///
/// Panics if there are no images.
pub fn threshold(copies: &[Evaluation]) -> u16 {
    let answers = || copies.iter().flat_map(Evaluation::answers);
    let mistakes = answers().filter(|(prediction, label)| prediction.class != *label);
    let mistakes = mistakes.map(|(prediction, _)| prediction.confidence).collect();
    let lowest = || answers().map(|(prediction, _)| prediction.confidence).min().expect("an image");
    let images = copies.first().expect("a copy").images();
    above(mistakes, copies.len(), images, IMAGES_PER_MISTAKE).unwrap_or_else(lowest)
}

/// Chooses the lowest confidence threshold, in 1/256 nat, that enough of the predictions on images of no class stay below.
/// `confidences` are those of the predictions.
pub fn threshold_of_no_class(confidences: Vec<u16>) -> u16 {
    let images = confidences.len();
    above(confidences, 1, images, OTHERS_PER_MISTAKE).unwrap_or(0)
}

/// The lowest threshold above all but the allowed mistakes on `copies` copies of `images` images, whose confidences are given.
/// `None` if all mistakes are allowed.
///
/// The losses of n images may sum up to `(n + 1) / per_mistake - 1`. A mistake on one of c copies is a loss of 1/c.
fn above(mut mistakes: Vec<u16>, copies: usize, images: usize, per_mistake: usize) -> Option<u16> {
    let allowed = (copies * (images + 1) / per_mistake).saturating_sub(copies);
    mistakes.sort_unstable_by_key(|&confidence| std::cmp::Reverse(confidence));
    mistakes.get(allowed).map(|confidence| confidence.saturating_add(1))
}

impl RejectCurve {
    /// Computes the curve from the predictions of a model with this confidence threshold.
    pub fn new(evaluation: &Evaluation, threshold: u16) -> Self {
        let mut confidences: Vec<u16> =
            evaluation.predictions.iter().map(|answer| answer.confidence).collect();
        confidences.sort_unstable_by_key(|&confidence| std::cmp::Reverse(confidence));
        let point = |coverage: f64| {
            let images = (coverage * confidences.len() as f64).round() as usize;
            let lowest = images.checked_sub(1).map_or(u16::MAX, |last| confidences[last]);
            RejectPoint::new(evaluation, lowest)
        };
        Self { confident: RejectPoint::new(evaluation, threshold), points: COVERAGES.map(point).to_vec() }
    }
}

impl RejectPoint {
    fn new(evaluation: &Evaluation, threshold: u16) -> Self {
        let confident = || evaluation.answers().filter(|(prediction, _)| prediction.confidence >= threshold);
        let images = confident().count();
        let wrong = confident().filter(|(prediction, label)| prediction.class != *label).count();
        Self {
            threshold,
            coverage: images as f64 / evaluation.images().max(1) as f64,
            wrong,
            accuracy: 1.0 - wrong as f64 / images.max(1) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_images::synthetic;
    use lenet_core::shape::CLASSES;
    use lenet_infer::SHIPPED;
    use lenet_infer::host::evaluation::Answer;

    /// Predictions with the confidences 1 to `images`. Those with the confidences `wrong` are wrong.
    fn answers(images: u16, wrong: &[u16]) -> Evaluation {
        let mut evaluation = Evaluation::none(10);
        for confidence in 1..=images {
            let class = u8::from(wrong.contains(&confidence));
            evaluation.predictions.push(Answer { class, confidence, confident: false });
            evaluation.labels.push(0);
        }
        evaluation
    }

    #[test]
    fn the_threshold_allows_as_many_confident_mistakes_as_the_risk() {
        let wrong = [10, 20, 30, 40, 50, 60];
        // (4,999 + 1) / 1000 - 1 = 4 mistakes are allowed: those with a confidence of 30 or more.
        let evaluation = answers(4_999, &wrong);
        assert_eq!(RejectCurve::new(&evaluation, 21).confident.wrong, 4);
        assert_eq!(threshold(&[evaluation]), 21);
        assert_eq!(threshold(&[answers(4_998, &wrong)]), 31);
        assert_eq!(threshold(&[answers(300, &wrong)]), 61);
    }

    #[test]
    fn a_mistake_on_one_of_several_copies_counts_as_its_share_of_the_image() {
        // Of four copies, 4 * 4 mistakes are allowed: all on the first three, and four of the last.
        let five = [10, 20, 30, 40, 50];
        let mut copies = vec![answers(4_999, &[1_010, 1_020, 1_030, 1_040]); 3];
        copies.push(answers(4_999, &five));
        assert_eq!(threshold(&copies), 11);
        // 5,249 images allow 4.25 mistakes: one more on one of the copies.
        assert_eq!(threshold(&[&[answers(5_249, &five)], &copies[..3]].concat()), 1);
        assert_eq!(threshold(&vec![answers(5_249, &five); 4]), 11);
        // With too few images, none of the copies may have a mistake.
        assert_eq!(threshold(&[answers(300, &[]), answers(300, &[7, 200])]), 201);
    }

    #[test]
    fn only_a_run_with_augmentation_distorts_the_validation_images() {
        let set = synthetic(20);
        let split = Split::new(&set, CLASSES);
        let model = &SHIPPED.model;
        assert_eq!(distorted(model, split, &Augment::OFF), [evaluate(model, &set)]);
        let augment = Augment { shift: 2.0, ..Augment::OFF };
        let copies = distorted(model, split, &augment);
        assert_eq!(copies.len(), COPIES as usize);
        assert!(copies.iter().all(|copy| copy.labels == set.labels));
        assert_ne!(copies[0].predictions, copies[1].predictions);
        assert_eq!(copies, distorted(model, split, &augment));
    }

    #[test]
    fn with_no_more_mistakes_than_allowed_every_validation_image_is_confident() {
        assert_eq!(threshold(&[answers(60, &[])]), 1);
        assert_eq!(threshold(&[answers(4_999, &[10, 20, 30, 40])]), 1);
    }

    #[test]
    fn the_curve_starts_with_all_images_and_ends_with_the_most_confident() {
        let curve = RejectCurve::new(&answers(1_000, &[5, 700]), 701);
        let all = curve.points[0];
        assert_eq!((all.threshold, all.coverage, all.wrong, all.accuracy), (1, 1.0, 2, 0.998));
        let last = curve.points.last().unwrap();
        assert_eq!((last.threshold, last.coverage, last.wrong), (401, 0.6, 1));
        assert_eq!((curve.confident.coverage, curve.confident.accuracy), (0.3, 1.0));
    }

    #[test]
    fn without_images_every_point_of_the_curve_has_a_coverage_of_0() {
        let curve = RejectCurve::new(&Evaluation::none(2), 5);
        assert!(curve.points.iter().all(|point| point.coverage == 0.0 && point.accuracy == 1.0));
    }
}
