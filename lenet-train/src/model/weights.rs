//! The trained parameters as plain numbers: what the f32 network hands to the checkpoint and the quantizer.

use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN,
};

/// One layer's parameters, in PyTorch's layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affine {
    /// Convolution: `[output][input channel][row][column]`; fully connected: `[output][input]`.
    pub weight: Vec<f32>,
    /// One for each output.
    pub bias: Vec<f32>,
}

/// All parameters of the network. The inputs of `fc1` count channel by channel (CHW), as PyTorch flattens.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatWeights {
    /// 6 x 1 x 5 x 5.
    pub conv1: Affine,
    /// 16 x 6 x 5 x 5.
    pub conv2: Affine,
    /// 120 x 256.
    pub fc1: Affine,
    /// 84 x 120.
    pub fc2: Affine,
    /// classes x 84.
    pub fc3: Affine,
}

/// Names of the five layers, in the order of the network.
pub const LAYERS: [&str; 5] = ["conv1", "conv2", "fc1", "fc2", "fc3"];

/// Outputs and weights per output of the [`LAYERS`] of a network of so many classes.
pub const fn layer_shapes(classes: usize) -> [[usize; 2]; LAYERS.len()] {
    [
        [CONV1_CHANNELS, CONV1_TAPS],
        [CONV2_CHANNELS, CONV2_TAPS],
        [FC1_OUTPUTS, POOL2_LEN],
        [FC2_OUTPUTS, FC1_OUTPUTS],
        [classes, FC2_OUTPUTS],
    ]
}

impl FloatWeights {
    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.fc3.bias.len()
    }

    /// The layers in the order of [`LAYERS`].
    pub fn layers(&self) -> [&Affine; 5] {
        [&self.conv1, &self.conv2, &self.fc1, &self.fc2, &self.fc3]
    }

    /// The layers in the order of [`LAYERS`], to be changed.
    pub fn layers_mut(&mut self) -> [&mut Affine; 5] {
        [&mut self.conv1, &mut self.conv2, &mut self.fc1, &mut self.fc2, &mut self.fc3]
    }
}
