//! The kernels of the fully-connected layers.

use super::{Kernels, assert_requantizations};
use crate::backend::cuda::{CudaError, Slice};

/// The side of the tiles that a block computes.
const TILE: usize = 16;

/// A fully-connected layer.
#[derive(Clone, Copy)]
pub(crate) struct Dense<'a> {
    pub(crate) weights: Slice<'a, f32>,
    pub(crate) biases: Slice<'a, f32>,
    /// In an integer network.
    pub(crate) requantizations: Option<Slice<'a, u32>>,
}

impl Dense<'_> {
    fn outputs(&self) -> usize {
        self.biases.len()
    }

    fn inputs(&self) -> usize {
        self.weights.len() / self.biases.len()
    }
}

/// What a layer's outputs are written to.
#[derive(Clone, Copy)]
pub(crate) enum Outputs<'a> {
    /// The activations of a hidden layer, and their slopes.
    Hidden { activations: Slice<'a, f32>, slopes: Slice<'a, f32> },
    /// The logits, as sums times the unit.
    Logits { logits: Slice<'a, f32>, unit: f32 },
}

impl Kernels {
    /// Runs a fully-connected layer on the inputs of `images` images.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn dense(
        &self,
        layer: Dense<'_>,
        images: usize,
        inputs: Slice<'_, f32>,
        outputs: Outputs<'_>,
    ) -> Result<(), CudaError> {
        let (inputs_len, outputs_len) = (layer.inputs(), layer.outputs());
        let (written, slopes, unit) = match outputs {
            Outputs::Hidden { activations, slopes } => (activations, Some(slopes), 1.0),
            Outputs::Logits { logits, unit } => (logits, None, unit),
        };
        assert!(inputs.len() >= images * inputs_len && written.len() >= images * outputs_len);
        assert!(slopes.is_none_or(|slopes| slopes.len() >= images * outputs_len));
        assert_requantizations(layer.requantizations, outputs_len);
        let arguments = [
            inputs.into(),
            layer.weights.into(),
            layer.biases.into(),
            layer.requantizations.into(),
            images.into(),
            inputs_len.into(),
            outputs_len.into(),
            unit.into(),
            written.into(),
            slopes.into(),
        ];
        self.dense.launch([images.div_ceil(TILE), outputs_len.div_ceil(TILE)], &arguments)
    }

    /// Writes the gradients of a layer's inputs, given those of its sums. `slopes` are those of the layer before.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn dense_inputs(
        &self,
        layer: Dense<'_>,
        images: usize,
        gradients: Slice<'_, f32>,
        slopes: Option<Slice<'_, f32>>,
        input_gradients: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let (inputs_len, outputs_len) = (layer.inputs(), layer.outputs());
        assert!(gradients.len() >= images * outputs_len && input_gradients.len() >= images * inputs_len);
        assert!(slopes.is_none_or(|slopes| slopes.len() >= images * inputs_len));
        let arguments = [
            gradients.into(),
            layer.weights.into(),
            slopes.into(),
            images.into(),
            inputs_len.into(),
            outputs_len.into(),
            input_gradients.into(),
        ];
        self.dense_inputs.launch([images.div_ceil(TILE), inputs_len.div_ceil(TILE)], &arguments)
    }

    /// Writes the gradients of a layer's parameters, given those of its sums. `layer` has the gradients in place of its
    /// parameters.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn dense_parameters(
        &self,
        layer: Dense<'_>,
        images: usize,
        gradients: Slice<'_, f32>,
        inputs: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let (inputs_len, outputs_len) = (layer.inputs(), layer.outputs());
        assert!(gradients.len() >= images * outputs_len && inputs.len() >= images * inputs_len);
        let arguments = [
            gradients.into(),
            inputs.into(),
            images.into(),
            inputs_len.into(),
            outputs_len.into(),
            layer.weights.into(),
            layer.biases.into(),
        ];
        let grid = [outputs_len.div_ceil(TILE), inputs_len.div_ceil(TILE)];
        self.dense_parameters.launch(grid, &arguments)
    }
}
