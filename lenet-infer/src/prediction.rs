//! What the engine says of an image.

use core::hint::black_box;
use lenet_core::Requant;
use lenet_core::model::Confidence;
use lenet_core::shape::MAX_CLASSES;

// A class fits in the byte that counts it.
const _: () = assert!(MAX_CLASSES <= u8::MAX as usize);

/// The answer for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Prediction<'e> {
    /// The class with the largest logit; the smallest such class on a tie. 0 to the number of classes less 1.
    pub class: u8,
    /// One logit per class, in accumulator units of the model's last layer. They lie in the engine.
    pub logits: &'e [i32],
    /// The largest logit less the second largest, in the same units; 0 or more.
    pub margin: i32,
    /// The margin in units of 1/256 nat, saturating at 65,535.
    ///
    /// The odds of the class against the runner-up are e^(confidence / 256). The unit is the same for every model, so
    /// this is the figure to threshold for "no digit": 768, for example, asks for odds of 20 to 1.
    pub confidence: u16,
    confident: bool,
}

impl<'e> Prediction<'e> {
    /// The prediction for these logits.
    #[inline(always)]
    pub(crate) fn new(logits: &'e [i32], Confidence { requant, threshold }: Confidence) -> Self {
        // By value, so that a program that knows the model does not keep a copy of it in memory for these.
        Self::of(logits, requant, threshold)
    }

    /// Out of line, so that its locals are not on the stack while the layers run.
    #[inline(never)]
    fn of(logits: &'e [i32], requant: Requant, threshold: u16) -> Self {
        let (mut class, mut largest, mut second) = (0, i32::MIN, i32::MIN);
        let mut index = 0_u8;
        // The slice and a mask are hidden, so that the loop is not unrolled.
        for &logit in black_box(logits) {
            let larger = black_box(above(logit, largest));
            let loser = select(larger, largest, logit);
            second = select(above(loser, second), loser, second);
            largest = select(larger, logit, largest);
            class = select(larger, index.into(), class);
            // Wrapping, because the compiler does not see that there are at most 64 classes.
            index = index.wrapping_add(1);
        }
        let class = class as u8;
        // The margin is 0 or more, so a sign is an overflow: then the margin is the largest there is.
        let margin = largest.wrapping_sub(second);
        let margin = (margin | (margin >> 31)) & i32::MAX;
        let confidence = requant.confidence(margin);
        let confident = black_box(i32::from(confidence) - i32::from(threshold)) >= 0;
        Self { class, logits, margin, confidence, confident }
    }

    /// Whether the confidence reaches the confidence threshold of the model, which was chosen on validation images.
    /// Always true for a model without a threshold.
    #[must_use]
    pub const fn is_confident(&self) -> bool {
        self.confident
    }
}

/// All ones if `a > b`, else 0. Made from the carry: of a comparison the compiler would make a branch on a core that
/// has no other way to choose, and then the time would depend on the image.
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

    fn predict(logits: &[i32]) -> Prediction<'_> {
        Prediction::new(logits, Confidence { requant: Requant::new(32_768, 0).unwrap(), threshold: 500 })
    }

    #[test]
    fn the_class_is_the_first_of_the_largest_logits() {
        assert_eq!(predict(&[3, 9, 1, 9, 0, 0, 0, 0, 0, 0]).class, 1);
        assert_eq!(predict(&[-5; 10]).class, 0);
        assert_eq!(predict(&[-9, -8, -7, -6, -5, -4, -3, -2, -1, 0]).class, 9);
    }

    #[test]
    fn the_margin_is_the_distance_to_the_runner_up() {
        assert_eq!(predict(&[3, 9, 1, 7, 0, 0, 0, 0, 0, 0]).margin, 2);
        assert_eq!(predict(&[9, 3, 9, 0, 0, 0, 0, 0, 0, 0]).margin, 0);
        let widest = [i32::MIN, i32::MAX, i32::MIN, 0, 0, 0, 0, 0, 0, i32::MIN];
        assert_eq!(predict(&widest).margin, i32::MAX);
    }

    #[test]
    fn the_confidence_is_the_margin_in_the_models_unit_and_saturates() {
        assert_eq!(predict(&[0, 1_000, 0, 0, 0, 0, 0, 0, 0, 0]).confidence, 500);
        assert_eq!(predict(&[0, i32::MAX, 0, 0, 0, 0, 0, 0, 0, 0]).confidence, 32_767);
    }

    #[test]
    fn a_prediction_is_confident_from_the_threshold_up() {
        assert!(predict(&[0, 1_000]).is_confident());
        assert!(!predict(&[0, 998, 0]).is_confident());
        let without = Confidence { requant: Requant::new(0, 0).unwrap(), threshold: 0 };
        assert!(Prediction::new(&[1, 1], without).is_confident());
    }
}
