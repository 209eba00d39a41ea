//! The confidence threshold, and the accuracy of the predictions that reach it.
//!
//! The threshold limits wrong answers that pass as confident to one image in a thousand, by conformal risk control
//! (Angelopoulos, Bates, Fisch, Lei and Schuster, 2022, <https://arxiv.org/abs/2208.02814>): of n validation images at most
//! `(n + 1) / 1000 - 1` mistakes may pass, so that the share expected of new images like them stays below a thousandth.
//! That holds because a run chooses nothing else on its validation images. Fewer than 999 images are too few
//! for it: then no mistake among them passes, which promises less.

use lenet_infer::host::evaluation::Evaluation;
use serde::{Deserialize, Serialize};

/// The share of all images whose wrong answer may pass as confident.
const RISK: f64 = 0.001;
/// The coverages of the points of a [`RejectCurve`].
const COVERAGES: [f64; 13] = [1.0, 0.995, 0.99, 0.985, 0.98, 0.97, 0.96, 0.94, 0.92, 0.9, 0.8, 0.7, 0.6];

/// The accuracy of the surest predictions, by how many of the images they cover.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectCurve {
    /// The predictions that reach the model's threshold.
    pub confident: RejectPoint,
    /// From all images to few.
    pub points: Vec<RejectPoint>,
}

/// The predictions of at least some confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectPoint {
    /// That confidence, in 1/256 nat.
    pub threshold: u16,
    /// Their share of all images, 0 to 1.
    pub coverage: f64,
    /// How many of them are wrong.
    pub wrong: usize,
    /// The share of them that is right, 0 to 1; 1 where there are none.
    pub accuracy: f64,
}

/// Returns the threshold to write into the model, from its answers on the validation images. Where there are too few
/// mistakes to choose it by, it is the lowest confidence among the answers.
///
/// # Panics
///
/// If there are no images.
pub fn threshold(validation: &Evaluation) -> u16 {
    let allowed = (RISK * (validation.images() + 1) as f64).floor().max(1.0) as usize - 1;
    let mut mistakes: Vec<u16> = validation
        .answers()
        .filter(|(prediction, label)| prediction.class != *label)
        .map(|(prediction, _)| prediction.confidence)
        .collect();
    mistakes.sort_unstable_by_key(|&confidence| std::cmp::Reverse(confidence));
    match mistakes.get(allowed) {
        Some(confidence) => confidence.saturating_add(1),
        None => validation.predictions.iter().map(|answer| answer.confidence).min().expect("an image"),
    }
}

impl RejectCurve {
    /// The curve of a model with this threshold.
    pub fn new(evaluation: &Evaluation, threshold: u16) -> Self {
        let mut confidences: Vec<u16> =
            evaluation.predictions.iter().map(|answer| answer.confidence).collect();
        confidences.sort_unstable_by_key(|&confidence| std::cmp::Reverse(confidence));
        let point = |coverage: f64| {
            let images = (coverage * confidences.len() as f64).round() as usize;
            let least = images.checked_sub(1).map_or(u16::MAX, |last| confidences[last]);
            RejectPoint::new(evaluation, least)
        };
        Self { confident: RejectPoint::new(evaluation, threshold), points: COVERAGES.map(point).to_vec() }
    }
}

impl RejectPoint {
    fn new(evaluation: &Evaluation, threshold: u16) -> Self {
        let sure = || evaluation.answers().filter(|(prediction, _)| prediction.confidence >= threshold);
        let images = sure().count();
        let wrong = sure().filter(|(prediction, label)| prediction.class != *label).count();
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

    /// `images` answers of confidences 1, 2, ...; the mistakes are at `wrong`.
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
    fn as_many_mistakes_pass_as_the_risk_allows() {
        let wrong = [10, 20, 30, 40, 50, 60];
        // (4,999 + 1) / 1000 - 1 = 4 may pass: those from 30 up.
        let evaluation = answers(4_999, &wrong);
        assert_eq!(threshold(&evaluation), 21);
        assert_eq!(RejectCurve::new(&evaluation, 21).confident.wrong, 4);
        assert_eq!(threshold(&answers(4_998, &wrong)), 31);
        assert_eq!(threshold(&answers(300, &wrong)), 61);
    }

    #[test]
    fn without_mistakes_to_choose_by_every_validation_image_is_confident() {
        assert_eq!(threshold(&answers(60, &[])), 1);
        assert_eq!(threshold(&answers(4_999, &[10, 20, 30, 40])), 1);
    }

    #[test]
    fn the_curve_goes_from_all_images_to_the_surest() {
        let curve = RejectCurve::new(&answers(1_000, &[5, 700]), 701);
        let all = curve.points[0];
        assert_eq!((all.threshold, all.coverage, all.wrong, all.accuracy), (1, 1.0, 2, 0.998));
        let surest = curve.points.last().unwrap();
        assert_eq!((surest.threshold, surest.coverage, surest.wrong), (401, 0.6, 1));
        assert_eq!((curve.confident.coverage, curve.confident.accuracy), (0.3, 1.0));
    }

    #[test]
    fn no_images_give_a_curve_of_nothing() {
        let curve = RejectCurve::new(&Evaluation::none(2), 5);
        assert!(curve.points.iter().all(|point| point.coverage == 0.0 && point.accuracy == 1.0));
    }
}
