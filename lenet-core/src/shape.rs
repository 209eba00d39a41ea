//! The shape of the network: the only place that states its sizes. Everything else is derived from them.
//!
//! ```text
//! 1x28x28 -> conv 5x5, 6 ch -> 24x24 -> pool 2x2 -> 12x12 -> conv 5x5, 16 ch -> 8x8 -> pool 2x2 -> 4x4
//!         -> 256 -> 120 -> 84 -> 10 logits
//! ```
//!
//! Convolutions are valid (no padding) with stride 1. Pools take the maximum of disjoint 2x2 windows. Activations lie
//! row by row, with the channels of one position side by side (HWC).

/// Rows and columns of the image.
pub const IMAGE_SIDE: usize = 28;
/// Channels of the image: one, of gray levels.
pub const IMAGE_CHANNELS: usize = 1;
/// Rows and columns of each convolution kernel.
pub const KERNEL_SIDE: usize = 5;
/// Rows and columns of each max-pooling window, which are also its stride.
pub const POOL_SIDE: usize = 2;
/// Output channels of the first convolution.
pub const CONV1_CHANNELS: usize = 6;
/// Output channels of the second convolution.
pub const CONV2_CHANNELS: usize = 16;
/// Outputs of the first fully-connected layer.
pub const FC1_OUTPUTS: usize = 120;
/// Outputs of the second fully-connected layer.
pub const FC2_OUTPUTS: usize = 84;
/// Classes of the shipped models, and so their logits. A model may have any number from 2 to 64.
pub const CLASSES: usize = 10;
/// The smallest number of classes that a model can have.
pub const MIN_CLASSES: usize = 2;
/// The largest number of classes that a model can have.
pub const MAX_CLASSES: usize = 64;

/// Pixels of one image.
pub const IMAGE_PIXELS: usize = IMAGE_SIDE * IMAGE_SIDE * IMAGE_CHANNELS;
/// Rows and columns after the first convolution.
pub const CONV1_SIDE: usize = IMAGE_SIDE - KERNEL_SIDE + 1;
/// Rows and columns after the first pool.
pub const POOL1_SIDE: usize = CONV1_SIDE / POOL_SIDE;
/// Rows and columns after the second convolution.
pub const CONV2_SIDE: usize = POOL1_SIDE - KERNEL_SIDE + 1;
/// Rows and columns after the second pool.
pub const POOL2_SIDE: usize = CONV2_SIDE / POOL_SIDE;

/// Weights per output channel of the first convolution: 5x5x1.
pub const CONV1_TAPS: usize = KERNEL_SIDE * KERNEL_SIDE * IMAGE_CHANNELS;
/// Weights per output channel of the second convolution: 5x5x6.
pub const CONV2_TAPS: usize = KERNEL_SIDE * KERNEL_SIDE * CONV1_CHANNELS;
/// Pairs of output channels of the first convolution. A file stores weights pair by pair.
pub const CONV1_PAIRS: usize = CONV1_CHANNELS / 2;
/// Pairs of output channels of the second convolution.
pub const CONV2_PAIRS: usize = CONV2_CHANNELS / 2;
/// Activations after the first pool, the inputs of the second convolution.
pub const POOL1_LEN: usize = POOL1_SIDE * POOL1_SIDE * CONV1_CHANNELS;
/// Activations after the second pool, the inputs of the first fully-connected layer.
pub const POOL2_LEN: usize = POOL2_SIDE * POOL2_SIDE * CONV2_CHANNELS;

/// Weights of the four hidden layers.
const HIDDEN_WEIGHTS: usize = CONV1_TAPS * CONV1_CHANNELS
    + CONV2_TAPS * CONV2_CHANNELS
    + POOL2_LEN * FC1_OUTPUTS
    + FC1_OUTPUTS * FC2_OUTPUTS;
/// Multiply-accumulates of the two convolutions in one inference.
const CONV_MACS: usize = CONV1_SIDE * CONV1_SIDE * CONV1_CHANNELS * CONV1_TAPS
    + CONV2_SIDE * CONV2_SIDE * CONV2_CHANNELS * CONV2_TAPS;

/// Trained parameters of a network with `classes` classes: weights, and one bias per output channel.
///
/// ```
/// assert_eq!(lenet_core::shape::parameters(10), 44_426);
/// ```
#[must_use]
pub const fn parameters(classes: usize) -> usize {
    let biases = CONV1_CHANNELS + CONV2_CHANNELS + FC1_OUTPUTS + FC2_OUTPUTS + classes;
    HIDDEN_WEIGHTS + FC2_OUTPUTS * classes + biases
}

/// Multiply-accumulates of one inference with `classes` classes.
///
/// ```
/// assert_eq!(lenet_core::shape::macs(10), 281_640);
/// ```
#[must_use]
pub const fn macs(classes: usize) -> usize {
    CONV_MACS + POOL2_LEN * FC1_OUTPUTS + FC1_OUTPUTS * FC2_OUTPUTS + FC2_OUTPUTS * classes
}

const _: () = {
    assert!(CONV1_SIDE.is_multiple_of(POOL_SIDE) && CONV2_SIDE.is_multiple_of(POOL_SIDE));
    assert!(CONV1_CHANNELS.is_multiple_of(2) && CONV2_CHANNELS.is_multiple_of(2));
    assert!(POOL1_LEN == 864 && POOL2_LEN == 256);
    assert!(parameters(CLASSES) == 44_426);
    assert!(macs(CLASSES) == 281_640);
};
