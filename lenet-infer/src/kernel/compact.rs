//! A classification in the memory of its image, which it overwrites.
//!
//! The memory is one array of words with the image at its end. The ring of pooled rows and the features of conv2 grow
//! from its start, over rows of the image that no layer reads any more: pooled row *p* of conv1 reads the image from row 2*p*
//! on. So what lies in front of the image, [`FRONT_WORDS`], is much less than the ring and the features take.

use super::driver::{
    FEATURES_WORDS, RING_WORDS, Rows, convolutions, dense_layers_in, place, ring_and_features,
};
use super::{Backend, Device, FeatureRow, ImageRow, PATCH_SIDE, Ring, device};
use bytemuck::{must_cast_mut, must_cast_ref};
use lenet_core::Model;
use lenet_core::model::Conv2;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE, POOL_SIDE, POOL1_SIDE, POOL2_SIDE};

/// Words of a pooled row of conv1, of two rows of the image, of six of them, and of the image.
const ROW_WORDS: usize = RING_WORDS / PATCH_SIDE;
const STEP_WORDS: usize = POOL_SIDE * IMAGE_SIDE / 4;
const PATCH_WORDS: usize = PATCH_SIDE * IMAGE_SIDE / 4;
const IMAGE_WORDS: usize = IMAGE_PIXELS / 4;
/// Words in front of the image.
const FRONT_WORDS: usize = front_words();
/// Words in all.
const WORDS: usize = FRONT_WORDS + IMAGE_WORDS;

const _: () = {
    assert!(RING_WORDS == ROW_WORDS * PATCH_SIDE && IMAGE_SIDE.is_multiple_of(4));
    assert!(ROW_WORDS <= FRONT_WORDS && RING_WORDS + FEATURES_WORDS <= WORDS);
    assert!(FRONT_WORDS + STEP_WORDS * (POOL1_SIDE - 1) + PATCH_WORDS == WORDS);
};

/// The least words in front of the image with which nothing is written over what is still read.
const fn front_words() -> usize {
    let (mut front, mut pooled) = (0, 0);
    while pooled < POOL1_SIDE {
        // While a row of conv1 is written, the image is read from row 2 p on. Later rows take the places of earlier ones.
        let rows = if pooled < PATCH_SIDE { pooled + 1 } else { PATCH_SIDE };
        front = larger(front, (ROW_WORDS * rows).saturating_sub(STEP_WORDS * pooled));
        pooled += 1;
    }
    let mut y = 0;
    while y < POOL2_SIDE {
        // Before a row of features is written, this many rows of conv1 have been.
        let pooled = POOL_SIDE * y + PATCH_SIDE;
        let written = RING_WORDS + FEATURES_WORDS / POOL2_SIDE * (y + 1);
        front = larger(front, written.saturating_sub(STEP_WORDS * pooled));
        y += 1;
    }
    front
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The memory of one classification, with its image.
#[derive(Clone)]
pub(crate) struct Memory {
    words: [i32; WORDS],
    /// The back end for the model.
    device: Device,
}

impl Memory {
    /// The memory to run a model with this second convolution, with a blank image.
    pub(crate) const fn new(conv2: &Conv2<'_>) -> Self {
        Self { words: [0; WORDS], device: device(conv2) }
    }

    /// The image, until the next classification.
    #[inline]
    pub(crate) fn image(&mut self) -> &mut [u8; IMAGE_PIXELS] {
        match self.words.last_chunk_mut::<IMAGE_WORDS>() {
            Some(image) => must_cast_mut(image),
            None => unreachable!(),
        }
    }

    /// The back end of the target for the model.
    #[inline(always)]
    pub(super) const fn device(&self) -> Device {
        self.device
    }
}

/// Runs all layers on the image in `memory`, which it overwrites, and returns the logits, which lie there too.
#[inline(always)]
pub(super) fn classify<'m, B: Backend>(backend: B, model: &Model<'_>, memory: &'m mut Memory) -> &'m [i32] {
    convolutions(backend, model, &mut Overlaid(&mut memory.words));
    let (ring, features) = ring_and_features(&mut memory.words);
    dense_layers_in(backend, model, ring, must_cast_mut(features))
}

/// The rows of activations that overwrite an image.
struct Overlaid<'a>(&'a mut [i32; WORDS]);

impl<B: Backend> Rows<B> for Overlaid<'_> {
    /// Clamped so that no bounds check is needed.
    #[inline(always)]
    fn first(&mut self, pooled: usize) -> (&mut B::Row, &[ImageRow; PATCH_SIDE]) {
        let image = FRONT_WORDS + STEP_WORDS * pooled.min(POOL1_SIDE - 1);
        let (written, image) = self.0.split_at_mut(image);
        let row = (ROW_WORDS * place(pooled)).min(written.len() - ROW_WORDS);
        match (written[row..].first_chunk_mut::<ROW_WORDS>(), image.first_chunk::<PATCH_WORDS>()) {
            (Some(row), Some(patch)) => (must_cast_mut(row), must_cast_ref(patch)),
            _ => unreachable!(),
        }
    }

    #[inline(always)]
    fn second(&mut self, y: usize) -> (&Ring<B>, &mut FeatureRow) {
        let (ring, features) = ring_and_features(self.0);
        (must_cast_ref(ring), &mut features[y.min(POOL2_SIDE - 1)])
    }
}
