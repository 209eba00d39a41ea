//! The choice of the confidence threshold, and the accuracy of confident predictions.
//!
//! A prediction is confident if its confidence reaches the threshold. The threshold limits the expected share of new
//! images whose prediction is confident but wrong to 1/1000, by conformal risk control (Angelopoulos, Bates, Fisch, Lei
//! and Schuster, 2022, <https://arxiv.org/abs/2208.02814>): of n validation images, at most `(n + 1) / 1000 - 1` may have
//! a confident wrong prediction. The guarantee holds for new images like the validation images, because a run chooses
//! nothing else on these.
//!
//! With fewer than 999 validation images, none of them may have a confident wrong prediction. This gives no guarantee of
//! 1/1000.
//!
//! A run that learns from images of no class limits the share of confident predictions on such images to 1/100 in the same
//! way, on generated ones that it does not train on. The higher of the two thresholds counts.

use lenet_infer::host::evaluation::Evaluation;
use serde::{Deserialize, Serialize};

/// The largest expected share of images with a confident wrong prediction.
const RISK: f64 = 0.001;
/// The largest expected share of images of no class with a confident prediction.
const RISK_OF_NO_CLASS: f64 = 0.01;
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

/// Chooses the confidence threshold of a model by its predictions on the validation images, in 1/256 nat.
///
/// If the model makes no more mistakes than are allowed, the threshold is the lowest confidence of all predictions.
///
/// # Panics
///
/// Panics if there are no images.
pub fn threshold(validation: &Evaluation) -> u16 {
    let mistakes = validation.answers().filter(|(prediction, label)| prediction.class != *label);
    let mistakes = mistakes.map(|(prediction, _)| prediction.confidence).collect();
    let lowest = || validation.predictions.iter().map(|answer| answer.confidence).min().expect("an image");
    above(mistakes, RISK, validation.images()).unwrap_or_else(lowest)
}

/// Chooses the lowest confidence threshold, in 1/256 nat, that enough of the predictions on images of no class stay below.
/// `confidences` are those of the predictions.
pub fn threshold_of_no_class(confidences: Vec<u16>) -> u16 {
    let images = confidences.len();
    above(confidences, RISK_OF_NO_CLASS, images).unwrap_or(0)
}

/// The lowest threshold above all but the `risk` of the mistakes on `images` images, whose confidences are given. `None` if
/// all mistakes are allowed.
fn above(mut mistakes: Vec<u16>, risk: f64, images: usize) -> Option<u16> {
    let allowed = (risk * (images + 1) as f64).floor().max(1.0) as usize - 1;
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
        assert_eq!(threshold(&evaluation), 21);
        assert_eq!(RejectCurve::new(&evaluation, 21).confident.wrong, 4);
        assert_eq!(threshold(&answers(4_998, &wrong)), 31);
        assert_eq!(threshold(&answers(300, &wrong)), 61);
    }

    #[test]
    fn with_no_more_mistakes_than_allowed_every_validation_image_is_confident() {
        assert_eq!(threshold(&answers(60, &[])), 1);
        assert_eq!(threshold(&answers(4_999, &[10, 20, 30, 40])), 1);
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
