//! The memory of a classification whose image comes row by row.
//!
//! It is one array of words: the ring of pooled rows of conv1, three rows of the features of conv2, and the rows of the
//! image that wait. The fourth row of features lies over those, because no row waits any more when conv2 computes it.

use super::driver::{FEATURES_WORDS, RING_WORDS, dense_layers_in, ring_and_features};
use super::{Backend, Device, Features, ImageRow, PATCH_SIDE, Ring, device};
use bytemuck::must_cast_mut;
use lenet_core::Model;
use lenet_core::model::Conv2;
use lenet_core::shape::{IMAGE_SIDE, POOL2_SIDE};

/// Rows of the image that wait for the one that completes a window.
pub(crate) const WAITING: usize = PATCH_SIDE - 1;

/// Words of a row of features, and of the rows of the image.
const FEATURE_ROW_WORDS: usize = FEATURES_WORDS / POOL2_SIDE;
const ROWS_WORDS: usize = WAITING * IMAGE_SIDE / 4;
/// Words in all.
const WORDS: usize = RING_WORDS + FEATURES_WORDS - FEATURE_ROW_WORDS + ROWS_WORDS;

const _: () = {
    assert!(IMAGE_SIDE.is_multiple_of(4) && FEATURES_WORDS.is_multiple_of(POOL2_SIDE));
    assert!(FEATURE_ROW_WORDS <= ROWS_WORDS);
};

/// The memory of a [`Stream`](crate::Stream).
#[derive(Clone)]
pub(crate) struct Memory {
    words: [i32; WORDS],
    /// The back end for the model.
    device: Device,
}

impl Memory {
    /// The memory to run a model with this second convolution.
    pub(crate) const fn new(conv2: &Conv2<'_>) -> Self {
        Self { words: [0; WORDS], device: device(conv2) }
    }

    /// The back end of the target for the model.
    #[inline(always)]
    pub(crate) const fn device(&self) -> Device {
        self.device
    }

    /// The ring of conv1's pooled rows, and the rows of the image that wait.
    #[inline(always)]
    pub(crate) fn ring_and_rows(&mut self) -> (&mut Ring<Device>, &mut [ImageRow; WAITING]) {
        let (ring, rest) = self.words.split_at_mut(RING_WORDS);
        match (ring.first_chunk_mut::<RING_WORDS>(), rest.last_chunk_mut::<ROWS_WORDS>()) {
            (Some(ring), Some(rows)) => (must_cast_mut(ring), must_cast_mut(rows)),
            _ => unreachable!(),
        }
    }

    /// The ring of conv1's pooled rows, and the features of conv2, of which the last row overlaps the rows of the image.
    #[inline(always)]
    pub(crate) fn ring_and_features(&mut self) -> (&mut Ring<Device>, &mut Features) {
        let (ring, features) = ring_and_features(&mut self.words);
        (must_cast_mut(ring), features)
    }
}

/// Runs the fully-connected layers on the features in `memory` and returns the logits, which lie there too.
#[inline(always)]
pub(super) fn dense_layers<'m>(
    backend: impl Backend,
    model: &Model<'_>,
    memory: &'m mut Memory,
) -> &'m [i32] {
    let (ring, features) = ring_and_features(&mut memory.words);
    dense_layers_in(backend, model, ring, must_cast_mut(features))
}
