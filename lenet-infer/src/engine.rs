//! The forward pass, as the figure of the network reads from left to right.

use crate::kernel::{self, Features, Ring};
use crate::prediction::Prediction;
use bytemuck::{must_cast_mut, must_cast_ref};
use lenet_core::Model;
use lenet_core::model::{Conv, Dense};
use lenet_core::shape::{
    CLASSES, CONV1_CHANNELS, CONV1_PAIRS, CONV1_TAPS, CONV2_CHANNELS, CONV2_PAIRS, CONV2_TAPS, FC1_OUTPUTS,
    FC2_OUTPUTS, IMAGE_PIXELS, POOL2_LEN,
};

/// Bytes of RAM that an [`Engine`] holds for activations, beside the caller's image.
pub const RAM_BYTES: usize = size_of::<Scratch>();

const _: () = assert!(RAM_BYTES <= 700);

/// A model with the scratch memory to run it: weights stay where they are, in flash.
///
/// # Example
///
/// ```
/// use lenet_infer::{Engine, SHIPPED_MODEL, decode};
///
/// let model = decode(SHIPPED_MODEL)?;
/// let mut engine = Engine::new(model);
/// let blank = [0; 784];
/// let prediction = engine.classify(&blank);
/// assert!(prediction.class < 10);
/// # Ok::<(), lenet_infer::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine<'a, const C: usize = CLASSES> {
    model: Model<'a, C>,
    scratch: Scratch,
}

/// The one scratch arena. Layers write to its halves in turn, so a half is free again two layers later.
#[derive(Clone, Debug)]
struct Scratch {
    /// Six rows of the first pool's output, 12x6 each, then fc1's 120.
    first: [u8; size_of::<Ring>()],
    /// The second pool's output, 4x4x16, then fc2's 84.
    second: [u8; POOL2_LEN],
}

impl<'a, const C: usize> Engine<'a, C> {
    /// An engine for `model`.
    pub const fn new(model: Model<'a, C>) -> Self {
        Self { model, scratch: Scratch { first: [0; size_of::<Ring>()], second: [0; POOL2_LEN] } }
    }

    /// The model that the engine runs.
    pub const fn model(&self) -> &Model<'a, C> {
        &self.model
    }

    /// Classifies one 28x28 picture: grey levels row by row, 0 for paper to 255 for ink. Any picture gives the
    /// same logits on every core; nothing is kept from one call to the next.
    pub fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> Prediction<C> {
        let Self { model, scratch } = self;
        features(&model.conv1, &model.conv2, image, scratch);
        classify_features(model, &mut scratch.first, &mut scratch.second)
    }
}

/// The convolutions: from the picture to the features in `second`. The same for any number of classes, and so compiled
/// once.
fn features(
    conv1: &Conv<'_, CONV1_TAPS, CONV1_PAIRS, CONV1_CHANNELS>,
    conv2: &Conv<'_, CONV2_TAPS, CONV2_PAIRS, CONV2_CHANNELS>,
    image: &[u8; IMAGE_PIXELS],
    Scratch { first, second }: &mut Scratch,
) {
    kernel::features(
        conv1,
        conv2,
        must_cast_ref(image),
        must_cast_mut::<_, Ring>(first),
        must_cast_mut::<_, Features>(second),
    );
}

/// The fully-connected layers: from the features in `second`, by way of both, to the answer.
#[inline(never)] // So that its locals are not on the stack while the convolutions run.
pub(crate) fn classify_features<const C: usize>(
    model: &Model<'_, C>,
    first: &mut [u8; size_of::<Ring>()],
    second: &mut [u8; POOL2_LEN],
) -> Prediction<C> {
    let Model { fc1, fc2, fc3, confidence, confidence_threshold, .. } = model;
    let mut logits = [0; C];
    kernel::logits(fc3, hidden(fc1, fc2, first, second), &mut logits);
    Prediction::new(logits, *confidence, *confidence_threshold)
}

/// The hidden ones of the fully-connected layers, compiled once too.
fn hidden<'s>(
    fc1: &Dense<'_, POOL2_LEN, { POOL2_LEN / 2 }, FC1_OUTPUTS>,
    fc2: &Dense<'_, FC1_OUTPUTS, { FC1_OUTPUTS / 2 }, FC2_OUTPUTS>,
    first: &mut [u8; size_of::<Ring>()],
    second: &'s mut [u8; POOL2_LEN],
) -> &'s [u8; FC2_OUTPUTS] {
    kernel::dense(fc1, second, prefix::<FC1_OUTPUTS, _>(first));
    kernel::dense(fc2, prefix(first), prefix::<FC2_OUTPUTS, _>(second));
    prefix(second)
}

/// The first `N` of `M` bytes; that there are enough is checked when the program is compiled.
#[inline(always)]
fn prefix<const N: usize, const M: usize>(bytes: &mut [u8; M]) -> &mut [u8; N] {
    const { assert!(N <= M) };
    match bytes.first_chunk_mut() {
        Some(prefix) => prefix,
        None => unreachable!(),
    }
}
