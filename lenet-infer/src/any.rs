//! An engine whose number of classes is known at run time only (feature `host`).

use std::boxed::Box;
use std::vec::Vec;

use lenet_core::AnyModel;
use lenet_core::shape::IMAGE_PIXELS;

use crate::{Engine, Prediction};

/// [`Engine`] of any number of classes.
///
/// # Example
///
/// ```
/// use lenet_infer::{AnyEngine, AnyModel, SHIPPED_MODEL};
///
/// let model = AnyModel::decode(SHIPPED_MODEL)?;
/// let prediction = AnyEngine::new(&model).classify(&[0; 784]);
/// assert_eq!(prediction.logits.len(), model.classes());
/// # Ok::<(), lenet_infer::Error>(())
/// ```
#[derive(Debug)]
pub struct AnyEngine<'a>(Box<dyn Classify + 'a>);

/// [`Prediction`] of any number of classes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnyPrediction {
    /// The class with the largest logit; the smallest such class on a tie.
    pub class: u8,
    /// One logit a class, in accumulator units of the model's last layer.
    pub logits: Vec<i32>,
    /// The largest logit less the second largest, in the same units; 0 or more.
    pub margin: i32,
    /// The margin in 1/256 nat, saturating.
    pub confidence: u16,
    confident: bool,
}

/// All that depends on the number of classes.
trait Classify: std::fmt::Debug + Send {
    fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> AnyPrediction;
}

impl<const C: usize> Classify for Engine<'_, C> {
    fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> AnyPrediction {
        Engine::classify(self, image).into()
    }
}

impl<'a> AnyEngine<'a> {
    /// An engine for `model`.
    pub fn new(model: &AnyModel<'a>) -> Self {
        macro_rules! engine {
            ($($classes:literal)*) => {
                match model.classes() {
                    $($classes => boxed::<$classes>(model),)*
                    _ => None,
                }
            };
        }
        let engine = engine!(
            2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33
            34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64
        );
        Self(engine.expect("a model has 2 to 64 classes"))
    }

    /// Classifies one picture, as [`Engine::classify`] does.
    pub fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> AnyPrediction {
        self.0.classify(image)
    }
}

fn boxed<'a, const C: usize>(model: &AnyModel<'a>) -> Option<Box<dyn Classify + 'a>> {
    Some(Box::new(Engine::new(model.model::<C>()?)))
}

impl AnyPrediction {
    /// Whether the confidence reaches the threshold that the model carries. Always true for a model without one.
    pub const fn is_confident(&self) -> bool {
        self.confident
    }
}

impl<const C: usize> From<Prediction<C>> for AnyPrediction {
    fn from(prediction: Prediction<C>) -> Self {
        let confident = prediction.is_confident();
        let Prediction { class, logits, margin, confidence, .. } = prediction;
        Self { class, logits: logits.to_vec(), margin, confidence, confident }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SHIPPED_MODEL, decode};
    use lenet_core::AnyLogits;
    use lenet_core::shape::{FC2_OUTPUTS, MAX_CLASSES, MIN_CLASSES};

    #[test]
    fn ten_classes_give_what_the_engine_gives() {
        let image = std::array::from_fn(|pixel| (pixel * 37 % 256) as u8);
        let model = AnyModel::decode(SHIPPED_MODEL).unwrap();
        let expected = Engine::new(decode(SHIPPED_MODEL).unwrap()).classify(&image);
        assert_eq!(AnyEngine::new(&model).classify(&image), expected.into());
    }

    #[test]
    fn every_number_of_classes_has_an_engine() {
        let mut model = AnyModel::decode(SHIPPED_MODEL).unwrap();
        let weights: Vec<u8> = (0..MAX_CLASSES * FC2_OUTPUTS).map(|at| (at * 7 % 256) as u8).collect();
        let biases = [0; 4 * MAX_CLASSES];
        let mut all = Vec::new();
        for classes in (MIN_CLASSES..=MAX_CLASSES).rev() {
            model.fc3 = AnyLogits::new(8, &weights[..classes * FC2_OUTPUTS], &biases[..4 * classes]).unwrap();
            let logits = AnyEngine::new(&model).classify(&[100; IMAGE_PIXELS]).logits;
            if classes == MAX_CLASSES {
                all = logits.clone();
            }
            assert_eq!(logits, all[..classes]);
        }
    }
}
