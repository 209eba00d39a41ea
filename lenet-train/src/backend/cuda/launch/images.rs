//! The kernels that read images: augmentation and convolutions.

use super::{Kernels, assert_requantizations};
use crate::backend::cuda::{CudaError, Slice};
use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, IMAGE_PIXELS, IMAGE_SIDE, POOL1_LEN, POOL2_LEN,
};

/// The parameters of both convolutions, which are the first of a network.
pub(crate) const CONV_PARAMETERS: usize =
    CONV1_CHANNELS * (CONV1_TAPS + 1) + CONV2_CHANNELS * (CONV2_TAPS + 1);
/// The largest number of rows of partial gradients.
pub(crate) const MAX_PARTS: usize = 256;
/// Words of the change of an image: 3 affine coefficients (f32) and 25 control points (f32) per axis, and the change of
/// the stroke width (i32).
pub(crate) const CHANGE_WORDS: usize = 57;
/// Numbers of the spline weights: 5 control points by the side of the image.
pub(crate) const SPLINE_NUMBERS: usize = 5 * IMAGE_SIDE;
/// The columns that a block of `sum_partial` adds.
const SUM_COLUMNS: usize = 32;

/// The images of a batch, as gray levels.
#[derive(Clone, Copy)]
pub(crate) struct Images<'a> {
    pub(crate) levels: Slice<'a, u8>,
    /// Which of `levels` each image of the batch is. `None` means the first ones.
    pub(crate) places: Option<Slice<'a, u32>>,
    /// The number of images in the batch.
    pub(crate) count: usize,
}

/// Both convolutions.
#[derive(Clone, Copy)]
pub(crate) struct Convolutions<'a> {
    pub(crate) parameters: Slice<'a, f32>,
    /// In an integer network.
    pub(crate) requantizations: Option<Slice<'a, u32>>,
    /// The gray level that counts as 1.
    pub(crate) white: f32,
}

/// The activations of both convolutional blocks, and the winners of their windows.
#[derive(Clone, Copy)]
pub(crate) struct Pooled<'a> {
    pub(crate) pooled1: Slice<'a, f32>,
    pub(crate) winners1: Slice<'a, u8>,
    pub(crate) pooled2: Slice<'a, f32>,
    pub(crate) winners2: Slice<'a, u8>,
}

impl Kernels {
    /// Writes the changed images to `changed`.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    ///
    /// # Panics
    ///
    /// Panics if the images have no places.
    pub(crate) fn augment(
        &self,
        images: Images<'_>,
        changes: Slice<'_, u32>,
        spline: Slice<'_, f32>,
        changed: Slice<'_, u8>,
    ) -> Result<(), CudaError> {
        let places = images.places.expect("places of the images to change");
        assert!(places.len() >= images.count && changes.len() >= images.count * CHANGE_WORDS);
        assert!(spline.len() == SPLINE_NUMBERS && changed.len() >= images.count * IMAGE_PIXELS);
        let arguments = [images.levels.into(), places.into(), changes.into(), spline.into(), changed.into()];
        self.augment.launch([images.count, 1], &arguments)
    }

    /// Runs both convolutional blocks.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn convolve(
        &self,
        images: Images<'_>,
        convolutions: Convolutions<'_>,
        pooled: Pooled<'_>,
    ) -> Result<(), CudaError> {
        assert_convolutions(images, convolutions, pooled);
        let Pooled { pooled1, winners1, pooled2, winners2 } = pooled;
        let arguments = [
            images.levels.into(),
            images.places.into(),
            convolutions.parameters.into(),
            convolutions.requantizations.into(),
            convolutions.white.into(),
            pooled1.into(),
            winners1.into(),
            pooled2.into(),
            winners2.into(),
        ];
        self.convolve.launch([images.count, 1], &arguments)
    }

    /// Writes the gradients of the parameters of both convolutional blocks to the first of `sums`, given those of their
    /// activations.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn convolve_backward(
        &self,
        images: Images<'_>,
        convolutions: Convolutions<'_>,
        pooled: Pooled<'_>,
        gradients: Slice<'_, f32>,
        partial: Slice<'_, f32>,
        sums: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        assert_convolutions(images, convolutions, pooled);
        let parts = images.count.min(MAX_PARTS);
        assert!(gradients.len() >= images.count * POOL2_LEN && partial.len() >= parts * CONV_PARAMETERS);
        assert!(sums.len() >= CONV_PARAMETERS);
        let arguments = [
            images.levels.into(),
            images.places.into(),
            convolutions.parameters.into(),
            convolutions.requantizations.into(),
            convolutions.white.into(),
            pooled.pooled1.into(),
            pooled.winners1.into(),
            pooled.winners2.into(),
            gradients.into(),
            images.count.into(),
            partial.into(),
        ];
        self.convolve_backward.launch([parts, 1], &arguments)?;
        let arguments = [partial.into(), parts.into(), CONV_PARAMETERS.into(), sums.into()];
        self.sum_partial.launch([CONV_PARAMETERS.div_ceil(SUM_COLUMNS), 1], &arguments)
    }
}

fn assert_convolutions(images: Images<'_>, convolutions: Convolutions<'_>, pooled: Pooled<'_>) {
    let Images { levels, places, count } = images;
    match places {
        Some(places) => assert!(places.len() >= count),
        None => assert!(levels.len() >= count * IMAGE_PIXELS),
    }
    assert!(convolutions.parameters.len() >= CONV_PARAMETERS);
    assert_requantizations(convolutions.requantizations, CONV1_CHANNELS + CONV2_CHANNELS);
    assert!(pooled.pooled1.len() >= count * POOL1_LEN && pooled.winners1.len() >= count * POOL1_LEN);
    assert!(pooled.pooled2.len() >= count * POOL2_LEN && pooled.winners2.len() >= count * POOL2_LEN);
}
