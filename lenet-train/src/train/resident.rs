//! Training images that stay on the device, where each step gathers its own and augments them.

use crate::augment::{Augment, Change, DeviceAugment, PaddedBatch, padded};
use crate::backend::{Backend, Pixels};
use crate::model::network::MAX_GRAY_LEVEL;
use dfdx::prelude::{Const, Device, GatherTo, ReshapeTo, Tensor, TryDiv};
use lenet_core::shape::IMAGE_PIXELS;

/// All training images of a run on its device.
pub(super) enum ResidentImages<D: Backend> {
    /// Grey levels, images x 784.
    Plain(Tensor<(usize, usize), f32, D>),
    /// With their border, and what augments them.
    Augmented(PaddedBatch<D>, DeviceAugment<D>),
}

impl<D: Backend> ResidentImages<D> {
    /// Uploads the images that `augment` is to change.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(super) fn new(device: &D, images: &[[u8; IMAGE_PIXELS]], augment: &Augment) -> Result<Self, D::Err> {
        if *augment == Augment::OFF {
            return Ok(Self::Plain(levels(device, images.iter().copied(), images.len())?));
        }
        let bordered = levels(device, images.iter().map(padded), images.len())?;
        Ok(Self::Augmented(bordered, DeviceAugment::new(device, augment)?))
    }

    /// The images at `places`, each changed by its change where they are augmented.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub(super) fn pixels(&self, places: &[u32], changes: &[Change]) -> Result<Pixels<D>, D::Err> {
        let levels = match self {
            Self::Plain(images) => gather(images, places)?.try_reshape_like(&(places.len(), Const))?,
            Self::Augmented(images, augment) => augment.apply(gather(images, places)?, changes)?,
        };
        levels.try_div(MAX_GRAY_LEVEL)
    }
}

fn levels<const LEN: usize, D: Device<f32>>(
    device: &D,
    images: impl Iterator<Item = [u8; LEN]>,
    len: usize,
) -> Result<Tensor<(usize, usize), f32, D>, D::Err> {
    device.try_tensor_from_vec(images.flatten().map(f32::from).collect(), (len, LEN))
}

fn gather<D: Device<f32>>(
    images: &Tensor<(usize, usize), f32, D>,
    places: &[u32],
) -> Result<Tensor<(usize, usize), f32, D>, D::Err> {
    let indices = places.iter().map(|&place| place as usize).collect();
    images.clone().try_gather(images.device().try_tensor_from_vec(indices, (places.len(),))?)
}
