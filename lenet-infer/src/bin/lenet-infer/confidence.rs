//! Whether the model is sure of an answer.

use lenet_infer::{Model, Prediction};

/// A confidence below this is unsure if the model has no threshold: odds of 20 to 1.
const UNSURE_BELOW: u16 = 768;

/// Whether the model is confident, by its own threshold if it has one.
pub(crate) fn is_confident(model: &Model<'_>, prediction: &Prediction<'_>) -> bool {
    is_enough(model, prediction.confidence)
}

/// Whether this confidence reaches the model's own threshold, if it has one.
pub(crate) fn is_enough(model: &Model<'_>, confidence: u16) -> bool {
    confidence >= enough(model)
}

/// The confidence from which the model is confident.
pub(crate) fn enough(model: &Model<'_>) -> u16 {
    match model.confidence().threshold {
        0 => UNSURE_BELOW,
        threshold => threshold,
    }
}
