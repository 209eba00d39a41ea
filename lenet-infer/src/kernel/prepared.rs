//! The weights of a model, brought once into the order of this processor's kernels (feature `host`).
//!
//! This pays for whoever classifies many images with one model. The back ends that need such an order are behind one
//! type, so that the choice is made once and not per image.

use super::{Scratch, driver};
use lenet_core::Model;
use lenet_core::shape::IMAGE_PIXELS;
#[cfg(any(lenet_x86_64, lenet_device = "neon"))]
use std::boxed::Box;

#[cfg(lenet_device = "neon")]
use super::neon;
#[cfg(lenet_x86_64)]
use super::{avx2, avx512};

/// The weights of a model for the back end that this processor runs fastest.
pub(crate) struct Prepared(Weights);

enum Weights {
    #[cfg(lenet_x86_64)]
    Avx512(Box<avx512::Network>),
    #[cfg(lenet_x86_64)]
    Avx2(Box<avx2::Network>),
    #[cfg(lenet_device = "neon")]
    Neon(Box<neon::Network>),
    /// None: the back end of the target reads them as the file stores them.
    #[cfg(not(lenet_device = "neon"))]
    AsStored,
}

impl Prepared {
    /// Prepares the weights of `model`.
    pub(crate) fn new(model: &Model<'_>) -> Self {
        #[cfg(lenet_x86_64)]
        {
            let avx512 = || avx512::Network::new(model).map(Weights::Avx512);
            let avx2 = || avx2::Network::new(model).map(Weights::Avx2);
            if let Some(weights) = avx512().or_else(avx2) {
                return Self(weights);
            }
        }
        #[cfg(lenet_device = "neon")]
        return Self(Weights::Neon(neon::Network::new(model)));
        #[cfg(not(lenet_device = "neon"))]
        {
            let _ = model;
            Self(Weights::AsStored)
        }
    }

    /// The name of the back end: that of its module, and of the extension that it uses.
    pub(crate) const fn back_end(&self) -> &'static str {
        match &self.0 {
            #[cfg(lenet_x86_64)]
            Weights::Avx512(_) => "avx512",
            #[cfg(lenet_x86_64)]
            Weights::Avx2(_) => "avx2",
            #[cfg(lenet_device = "neon")]
            Weights::Neon(network) => network.name(),
            #[cfg(not(lenet_device = "neon"))]
            Weights::AsStored => "portable",
        }
    }

    /// Runs all layers on `image` and returns the logits, one per class. They lie in `scratch`. `model` is the one whose
    /// weights were prepared.
    pub(crate) fn classify<'s>(
        &self,
        model: &Model<'_>,
        image: &[u8; IMAGE_PIXELS],
        scratch: &'s mut Scratch,
    ) -> &'s [i32] {
        let image = bytemuck::must_cast_ref(image);
        match &self.0 {
            #[cfg(lenet_x86_64)]
            Weights::Avx512(network) => driver::classify(&**network, model, image, scratch),
            #[cfg(lenet_x86_64)]
            Weights::Avx2(network) => driver::classify(&**network, model, image, scratch),
            #[cfg(lenet_device = "neon")]
            Weights::Neon(network) => driver::classify(&**network, model, image, scratch),
            #[cfg(not(lenet_device = "neon"))]
            Weights::AsStored => driver::classify(scratch.device(), model, image, scratch),
        }
    }
}
