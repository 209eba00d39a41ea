//! The kernels that work on the parameters.

use super::Kernels;
use crate::backend::cuda::{CudaError, Slice};

/// Words of the quantization of an output channel's weights: scale and unit (f64), rounding (i64), the places of its first
/// weight and of its bias, the number of its weights, the step, the largest magnitude, and the largest input.
pub(crate) const SCALE_WORDS: usize = 12;
/// Numbers per output channel for the gradients: 1 / scale, 1 / unit, and the largest weight that is not clipped.
pub(crate) const ROW_GRADIENT_NUMBERS: usize = 3;

/// The arrays of an update, one number each per parameter.
#[derive(Clone, Copy)]
pub(crate) struct Updated<'a> {
    /// Twice the number of the parameter's output channel, plus 1 for a bias.
    pub(crate) rows: Slice<'a, u32>,
    pub(crate) gradients: Slice<'a, f32>,
    /// Numbers per output channel, in quantization-aware training.
    pub(crate) quantized: Option<Slice<'a, f32>>,
    pub(crate) parameters: Slice<'a, f32>,
    pub(crate) first: Slice<'a, f32>,
    pub(crate) second: Slice<'a, f32>,
    pub(crate) average: Option<Slice<'a, f32>>,
}

/// The numbers of an update.
#[derive(Clone, Copy)]
pub(crate) struct UpdateNumbers {
    pub(crate) is_adamw: bool,
    pub(crate) learning_rate: f32,
    /// For SGD, what is added to the gradient; for AdamW, times the learning rate; per unit of the weight.
    pub(crate) decay: f32,
    pub(crate) betas: [f32; 2],
    /// 1 / (1 - beta^steps).
    pub(crate) corrections: [f32; 2],
    pub(crate) epsilon: f32,
    /// The share of the average that stays, and that of the new parameters.
    pub(crate) average: [f32; 2],
}

impl Kernels {
    /// Updates all parameters, and their average.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn update(&self, arrays: Updated<'_>, numbers: UpdateNumbers) -> Result<(), CudaError> {
        let Updated { rows, gradients, quantized, parameters, first, second, average } = arrays;
        let count = parameters.len();
        assert!([gradients, first, second].iter().chain(&average).all(|array| array.len() == count));
        assert_eq!(rows.len(), count);
        let arguments = [
            usize::from(numbers.is_adamw).into(),
            count.into(),
            rows.into(),
            gradients.into(),
            quantized.into(),
            parameters.into(),
            first.into(),
            second.into(),
            average.into(),
            numbers.learning_rate.into(),
            numbers.decay.into(),
            numbers.betas[0].into(),
            numbers.betas[1].into(),
            numbers.corrections[0].into(),
            numbers.corrections[1].into(),
            numbers.epsilon.into(),
            numbers.average[0].into(),
            numbers.average[1].into(),
        ];
        self.update.launch([count.div_ceil(self.update.threads()), 1], &arguments)
    }

    /// Quantizes parameters to integers of type f32. Sets `failed` to 1 if one of them is not finite.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn quantize(
        &self,
        parameters: Slice<'_, f32>,
        scales: Slice<'_, u32>,
        integers: Slice<'_, f32>,
        failed: Slice<'_, u32>,
    ) -> Result<(), CudaError> {
        assert!(integers.len() == parameters.len() && failed.len() == 1);
        assert!(scales.len().is_multiple_of(SCALE_WORDS));
        let arguments = [parameters.into(), scales.into(), integers.into(), failed.into()];
        self.quantize.launch([scales.len() / SCALE_WORDS, 1], &arguments)
    }
}
