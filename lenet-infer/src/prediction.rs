//! What the engine says of a picture.

use core::hint::black_box;
use lenet_core::Requant;
use lenet_core::shape::CLASSES;

/// The answer for one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prediction<const C: usize = CLASSES> {
    /// The class with the largest logit; the smallest such class on a tie. 0 to `C` - 1.
    pub class: u8,
    /// One logit a class, in accumulator units of the model's last layer.
    pub logits: [i32; C],
    /// The largest logit less the second largest, in the same units; 0 or more.
    pub margin: i32,
    /// The margin in 1/256 nat, saturating: the odds of the class against the runner-up are
    /// e^(confidence / 256). The unit is the same for every model, so this is the figure to threshold for "no
    /// digit": 768, for example, asks for odds of 20 to 1.
    pub confidence: u16,
    confident: bool,
}

impl<const C: usize> Prediction<C> {
    /// A function of its own, so that what it keeps is not on the stack while the layers run.
    #[inline(never)]
    pub(crate) fn new(logits: [i32; C], confidence: Requant, threshold: u16) -> Self {
        let (mut class, mut largest, mut second) = (0, i32::MIN, i32::MIN);
        // What is hidden, the number of classes and a mask, keeps the loop from being unrolled.
        for (index, &logit) in (0_u8..).zip(black_box(&logits[..])) {
            let larger = black_box(above(logit, largest));
            let loser = select(larger, largest, logit);
            second = select(above(loser, second), loser, second);
            largest = select(larger, logit, largest);
            class = select(larger, index.into(), class);
        }
        let class = class as u8;
        // It is 0 or more, so a sign is an overflow, and then the margin is the largest there is.
        let margin = largest.wrapping_sub(second);
        let margin = (margin | (margin >> 31)) & i32::MAX;
        let confidence = confidence.confidence(margin);
        let confident = black_box(i32::from(confidence) - i32::from(threshold)) >= 0;
        Self { class, logits, margin, confidence, confident }
    }

    /// Whether the confidence reaches the threshold that the model carries, which was chosen on validation images.
    /// Always true for a model without one.
    pub const fn is_confident(&self) -> bool {
        self.confident
    }
}

/// All ones if `a > b`, else 0. By the carry and not by a comparison, of which the compiler would make a branch on a
/// core that has no other way to choose: every logit takes the same instructions.
fn above(a: i32, b: i32) -> i32 {
    ((i64::from(b) - i64::from(a)) >> 32) as i32
}

/// `a` if all bits of `mask` are set, `b` if none is.
const fn select(mask: i32, a: i32, b: i32) -> i32 {
    b ^ ((a ^ b) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predict<const C: usize>(logits: [i32; C]) -> Prediction<C> {
        Prediction::new(logits, Requant::new(32_768, 0).unwrap(), 500)
    }

    #[test]
    fn the_class_is_the_first_of_the_largest_logits() {
        assert_eq!(predict([3, 9, 1, 9, 0, 0, 0, 0, 0, 0]).class, 1);
        assert_eq!(predict([-5; CLASSES]).class, 0);
        assert_eq!(predict([-9, -8, -7, -6, -5, -4, -3, -2, -1, 0]).class, 9);
    }

    #[test]
    fn the_margin_is_the_distance_to_the_runner_up() {
        assert_eq!(predict([3, 9, 1, 7, 0, 0, 0, 0, 0, 0]).margin, 2);
        assert_eq!(predict([9, 3, 9, 0, 0, 0, 0, 0, 0, 0]).margin, 0);
        let widest = predict([i32::MIN, i32::MAX, i32::MIN, 0, 0, 0, 0, 0, 0, i32::MIN]);
        assert_eq!(widest.margin, i32::MAX);
    }

    #[test]
    fn the_confidence_is_the_margin_in_the_models_unit_and_saturates() {
        assert_eq!(predict([0, 1_000, 0, 0, 0, 0, 0, 0, 0, 0]).confidence, 500);
        assert_eq!(predict([0, i32::MAX, 0, 0, 0, 0, 0, 0, 0, 0]).confidence, 32_767);
    }

    #[test]
    fn a_prediction_is_confident_from_the_threshold_up() {
        assert!(predict([0, 1_000]).is_confident());
        assert!(!predict([0, 998, 0]).is_confident());
        assert!(Prediction::new([1, 1], Requant::new(0, 0).unwrap(), 0).is_confident());
    }
}
