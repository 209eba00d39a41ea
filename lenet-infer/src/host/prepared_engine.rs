//! An engine for many images.

use core::fmt;

use lenet_core::Model;
use lenet_core::shape::IMAGE_PIXELS;

use crate::Prediction;
use crate::kernel::{Prepared, Scratch};

/// An [`Engine`](crate::Engine) for many images: it brings the weights of its model once into the order in which this
/// processor multiplies them.
///
/// The logits are those of `Engine`, to the last bit. It is several times as fast on an x86-64 processor with AVX-512 and
/// VNNI, where it holds a copy of the weights on the heap, about 50 kB, and somewhat faster with AVX2 and on 64-bit Arm.
/// Making one takes as long as a few images.
///
/// # Example
///
/// ```
/// use lenet_infer::SHIPPED;
/// use lenet_infer::host::PreparedEngine;
///
/// let mut engine = PreparedEngine::new(&SHIPPED.model);
/// for image in [[0; 784], [255; 784]] {
///     assert!(engine.classify(&image).class < 10);
/// }
/// println!("by the kernels for {}", engine.back_end());
/// ```
pub struct PreparedEngine<'a> {
    model: &'a Model<'a>,
    prepared: Prepared,
    scratch: Scratch,
}

impl<'a> PreparedEngine<'a> {
    /// Prepares the weights of `model`.
    #[must_use]
    pub fn new(model: &'a Model<'a>) -> Self {
        Self { model, prepared: Prepared::new(model), scratch: Scratch::new(model.conv2()) }
    }

    /// The model that the engine runs.
    #[must_use]
    pub const fn model(&self) -> &'a Model<'a> {
        self.model
    }

    /// The name of the kernels that were chosen for this processor: `avx512`, `avx2`, `neon-dotprod`, `neon` or `portable`.
    #[must_use]
    pub const fn back_end(&self) -> &'static str {
        self.prepared.back_end()
    }

    /// Classifies one 28x28 image: gray levels row by row, 0 for paper to 255 for ink.
    ///
    /// An image gives the same logits on every core, whatever was classified before. The logits lie in the engine until
    /// the next call.
    pub fn classify(&mut self, image: &[u8; IMAGE_PIXELS]) -> Prediction<'_> {
        let Self { model, prepared, scratch } = self;
        Prediction::new(prepared.classify(model, image, scratch), model.confidence())
    }
}

/// Without the weights and the activations.
impl fmt::Debug for PreparedEngine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let back_end = self.back_end();
        f.debug_struct("PreparedEngine")
            .field("model", self.model)
            .field("back_end", &back_end)
            .finish_non_exhaustive()
    }
}
