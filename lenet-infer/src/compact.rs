//! The engine for the least memory: its activations overwrite its image.

use crate::kernel::{self, CompactMemory};
use crate::prediction::Prediction;
use core::fmt;
use lenet_core::Model;
use lenet_core::shape::IMAGE_PIXELS;

/// An engine that holds its image, and overwrites it while it classifies.
///
/// It gives the same logits as an [`Engine`](crate::Engine), at the same speed, and takes 528 bytes of RAM less than an
/// `Engine` and an image: with the stack 1.7 kB on a Cortex-M0, 2.0 kB on a Cortex-M4 and 1.8 kB on RV32IMC. The price is the
/// image, which is gone after a classification.
///
/// # Example
///
/// ```
/// use lenet_infer::{CompactEngine, Engine, SHIPPED};
///
/// let image = [90; 784];
/// let mut compact = CompactEngine::new(&SHIPPED.model);
/// *compact.image() = image;
/// assert_eq!(compact.classify(), Engine::new(&SHIPPED.model).classify(&image));
/// ```
#[derive(Clone)]
pub struct CompactEngine<'a> {
    model: &'a Model<'a>,
    memory: CompactMemory,
}

impl<'a> CompactEngine<'a> {
    /// Bytes of RAM for the image and all activations, beside the model.
    pub const RAM_BYTES: usize = size_of::<CompactMemory>();

    /// An engine for `model`, with a blank image.
    #[must_use]
    pub const fn new(model: &'a Model<'a>) -> Self {
        Self { model, memory: CompactMemory::new(model.conv2()) }
    }

    /// The model that the engine runs.
    #[must_use]
    pub const fn model(&self) -> &'a Model<'a> {
        self.model
    }

    /// The image to classify, 28x28 gray levels row by row, 0 for paper to 255 for ink.
    ///
    /// After [`classify`](Self::classify) its content means nothing, so write every pixel of the next image.
    pub fn image(&mut self) -> &mut [u8; IMAGE_PIXELS] {
        self.memory.image()
    }

    /// Classifies the image and overwrites it. The logits lie in the engine until the next call or the next image.
    pub fn classify(&mut self) -> Prediction<'_> {
        let Self { model, memory } = self;
        Prediction::new(kernel::classify_over(model, memory), model.confidence())
    }
}

const _: () = assert!(CompactEngine::RAM_BYTES <= if cfg!(lenet_device = "armv7em") { 1_380 } else { 948 });

/// Without the image and the activations.
impl fmt::Debug for CompactEngine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactEngine").field("model", self.model).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, SHIPPED, SHIPPED_INT4};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn an_engine_that_overwrites_its_image_gives_the_same_prediction(
            images in proptest::array::uniform2(proptest::array::uniform32(any::<[u8; 32]>())),
            int4 in any::<bool>(),
        ) {
            let model = if int4 { &SHIPPED_INT4.model } else { &SHIPPED.model };
            let (mut engine, mut compact) = (Engine::new(model), CompactEngine::new(model));
            for pixels in images {
                let image: &[u8; 784] = pixels.as_flattened().first_chunk().unwrap();
                *compact.image() = *image;
                prop_assert_eq!(compact.classify(), engine.classify(image));
            }
        }
    }
}
