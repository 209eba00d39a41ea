//! Augmentation on the fly: each image is warped anew whenever it is trained on.
//!
//! What becomes of an image is a function of the settings, the seed, the epoch and the image's place in the set, so that
//! it does not depend on the number of threads, and a resumed run needs no state. The CPU changes images byte by byte before
//! they are uploaded; a GPU changes those that it keeps, by operations that may rarely give a pixel one level more or less.

mod on_device;
mod stroke;
#[cfg(test)]
mod tests;
mod warp;

pub(crate) use on_device::{Bordered, DeviceAugment};

use crate::backend::cpu::simd::{self, Kernel, Simd};
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use warp::Warp;

/// Blank pixels added on each side of a [`Padded`] image.
const BORDER: usize = 2;
/// Side of a [`Padded`] image.
const PADDED_SIDE: usize = IMAGE_SIDE + 2 * BORDER;

/// An image with a blank border, row by row.
type Padded = [u8; PADDED_SIDE * PADDED_SIDE];

/// How far an image may be changed: the largest magnitude of each change, which is drawn evenly up to it in both
/// directions. 0 leaves that change out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Augment {
    /// Rotation about the centre, in degrees.
    pub rotation: f64,
    /// Shift along each axis, in pixels.
    pub shift: f64,
    /// Change of the size along each axis, as a fraction of it.
    pub scale: f64,
    /// Horizontal shear: columns that a row moves for each row that it lies above the centre.
    pub shear: f64,
    /// Elastic distortion: displacement along each axis, in pixels, of the control points of a smooth field (a quadratic
    /// B-spline on 5x5 points).
    pub elastic: f64,
    /// Stroke width: the share, 0 to 1, of the image that its dilation (or erosion) by one pixel replaces.
    pub stroke: f64,
}

impl Augment {
    /// No change at all.
    pub const OFF: Self =
        Self { rotation: 0.0, shift: 0.0, scale: 0.0, shear: 0.0, elastic: 0.0, stroke: 0.0 };

    /// The image as epoch `epoch` sees it; `index` is its place in the training images.
    pub fn apply(&self, image: &[u8; IMAGE_PIXELS], seed: u64, epoch: u32, index: u32) -> [u8; IMAGE_PIXELS] {
        if *self == Self::OFF {
            return *image;
        }
        let Change { warp, stroke } = &self.draw(seed, epoch, index);
        simd::dispatch(Augmentation { image, stroke: *stroke, warp })
    }

    /// What becomes of the image at `index` in epoch `epoch`.
    pub(crate) fn draw(&self, seed: u64, epoch: u32, index: u32) -> Change {
        let mut draws = Draws::new(seed, epoch, index);
        Change { warp: Warp::draw(self, &mut draws), stroke: draws.within(self.stroke) }
    }
}

/// What becomes of one image in one epoch.
pub(crate) struct Change {
    warp: Warp,
    /// The share that its dilation replaces; below 0, minus the share that its erosion does.
    stroke: f32,
}

/// Numbers drawn for one image of one epoch.
struct Draws(ChaCha8Rng);

impl Draws {
    fn new(seed: u64, epoch: u32, index: u32) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        // Keeps the stream apart from those that other users of the same seed draw from.
        key[8..15].copy_from_slice(b"augment");
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(u64::from(epoch) << 32 | u64::from(index));
        Draws(stream)
    }

    /// Evenly between `-limit` and `limit`.
    fn within(&mut self, limit: f64) -> f32 {
        limit as f32 * (self.0.next_u32() as i32 as f32 / 2_f32.powi(31))
    }
}

/// The changes of one image, compiled for this machine's vectors. There is no multiply-add, so that every machine gives
/// the same image.
struct Augmentation<'a> {
    image: &'a [u8; IMAGE_PIXELS],
    stroke: f32,
    warp: &'a Warp,
}

impl Kernel for Augmentation<'_> {
    type Output = [u8; IMAGE_PIXELS];

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> [u8; IMAGE_PIXELS] {
        let mut padded = padded(self.image);
        if self.stroke != 0.0 {
            padded = stroke::widen(&padded, self.stroke);
        }
        self.warp.apply(&padded)
    }
}

/// The image with its border.
#[inline(always)]
pub(crate) fn padded(image: &[u8; IMAGE_PIXELS]) -> Padded {
    let mut padded = [0; PADDED_SIDE * PADDED_SIDE];
    for (row, pixels) in image.chunks_exact(IMAGE_SIDE).enumerate() {
        padded[(row + BORDER) * PADDED_SIDE + BORDER..][..IMAGE_SIDE].copy_from_slice(pixels);
    }
    padded
}
