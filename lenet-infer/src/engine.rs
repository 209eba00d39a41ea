//! The forward pass of a whole image.

use crate::kernel::{self, Scratch};
use crate::prediction::Prediction;
use core::fmt;
use lenet_core::Model;
use lenet_core::shape::IMAGE_PIXELS;

/// Bytes of RAM that an [`Engine`] holds for activations, beside the caller's image and the model.
pub const RAM_BYTES: usize = size_of::<Scratch>();

const _: () = assert!(RAM_BYTES <= if cfg!(lenet_device = "armv7em") { 1_124 } else { 700 });

/// A model with the scratch memory to run it.
///
/// Of the three types that classify it takes most memory, and leaves the image as it is. [`CompactEngine`](crate::CompactEngine)
/// is as fast in less, and [`Stream`](crate::Stream) takes an image that comes row by row.
///
/// The engine borrows the model, whose weights stay where they are, in flash. With
/// [`include_model!`](crate::include_model) the model itself is in flash too.
///
/// # Example
///
/// ```
/// use lenet_infer::{Engine, SHIPPED};
///
/// let mut engine = Engine::new(&SHIPPED.model);
/// let blank = [0; 784];
/// let prediction = engine.classify(&blank);
/// assert!(prediction.class < 10);
/// assert_eq!(prediction.logits.len(), 10);
/// ```
#[derive(Clone)]
pub struct Engine<'a> {
    model: &'a Model<'a>,
    scratch: Scratch,
}

impl<'a> Engine<'a> {
    /// An engine for `model`.
    #[must_use]
    pub const fn new(model: &'a Model<'a>) -> Self {
        Self { model, scratch: Scratch::new(model.conv2()) }
    }

    /// The model that the engine runs.
    #[must_use]
    pub const fn model(&self) -> &'a Model<'a> {
        self.model
    }

    /// Classifies one 28x28 image: gray levels row by row, 0 for paper to 255 for ink.
    ///
    /// An image gives the same logits on every core, whatever was classified before. The logits lie in the engine until
    /// the next call.
    pub fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> Prediction<'_> {
        let Self { model, scratch } = self;
        Prediction::new(kernel::classify(model, image, scratch), model.confidence())
    }
}

/// Without the activations, which mean nothing between two calls.
impl fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("model", self.model).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::SHIPPED;

    #[test]
    fn the_debug_text_of_an_engine_fits_on_a_screen() {
        let text = std::format!("{:#?}", Engine::new(&SHIPPED.model));
        assert!(text.lines().count() < 60 && text.contains("Int8(30720 bytes)"), "{text}");
    }
}
