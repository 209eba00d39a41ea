//! Weights for the tests.

use crate::model::weights::{Affine, FloatWeights, layer_shapes};

/// Weights of a network of so many classes: numbers from -0.1 to 0.1 that differ from their
/// neighbors.
pub(super) fn weights(classes: usize) -> FloatWeights {
    let mut drawn = 0_u32;
    let mut numbers = |count: usize| -> Vec<f32> {
        let next = |_| {
            drawn = drawn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((drawn >> 8) as f32 / (1 << 24) as f32 - 0.5) * 0.2
        };
        (0..count).map(next).collect()
    };
    let [conv1, conv2, fc1, fc2, fc3] = layer_shapes(classes)
        .map(|[outputs, inputs]| Affine { weight: numbers(outputs * inputs), bias: numbers(outputs) });
    FloatWeights { conv1, conv2, fc1, fc2, fc3 }
}
