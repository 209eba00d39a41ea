//! Whether the model is sure of an answer.

use lenet_infer::{Model, Prediction};

/// A confidence below this is unsure if the model has no threshold: odds of 20 to 1.
const UNSURE_BELOW: u16 = 768;

/// Whether the model is confident, by its own threshold if it has one.
pub(crate) fn is_confident(model: &Model<'_>, prediction: &Prediction<'_>) -> bool {
    if model.confidence().threshold > 0 {
        prediction.is_confident()
    } else {
        prediction.confidence >= UNSURE_BELOW
    }
}
