//! The forward pass, as the figure of the network reads from left to right.

use crate::kernel;
use crate::prediction::Prediction;
use bytemuck::{must_cast_mut, must_cast_ref};
use lenet_core::Model;
use lenet_core::shape::{
    CLASSES, CONV1_CHANNELS, CONV2_CHANNELS, IMAGE_CHANNELS, IMAGE_PIXELS, IMAGE_SIDE, POOL1_LEN, POOL1_SIDE,
    POOL2_LEN, POOL2_SIDE,
};

type Grey = kernel::Image<IMAGE_CHANNELS, IMAGE_SIDE>;
type Pool1 = kernel::Image<CONV1_CHANNELS, POOL1_SIDE>;
type Pool2 = kernel::Image<CONV2_CHANNELS, POOL2_SIDE>;

/// Bytes of RAM that an [`Engine`] holds for activations, beside the caller's image.
pub const RAM_BYTES: usize = size_of::<Scratch>();

const _: () = assert!(RAM_BYTES <= 1_400);

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
pub struct Engine<'a> {
    model: Model<'a>,
    scratch: Scratch,
}

/// The one scratch arena. Layers write to its halves in turn, so a half is free again two layers later.
#[derive(Clone, Debug)]
struct Scratch {
    /// The first pool's output, 12x12x6, then fc1's 120.
    first: [u8; POOL1_LEN],
    /// The second pool's output, 4x4x16, then fc2's 84.
    second: [u8; POOL2_LEN],
}

impl<'a> Engine<'a> {
    /// An engine for `model`.
    pub const fn new(model: Model<'a>) -> Self {
        Self { model, scratch: Scratch { first: [0; POOL1_LEN], second: [0; POOL2_LEN] } }
    }

    /// The model that the engine runs.
    pub const fn model(&self) -> &Model<'a> {
        &self.model
    }

    /// Classifies one 28x28 picture: grey levels row by row, 0 for paper to 255 for ink. Any picture gives the
    /// same ten logits on every core; nothing is kept from one call to the next.
    pub fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> Prediction {
        let Model { conv1, conv2, fc1, fc2, fc3, .. } = &self.model;
        let Scratch { first, second } = &mut self.scratch;
        let mut logits = [0; CLASSES];

        kernel::conv_pool(conv1, must_cast_ref::<_, Grey>(image), must_cast_mut::<_, Pool1>(first));
        kernel::conv_pool(conv2, must_cast_ref::<_, Pool1>(first), must_cast_mut::<_, Pool2>(second));
        kernel::dense(fc1, second, prefix(first));
        kernel::dense(fc2, prefix(first), prefix(second));
        kernel::logits(fc3, prefix(second), &mut logits);

        Prediction::new(logits, self.model.confidence)
    }
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
