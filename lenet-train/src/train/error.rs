//! What stops a run.

use crate::backend::Backend;
use crate::quantize::QuantizeError;
use std::fmt::Display;
use thiserror::Error;

/// Why training stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The loss is no longer a finite number.
    #[error(
        "expected a finite training loss, found {loss} in step {step} of epoch {epoch}: lower the learning rate (--lr) or \
         the weight decay (--weight-decay), or warm up longer (--warmup-epochs)"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The step in the epoch, counted from 1.
        step: u64,
        /// The loss.
        loss: f64,
    },
    /// The last steps of an epoch left a network whose loss is no longer a finite number.
    #[error(
        "expected a finite loss on the held-out images, found {loss} after epoch {epoch}: lower the learning rate (--lr) \
         or the weight decay (--weight-decay), or warm up longer (--warmup-epochs)"
    )]
    DivergedHeldOut {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The loss.
        loss: f64,
    },
    /// The weights cannot be quantized.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// The device reported an error.
    #[error("the {device} device stopped training: {message}")]
    Device {
        /// `cpu` or `cuda`.
        device: &'static str,
        /// What it reported.
        message: String,
    },
}

/// Wraps a device's error, which is not a [`std::error::Error`].
pub(super) fn device_error<D: Backend>(error: impl Display) -> TrainingError {
    TrainingError::Device { device: D::NAME, message: error.to_string() }
}
