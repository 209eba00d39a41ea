//! The kernels of the loss.

use super::Kernels;
use crate::backend::cuda::{CudaError, Slice};

/// A cross-entropy, as part of the loss.
#[derive(Clone, Copy)]
pub(crate) struct CrossEntropy<'a> {
    pub(crate) logits: Slice<'a, f32>,
    pub(crate) targets: Slice<'a, f32>,
    pub(crate) images: usize,
    pub(crate) temperature: f32,
    /// Its share of the loss.
    pub(crate) share: f32,
    /// The real value of one unit of the logits' sums.
    pub(crate) unit: f32,
    /// Whether its gradients are added to others.
    pub(crate) adds: bool,
}

impl Kernels {
    /// Adds a teacher's probabilities times its share, or sets them if it is the first.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn teach(
        &self,
        logits: Slice<'_, f32>,
        images: usize,
        temperature: f32,
        share: f32,
        first: bool,
        probabilities: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let classes = logits.len() / images;
        assert!(probabilities.len() >= logits.len() && logits.len() == images * classes);
        let arguments = [
            logits.into(),
            images.into(),
            classes.into(),
            temperature.into(),
            share.into(),
            usize::from(first).into(),
            probabilities.into(),
        ];
        self.teach.launch([images.div_ceil(self.teach.threads()), 1], &arguments)
    }

    /// Writes or adds the gradients of a cross-entropy for the sums of the logits.
    ///
    /// # Errors
    ///
    /// Returns the driver's error.
    pub(crate) fn cross_entropy(
        &self,
        loss: CrossEntropy<'_>,
        gradients: Slice<'_, f32>,
    ) -> Result<(), CudaError> {
        let CrossEntropy { logits, targets, images, temperature, share, unit, adds } = loss;
        let classes = logits.len() / images;
        assert!(logits.len() == images * classes && targets.len() >= logits.len());
        assert!(gradients.len() >= logits.len());
        let arguments = [
            logits.into(),
            targets.into(),
            images.into(),
            classes.into(),
            temperature.into(),
            share.into(),
            unit.into(),
            usize::from(adds).into(),
            gradients.into(),
        ];
        self.cross_entropy.launch([images.div_ceil(self.cross_entropy.threads()), 1], &arguments)
    }
}
