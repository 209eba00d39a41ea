//! The f32 parameters of the network as plain numbers, for checkpoints, quantization and exchange.

use lenet_core::shape::{
    CONV1_CHANNELS, CONV1_TAPS, CONV2_CHANNELS, CONV2_TAPS, FC1_OUTPUTS, FC2_OUTPUTS, POOL2_LEN,
};

/// The parameters of one layer, in PyTorch's layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affine {
    /// The weights. Convolution: `[output][input channel][row][column]`; fully connected: `[output][input]`.
    pub weight: Vec<f32>,
    /// The biases, one per output.
    pub bias: Vec<f32>,
}

impl Affine {
    /// Returns whether no parameter is infinite or not a number.
    pub fn is_finite(&self) -> bool {
        self.weight.iter().chain(&self.bias).all(|number| number.is_finite())
    }
}

/// The parameters of all layers. The inputs of `fc1` are ordered channel by channel (CHW), as PyTorch flattens them.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatWeights {
    /// Weights: 6 x 1 x 5 x 5.
    pub conv1: Affine,
    /// Weights: 16 x 6 x 5 x 5.
    pub conv2: Affine,
    /// Weights: 120 x 256.
    pub fc1: Affine,
    /// Weights: 84 x 120.
    pub fc2: Affine,
    /// Weights: classes x 84.
    pub fc3: Affine,
}

/// The names of the five layers, in the order of the network.
pub const LAYERS: [&str; 5] = ["conv1", "conv2", "fc1", "fc2", "fc3"];

/// Returns the number of outputs and the number of weights per output of each of the [`LAYERS`].
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
    /// Returns the number of classes.
    pub fn classes(&self) -> usize {
        self.fc3.bias.len()
    }

    /// Returns the layers in the order of [`LAYERS`].
    pub fn layers(&self) -> [&Affine; 5] {
        [&self.conv1, &self.conv2, &self.fc1, &self.fc2, &self.fc3]
    }

    /// Returns the layers in the order of [`LAYERS`], mutably.
    pub fn layers_mut(&mut self) -> [&mut Affine; 5] {
        [&mut self.conv1, &mut self.conv2, &mut self.fc1, &mut self.fc2, &mut self.fc3]
    }

    /// Returns whether no parameter is infinite or not a number.
    pub fn is_finite(&self) -> bool {
        self.layers().iter().all(|layer| layer.is_finite())
    }
}
