//! The errors that stop training.

use crate::quantize::QuantizeError;
use thiserror::Error;

/// The error when training cannot continue.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The training loss became infinite or not a number.
    #[error(
        "expected a finite training loss, found {loss} in step {step} of epoch {epoch}: lower the learning rate (--lr) or \
         the weight decay (--weight-decay), or warm up longer (--warmup-epochs)"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The step within the epoch, counted from 1.
        step: u64,
        /// The loss.
        loss: f64,
    },
    /// The loss on the held-out images became infinite or not a number.
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
    /// A weight or a bias became infinite or not a number.
    #[error(
        "expected finite weights, found one that is infinite or not a number after epoch {epoch}: lower the learning rate \
         (--lr) or the weight decay (--weight-decay), or warm up longer (--warmup-epochs)"
    )]
    DivergedWeights {
        /// The epoch, counted from 1.
        epoch: u32,
    },
    /// The weights cannot be quantized.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// The device failed.
    #[error("the {device} device failed: {message}")]
    Device {
        /// `cpu` or `cuda`.
        device: &'static str,
        /// The device's message.
        message: String,
    },
}
