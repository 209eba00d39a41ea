//! The tensor types of the operations.

use dfdx::nn::modules::Linear;
use dfdx::prelude::{Const, Cpu, Tensor};
use lenet_core::shape::{CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, IMAGE_PIXELS, POOL2_LEN};

/// The pixels of a batch: images x 784, row by row; 0 to 1, or 0 to 255 in an integer network.
pub type Pixels = Tensor<(usize, Const<IMAGE_PIXELS>), f32, Cpu>;
/// The features after both convolutional blocks: images x 256, channel by channel (CHW), as PyTorch flattens them.
pub type Features<T> = Tensor<(usize, Const<POOL2_LEN>), f32, Cpu, T>;

/// A batch of vectors: images x `LEN`.
pub type Batch<const LEN: usize, T> = Tensor<(usize, Const<LEN>), f32, Cpu, T>;

/// The two convolutional layers.
pub struct ConvLayers<'a> {
    /// The first convolution, with weights of 6 x 1 x 5 x 5.
    pub conv1: &'a Linear<CONV1_TAPS, CONV1_CHANNELS, f32, Cpu>,
    /// The second convolution, with weights of 16 x 6 x 5 x 5.
    pub conv2: &'a Linear<CONV2_TAPS, CONV2_CHANNELS, f32, Cpu>,
}
