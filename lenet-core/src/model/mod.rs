//! A model as the engine reads it: weights borrowed from a file, their sizes in the types.
//!
//! A [`Model`] and its layers are made by checked constructors only, [`decode`](crate::decode) among them, and cannot be
//! changed: no safe program has a model that overflows an accumulator, or of which two cores give different logits.

mod check;
mod fc3;
mod hidden;
mod ternary;
mod weights;

pub use check::MAX_BIAS;
pub(crate) use check::{check_activation_bits, check_biases, check_requants, check_weight_bits};
pub use fc3::Fc3;
pub use hidden::{Biases, Conv, Conv1, Conv2, Dense, Fc1, Fc2, Hidden, Requants, largest_activation};
pub use ternary::{TERNARY_PER_BYTE, TERNARY_STEP, pack_ternary, ternary_row, unpack_ternary};
pub use weights::{
    ConvWeights, DenseRows, DenseWeights, Fc3Weights, INT4, LayerWeights, TERNARY, Weights, pack, unpack,
};

use crate::requant::Requant;

/// A checked model. After it is made, inference cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    conv1: Conv1<'a>,
    conv2: Conv2<'a>,
    fc1: Fc1<'a>,
    fc2: Fc2<'a>,
    fc3: Fc3<'a>,
    confidence: Confidence,
}

/// How a model tells the confidence of a prediction.
///
/// The fields are those of the file, so there are no others until the format has another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Confidence {
    /// From a margin between two logits to units of 1/256 nat, by [`Requant::confidence`].
    pub requant: Requant,
    /// The confidence threshold, in 1/256 nat: a prediction of at least this confidence is confident. 0 when none was
    /// chosen.
    pub threshold: u16,
}

impl<'a> Model<'a> {
    /// A model of these layers.
    #[must_use]
    pub const fn new(
        conv1: Conv1<'a>,
        conv2: Conv2<'a>,
        fc1: Fc1<'a>,
        fc2: Fc2<'a>,
        fc3: Fc3<'a>,
        confidence: Confidence,
    ) -> Self {
        Self { conv1, conv2, fc1, fc2, fc3, confidence }
    }

    /// The first convolution.
    #[inline(always)]
    #[must_use]
    pub const fn conv1(&self) -> &Conv1<'a> {
        &self.conv1
    }

    /// The second convolution.
    #[inline(always)]
    #[must_use]
    pub const fn conv2(&self) -> &Conv2<'a> {
        &self.conv2
    }

    /// The first fully-connected layer.
    #[inline(always)]
    #[must_use]
    pub const fn fc1(&self) -> &Fc1<'a> {
        &self.fc1
    }

    /// The second fully-connected layer.
    #[inline(always)]
    #[must_use]
    pub const fn fc2(&self) -> &Fc2<'a> {
        &self.fc2
    }

    /// The last layer.
    #[inline(always)]
    #[must_use]
    pub const fn fc3(&self) -> &Fc3<'a> {
        &self.fc3
    }

    /// How the model tells the confidence of a prediction.
    #[inline(always)]
    #[must_use]
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// The number of classes, 2 to 64.
    #[inline(always)]
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.fc3.classes()
    }
}
