//! The same augmentation from dfdx's own operations, for every device: what a GPU runs.
//!
//! The host draws what becomes of each image and uploads that, some 60 numbers an image. Where the pixels read the original
//! is then one matrix product an axis: those numbers times a basis that is the same for every image. Bilinear
//! interpolation is a product too: a pixel that reads the original at `(x, y)` takes row `r` and column `c` of it by
//! the weights `max(0, 1 - |y - r|)` and `max(0, 1 - |x - c|)`, of which at most two along each axis are not 0.
//!
//! Coordinates are rounded as on the host, from there on all numbers are integers below 2^24, and so exact. Only a
//! coordinate's own sum is in another order than the host's, so that it may rarely round to the next 1/256 of a pixel.

use super::warp::{COEFFICIENTS, UNIT, basis};
use super::{Augment, BORDER, Change, PADDED_SIDE, stroke};
use crate::backend::Pixels;
use crate::backend::dfdx_ops::rounding::{floor, nearest};
use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, Const, Device, GatherTo, HasShape, ReshapeTo, SumTo, Tensor, TryAdd, TryMatMul,
    TryMul, TrySub,
};
use lenet_core::shape::IMAGE_PIXELS;

/// Steps of a coordinate between two pixels.
const STEPS: f32 = UNIT as f32;
/// Pixels of an image with its blank border.
const PADDED_PIXELS: usize = PADDED_SIDE * PADDED_SIDE;

/// Grey levels, 0 to 255, of images with their blank border: images x 1024.
pub(crate) type Bordered<D> = Tensor<(usize, usize), f32, D>;
/// Grey levels of images: images x 784.
type Levels<D> = Pixels<D>;
/// A weight of each column, or row, of a bordered image for each pixel: images x 784 x 32.
type Weights<D> = Tensor<(usize, Const<IMAGE_PIXELS>, usize), f32, D>;

/// What augments images on a device, made once.
pub(crate) struct DeviceAugment<D: Device<f32>> {
    /// Coefficients x pixels, in steps of the coordinates.
    basis: Tensor<(usize, Const<IMAGE_PIXELS>), f32, D>,
    /// The coordinate of each row, or column, of an image with its border.
    positions: Tensor<(usize,), f32, D>,
    /// The place of each of the four neighbours of each pixel, where strokes change their width.
    neighbours: Option<[Tensor<(usize,), usize, D>; 4]>,
}

impl<D: Device<f32>> DeviceAugment<D> {
    /// What makes the changes that `augment` draws.
    ///
    /// # Errors
    ///
    /// Out of the device's memory.
    pub(crate) fn new(device: &D, augment: &Augment) -> Result<Self, D::Err> {
        let basis = (0..COEFFICIENTS * IMAGE_PIXELS)
            .map(|index| basis(index / IMAGE_PIXELS, index % IMAGE_PIXELS) * STEPS)
            .collect();
        let position = |index: usize| (index as f32 - BORDER as f32) * STEPS;
        // The neighbours of the border's outer pixels are some other blank pixels.
        let neighbour = |offset: usize| {
            let places = (0..PADDED_PIXELS).map(|place| (place + offset) % PADDED_PIXELS);
            device.try_tensor_from_vec(places.collect(), (PADDED_PIXELS,))
        };
        let neighbours = || {
            let (left, above) = (PADDED_PIXELS - 1, PADDED_PIXELS - PADDED_SIDE);
            Ok([neighbour(1)?, neighbour(left)?, neighbour(PADDED_SIDE)?, neighbour(above)?])
        };
        Ok(DeviceAugment {
            basis: device.try_tensor_from_vec(basis, (COEFFICIENTS, Const))?,
            positions: device
                .try_tensor_from_vec((0..PADDED_SIDE).map(position).collect(), (PADDED_SIDE,))?,
            neighbours: (augment.stroke > 0.0).then(neighbours).transpose()?,
        })
    }

    /// The images, each changed by its change.
    ///
    /// # Errors
    ///
    /// What the device reports.
    pub(crate) fn apply(&self, images: Bordered<D>, changes: &[Change]) -> Result<Levels<D>, D::Err> {
        let images = match &self.neighbours {
            Some(neighbours) => widen(images, neighbours, changes)?,
            None => images,
        };
        let images = images.try_reshape_like(&(changes.len(), PADDED_SIDE, PADDED_SIDE))?;
        let rows = self.weights(1, changes)?.try_matmul(images)?;
        let sums: Levels<D> = rows.try_mul(self.weights(0, changes)?)?.try_sum::<_, Axis<2>>()?;
        floor(sums.try_mul(1.0 / (STEPS * STEPS))?.try_add(0.5)?)
    }

    /// Minus the weight of each column (`axis` 0) or row (1) for each pixel, in steps: the two signs cancel out.
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

/// The rule of the stroke's width: a share of each image is replaced by its dilation or its erosion.
fn widen<D: Device<f32>>(
    images: Bordered<D>,
    neighbours: &[Tensor<(usize,), usize, D>; 4],
    changes: &[Change],
) -> Result<Bordered<D>, D::Err> {
    let (device, shape) = (images.device().clone(), *images.shape());
    let (mut largest, mut least) = (images.clone(), images.clone());
    for places in neighbours {
        let places = places.clone().try_broadcast_like::<_, Axis<0>>(&shape)?;
        let neighbour: Bordered<D> = images.clone().try_gather(places)?;
        largest = largest.try_maximum(neighbour.clone())?;
        least = least.try_minimum(neighbour)?;
    }
    let blend = |extreme: Bordered<D>, sign: f32| {
        let share = |change: &Change| f32::from(stroke::share(sign * change.stroke)) / stroke::UNIT;
        let shares = device.try_tensor_from_vec(changes.iter().map(share).collect(), (changes.len(),))?;
        extreme.try_sub(images.clone())?.try_mul(shares.try_broadcast_like::<_, Axis<1>>(&shape)?)
    };
    floor(images.clone().try_add(blend(largest, 1.0)?)?.try_add(blend(least, -1.0)?)?)
}
