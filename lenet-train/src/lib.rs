//! Trains LeNet, quantizes it, exports it as a model file, and checks that file.
//!
//! The modules, in the order of their dependencies; each uses only those above it in this list:
//!
//! - [`data`]: the images, where they come from, and which are held out.
//! - [`backend`]: the convolutions of the CPU, and the CUDA device with its kernels.
//! - [`model`]: the network: its weights as plain numbers, as dfdx layers, and as integers.
//! - [`exchange`]: import and export of the weights: PyTorch and ONNX.
//! - [`augment`]: random changes of the training images.
//! - [`eval`]: loss and accuracy, the check of a model file, the confidence threshold, statistics over several runs.
//! - [`quantize`]: from f32 weights to an integer model, with calibrated activation ranges.
//! - [`train`]: the recipes and the training loop.
//! - [`run`]: one run on disk: its folder, settings, checkpoint, metrics and model file.
//! - [`report`]: the HTML report of a run.
//! - [`commands`]: the commands of the program; [`commands::train`] is a training run from start to finish.
// Only the calls of the CUDA driver are allowed to be unsafe, in `backend::cuda::driver`.
#![deny(unsafe_code)]
#![cfg_attr(
    all(test, feature = "cuda"),
    allow(clippy::duplicate_mod, reason = "tests of a device are compiled once per device")
)]

pub mod augment;
pub mod backend;
pub mod commands;
pub mod data;
mod draws;
pub mod eval;
pub mod exchange;
pub mod generate;
pub mod model;
pub mod quantize;
pub mod report;
pub mod run;
#[cfg(test)]
mod test_device;
#[cfg(test)]
mod test_images;
pub mod train;
