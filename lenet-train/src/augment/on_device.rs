//! Augmentation by dfdx's own operations, which run on every device. A GPU uses it.
//!
//! The host draws the change of each image and uploads its coefficients, about 60 numbers per image. The source coordinates
//! of all pixels are then one matrix product per axis: the coefficients times a basis that is the same for every image.
//! Bilinear interpolation is a matrix product too: a pixel sampled at `(x, y)` reads row `r` and column `c` of the original
//! with the weights `max(0, 1 - |y - r|)` and `max(0, 1 - |x - c|)`, of which at most two per axis are not 0.
//!
//! Coordinates are rounded to 1/256 of a pixel as on the host. From there on all numbers are integers below 2^24, so the
//! arithmetic is exact. Only the sum that gives a coordinate is added in another order than on the host, so in rare cases a
//! coordinate rounds to the neighboring step.

use super::warp::{COEFFICIENTS, STEPS_PER_PIXEL, basis};
use super::{Augment, BORDER, Change, PADDED_SIDE, stroke};
use crate::backend::Pixels;
use crate::backend::dfdx_ops::rounding::{floor, nearest};
use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Const, Device, GatherTo, HasShape, ReshapeTo, SumTo, Tensor, TryAdd, TryMatMul,
    TryMul, TrySub,
};
use lenet_core::shape::IMAGE_PIXELS;

/// Number of coordinate steps between two pixels.
const STEPS: f32 = STEPS_PER_PIXEL as f32;
/// Number of pixels of an image with its blank border.
const PADDED_PIXELS: usize = PADDED_SIDE * PADDED_SIDE;

/// Gray levels, 0 to 255, of images with their blank border: images x 1024.
pub(crate) type PaddedBatch<D> = Tensor<(usize, usize), f32, D>;
/// Gray levels, 0 to 255, of images: images x 784.
type Levels<D> = Pixels<D>;
/// The weight of each column (or row) of a padded image in each pixel: images x 784 x 32.
type Weights<D> = Tensor<(usize, Const<IMAGE_PIXELS>, usize), f32, D>;

/// The constants for augmentation on a device, uploaded once.
pub(crate) struct DeviceAugment<D: Device<f32>> {
    /// The basis functions, coefficients x pixels, in coordinate steps.
    basis: Tensor<(usize, Const<IMAGE_PIXELS>), f32, D>,
    /// The coordinate of each row (or column) of a padded image, in steps.
    positions: Tensor<(usize,), f32, D>,
    /// The indices of the four neighbors of each pixel, if the stroke width changes.
    neighbors: Option<[Tensor<(usize,), usize, D>; 4]>,
}

impl<D: Device<f32>> DeviceAugment<D> {
    /// Uploads the constants for the changes that `augment` draws.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub(crate) fn new(device: &D, augment: &Augment) -> Result<Self, D::Err> {
        let basis = (0..COEFFICIENTS * IMAGE_PIXELS)
            .map(|index| basis(index / IMAGE_PIXELS, index % IMAGE_PIXELS) * STEPS)
            .collect();
        let position = |index: usize| (index as f32 - BORDER as f32) * STEPS;
        // The outermost pixels wrap around to other pixels of the border, which are blank too.
        let neighbor = |offset: usize| {
            let indices = (0..PADDED_PIXELS).map(|index| (index + offset) % PADDED_PIXELS);
            device.try_tensor_from_vec(indices.collect(), (PADDED_PIXELS,))
        };
        let neighbors = || {
            let (left, above) = (PADDED_PIXELS - 1, PADDED_PIXELS - PADDED_SIDE);
            Ok([neighbor(1)?, neighbor(left)?, neighbor(PADDED_SIDE)?, neighbor(above)?])
        };
        Ok(DeviceAugment {
            basis: device.try_tensor_from_vec(basis, (COEFFICIENTS, Const))?,
            positions: device
                .try_tensor_from_vec((0..PADDED_SIDE).map(position).collect(), (PADDED_SIDE,))?,
            neighbors: (augment.stroke > 0.0).then(neighbors).transpose()?,
        })
    }

    /// Applies one change per image.
    ///
    /// # Errors
    ///
    /// Returns the device's error, for example out of memory.
    pub(crate) fn apply(&self, images: PaddedBatch<D>, changes: &[Change]) -> Result<Levels<D>, D::Err> {
        let images = match &self.neighbors {
            Some(neighbors) => change_width(images, neighbors, changes)?,
            None => images,
        };
        let images = images.try_reshape_like(&(changes.len(), PADDED_SIDE, PADDED_SIDE))?;
        let rows = self.weights(1, changes)?.try_matmul(images)?;
        let sums: Levels<D> = rows.try_mul(self.weights(0, changes)?)?.try_sum::<_, Axis<2>>()?;
        floor(sums.try_mul(1.0 / (STEPS * STEPS))?.try_add(0.5)?)
    }

    /// Returns the negated interpolation weight of each column (`axis` 0) or row (`axis` 1) for each pixel, in steps. In
    /// the product of both axes the signs cancel.
    fn weights(&self, axis: usize, changes: &[Change]) -> Result<Weights<D>, D::Err> {
        let coefficients = changes.iter().flat_map(|change| change.warp.coefficients(axis)).collect();
        let shape = (changes.len(), COEFFICIENTS);
        let coefficients = self.positions.device().try_tensor_from_vec(coefficients, shape)?;
        let sources = nearest(coefficients.try_matmul(self.basis.clone())?)?;
        let shape = (changes.len(), Const, PADDED_SIDE);
        let positions = self.positions.clone().try_broadcast_like::<_, Axes2<0, 1>>(&shape)?;
        let distances = sources.try_broadcast_like::<_, Axis<2>>(&shape)?.try_sub(positions)?.try_abs()?;
        distances.try_sub(STEPS)?.try_clamp(-STEPS, 0.0)
    }
}

/// Blends each image with its dilation or its erosion by one pixel.
fn change_width<D: Device<f32>>(
    images: PaddedBatch<D>,
    neighbors: &[Tensor<(usize,), usize, D>; 4],
    changes: &[Change],
) -> Result<PaddedBatch<D>, D::Err> {
    let (device, shape) = (images.device().clone(), *images.shape());
    let (mut largest, mut smallest) = (images.clone(), images.clone());
    for indices in neighbors {
        let indices = indices.clone().try_broadcast_like::<_, Axis<0>>(&shape)?;
        let neighbor: PaddedBatch<D> = images.clone().try_gather(indices)?;
        largest = largest.try_maximum(neighbor.clone())?;
        smallest = smallest.try_minimum(neighbor)?;
    }
    let blend = |extreme: PaddedBatch<D>, sign: f32| {
        let share = |change: &Change| f32::from(stroke::share(sign * change.stroke)) / stroke::SHARE_STEPS;
        let shares = device.try_tensor_from_vec(changes.iter().map(share).collect(), (changes.len(),))?;
        extreme.try_sub(images.clone())?.try_mul(shares.try_broadcast_like::<_, Axis<1>>(&shape)?)
    };
    floor(images.clone().try_add(blend(largest, 1.0)?)?.try_add(blend(smallest, -1.0)?)?)
}
