//! The weights of a model, brought once into the order of this processor's kernels (feature `host`).
//!
//! This pays for whoever classifies many images with one model. The back ends that need such an order are behind one
//! type, so that the choice is made once and not per image.

#[cfg(any(lenet_x86_64, lenet_device = "neon"))]
mod network;

#[cfg(lenet_device = "neon")]
use super::neon::Neon;
use super::{Scratch, driver};
#[cfg(lenet_x86_64)]
use super::{avx2::Avx2, avx512};
use lenet_core::Model;
use lenet_core::shape::IMAGE_PIXELS;
#[cfg(any(lenet_x86_64, lenet_device = "neon"))]
pub(super) use network::Network;
#[cfg(any(lenet_x86_64, lenet_device = "neon"))]
use std::boxed::Box;

/// The weights of a model for the back end that this processor runs fastest.
pub(crate) struct Prepared {
    weights: Weights,
    back_end: &'static str,
}

enum Weights {
    #[cfg(lenet_x86_64)]
    Avx512(Box<avx512::Network>),
    #[cfg(lenet_x86_64)]
    Avx2(Box<Network<Avx2>>),
    #[cfg(lenet_device = "neon")]
    Neon(Box<Network<Neon>>),
    /// None: the back end of the target reads them as the file stores them.
    #[cfg(not(lenet_device = "neon"))]
    AsStored,
}

impl Prepared {
    /// Prepares the weights of `model`.
    pub(crate) fn new(model: &Model<'_>) -> Self {
        #[cfg(lenet_x86_64)]
        {
            if let Some(network) = avx512::Network::new(model) {
                return Self { weights: Weights::Avx512(network), back_end: "avx512" };
            }
            if let Some(avx2) = Avx2::detect() {
                return Self { weights: Weights::Avx2(Network::new(avx2, model)), back_end: "avx2" };
            }
        }
        #[cfg(lenet_device = "neon")]
        return Self { weights: Weights::Neon(Network::new(Neon, model)), back_end: Neon.name() };
        #[cfg(not(lenet_device = "neon"))]
        {
            let _ = model;
            Self { weights: Weights::AsStored, back_end: "portable" }
        }
    }

    /// The name of the back end: that of its module, and of the extension that it uses.
    pub(crate) const fn back_end(&self) -> &'static str {
        self.back_end
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
        match &self.weights {
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
