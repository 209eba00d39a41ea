//! Training images in the device's memory. Each step gathers its batch from them and augments it there.

use super::images::TrainingImages;
use crate::augment::{Augment, Change, DeviceAugment, PaddedBatch, padded};
use crate::backend::{Backend, Pixels};
use crate::model::network::MAX_GRAY_LEVEL;
use dfdx::prelude::{Const, Device, GatherTo, ReshapeTo, Tensor, TryDiv};

/// All training images of a run, on its device.
pub(super) enum ResidentImages<D: Backend> {
    /// Images that are not augmented, as gray levels: images x 784.
    Plain(Tensor<(usize, usize), f32, D>),
    /// Images with a blank border, and the augmentation.
    Augmented(PaddedBatch<D>, DeviceAugment<D>),
}

impl<D: Backend> ResidentImages<D> {
    /// Uploads the images and the constants for `augment`.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub(super) fn new(device: &D, images: &TrainingImages<'_>, augment: &Augment) -> Result<Self, D::Err> {
        if *augment == Augment::OFF {
            return Ok(Self::Plain(levels(device, images.iter().copied(), images.len())?));
        }
        let bordered = levels(device, images.iter().map(padded), images.len())?;
        Ok(Self::Augmented(bordered, DeviceAugment::new(device, augment)?))
    }

    /// Returns the images at `indices` as pixels from 0 to 1, each with its augmentation, if there is any.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub(super) fn pixels(&self, indices: &[u32], changes: &[Change]) -> Result<Pixels<D>, D::Err> {
        let levels = match self {
            Self::Plain(images) => gather(images, indices)?.try_reshape_like(&(indices.len(), Const))?,
            Self::Augmented(images, augment) => augment.apply(gather(images, indices)?, changes)?,
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
    indices: &[u32],
) -> Result<Tensor<(usize, usize), f32, D>, D::Err> {
    let positions = indices.iter().map(|&index| index as usize).collect();
    images.clone().try_gather(images.device().try_tensor_from_vec(positions, (indices.len(),))?)
}
