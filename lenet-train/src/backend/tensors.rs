//! The tensors that a back end takes and gives.

use dfdx::nn::modules::Linear;
use dfdx::prelude::{Const, Device, Tensor};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, IMAGE_PIXELS, POOL2_LEN};

/// A batch of images: batch x 784 pixels, row by row, 0 to 1.
pub type Pixels<D> = Tensor<(usize, Const<IMAGE_PIXELS>), f32, D>;
/// batch x 256, channel by channel (CHW), as PyTorch flattens.
pub type Features<D, T> = Tensor<(usize, Const<POOL2_LEN>), f32, D, T>;

/// A batch of `LEN` numbers an image.
pub type Batch<const LEN: usize, D, T> = Tensor<(usize, Const<LEN>), f32, D, T>;

/// Both convolutions.
pub struct ConvLayers<'a, D: Device<f32>> {
    /// 6 x 1 x 5 x 5.
    pub conv1: &'a Linear<CONV1_TAPS, CONV1_CHANNELS, f32, D>,
    /// 16 x 6 x 5 x 5.
    pub conv2: &'a Linear<CONV2_TAPS, CONV2_CHANNELS, f32, D>,
}
