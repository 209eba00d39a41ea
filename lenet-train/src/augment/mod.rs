//! Data augmentation: random changes of the training images, drawn again for each epoch.
//!
//! The change of an image is a function of the settings, the seed, the epoch and the image's index in the training set.
//! So it does not depend on the number of threads, and a resumed run needs no saved state. The CPU changes the bytes of
//! an image. A GPU changes the images that it keeps in its memory, by the same operations, to the same gray levels.

mod stroke;
#[cfg(test)]
mod tests;
mod warp;
#[cfg(feature = "cuda")]
mod words;

#[cfg(feature = "cuda")]
pub(crate) use words::{CHANGE_WORDS, SPLINE_WEIGHTS};

use crate::backend::cpu::simd::{self, Kernel, Simd};
use crate::draws::Draws;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use serde::{Deserialize, Serialize};
use warp::Warp;

/// Width of the blank border of a [`Padded`] image, in pixels.
const BORDER: usize = 2;
/// Width and height of a [`Padded`] image, in pixels.
const PADDED_SIDE: usize = IMAGE_SIDE + 2 * BORDER;

/// An image with a blank border: 32 x 32 gray levels, row by row.
type Padded = [u8; PADDED_SIDE * PADDED_SIDE];

/// The limits of the random changes of an image.
///
/// Each change is drawn uniformly from minus its limit to its limit. 0 turns that change off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Augment {
    /// Rotation about the center, in degrees, 0 to 180.
    pub rotation: f64,
    /// Shift along each axis, in pixels, 0 to 28.
    pub shift: f64,
    /// Change of the size along each axis, as a fraction of the size, 0 to below 1.
    pub scale: f64,
    /// Horizontal shear: the columns that a row moves, per row of distance above the center; 0 to 10.
    pub shear: f64,
    /// Elastic distortion: displacement along each axis, in pixels, of each of the 5 x 5 control points of a quadratic
    /// B-spline; 0 to 28.
    pub elastic: f64,
    /// Stroke width: the share, 0 to 1, of the image that is replaced by its dilation or erosion by one pixel.
    pub stroke: f64,
}

impl Augment {
    /// No augmentation.
    pub const OFF: Self =
        Self { rotation: 0.0, shift: 0.0, scale: 0.0, shear: 0.0, elastic: 0.0, stroke: 0.0 };

    /// Returns the training image as it is changed in epoch `epoch`. `index` is its position in the training set.
    pub fn apply(&self, image: &[u8; IMAGE_PIXELS], seed: u64, epoch: u32, index: u32) -> [u8; IMAGE_PIXELS] {
        if *self == Self::OFF {
            return *image;
        }
        let Change { warp, stroke } = &self.draw(seed, epoch, index);
        simd::dispatch(Augmentation { image, stroke: *stroke, warp })
    }

    /// Draws the change of the training image at `index` in epoch `epoch`.
    pub(crate) fn draw(&self, seed: u64, epoch: u32, index: u32) -> Change {
        let mut draws = Draws::new(seed, "augment", u64::from(epoch) << 32 | u64::from(index));
        Change { warp: Warp::draw(self, &mut draws), stroke: draws.within(self.stroke) }
    }
}

/// The random change of one image in one epoch.
pub(crate) struct Change {
    warp: Warp,
    /// The share of the image that is replaced: by its dilation if positive, by its erosion if negative; -1 to 1.
    stroke: f32,
}

/// The augmentation of one image, compiled for each instruction set. It uses no fused multiply-add, so that every machine
/// gives the same image.
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
            padded = stroke::change_width(&padded, self.stroke);
        }
        self.warp.apply(&padded)
    }
}

/// Adds the blank border to an image.
#[inline(always)]
fn padded(image: &[u8; IMAGE_PIXELS]) -> Padded {
    let mut padded = [0; PADDED_SIDE * PADDED_SIDE];
    for (row, pixels) in image.chunks_exact(IMAGE_SIDE).enumerate() {
        padded[(row + BORDER) * PADDED_SIDE + BORDER..][..IMAGE_SIDE].copy_from_slice(pixels);
    }
    padded
}
