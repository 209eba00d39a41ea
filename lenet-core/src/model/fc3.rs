//! The last layer.

use super::check::{check_biases, check_weight_bits};
use super::weights::{Fc3Weights, Weights};
use crate::error::{Error, Field, Layer};
use crate::shape::{FC2_OUTPUTS, MAX_CLASSES, MIN_CLASSES};
use core::fmt;

/// The last layer: 84 to one logit per class.
///
/// Its accumulators are the logits, so all its outputs share one weight scale and nothing is requantized.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fc3<'a> {
    weights: Fc3Weights<'a>,
    biases: &'a [[u8; 4]],
}

impl<'a> Fc3<'a> {
    /// A layer from the bytes of a file, with one bias and one row of weights per class.
    ///
    /// # Errors
    ///
    /// [`Error::ClassCount`], [`Error::WeightBits`], [`Error::FieldSize`] or [`Error::Bias`].
    pub const fn new(weights: Fc3Weights<'a>, biases: &'a [[u8; 4]]) -> Result<Self, Error> {
        let classes = biases.len();
        if classes < MIN_CLASSES || classes > MAX_CLASSES {
            return Err(Error::ClassCount { found: classes });
        }
        check!(check_weight_bits(Layer::Fc3, weights.bits()));
        let (rows, row_bytes) = match weights {
            Weights::Int8(rows) => (rows.len(), FC2_OUTPUTS),
            Weights::Int4(rows) => (rows.len(), FC2_OUTPUTS / 2),
        };
        if rows != classes {
            let (expected, found) = (classes * row_bytes, rows * row_bytes);
            return Err(Error::FieldSize { layer: Layer::Fc3, field: Field::Weights, expected, found });
        }
        check!(check_biases(Layer::Fc3, biases.as_flattened()));
        Ok(Self::checked(weights, biases))
    }

    /// A layer whose values have been checked.
    pub(crate) const fn checked(weights: Fc3Weights<'a>, biases: &'a [[u8; 4]]) -> Self {
        Self { weights, biases }
    }

    /// The number of classes, 2 to 64.
    #[inline(always)]
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.biases.len()
    }

    /// The weights.
    #[inline(always)]
    #[must_use]
    pub const fn weights(&self) -> Fc3Weights<'a> {
        self.weights
    }

    /// The biases as the file has them, one little-endian `i32` per class.
    #[inline(always)]
    #[must_use]
    pub const fn bias_bytes(&self) -> &'a [[u8; 4]] {
        self.biases
    }

    /// The biases in the order of the classes, in accumulator units.
    #[inline(always)]
    #[must_use]
    pub fn biases(&self) -> impl ExactSizeIterator<Item = i32> + 'a {
        self.biases.iter().map(|bytes| i32::from_le_bytes(*bytes))
    }
}

impl fmt::Debug for Fc3<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fc3").field("weights", &self.weights).field("classes", &self.classes()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_layer_has_a_row_of_weights_per_class() {
        let (weights, biases) = ([[3; FC2_OUTPUTS]; 65], [[0; 4]; 65]);
        let fc3 = |rows, classes| Fc3::new(Weights::Int8(&weights[..rows]), &biases[..classes]).map(|_| ());
        for classes in MIN_CLASSES..=MAX_CLASSES {
            assert_eq!(fc3(classes, classes), Ok(()));
        }
        for found in [0, 1, 65] {
            assert_eq!(fc3(found, found), Err(Error::ClassCount { found }));
        }
        let (layer, field) = (Layer::Fc3, Field::Weights);
        assert_eq!(fc3(9, 10), Err(Error::FieldSize { layer, field, expected: 840, found: 756 }));
        let bias = Fc3::new(Weights::Int8(&weights[..2]), &[[0; 4], i32::MIN.to_le_bytes()]).unwrap_err();
        assert_eq!(bias, Error::Bias { layer, channel: 1, found: i32::MIN });
    }
}
