//! Trains LeNet, quantizes it, exports it, and checks what it exported.
//!
//! The map of the crate, from the ground up; a room uses only those above it in this list:
//!
//! - [`data`]: the images, where they come from, and which are held out.
//! - [`backend`]: the operations that differ between the CPU and CUDA.
//! - [`model`]: the network: its weights, on dfdx, and in integers.
//! - [`exchange`]: the weights from and to PyTorch, and as ONNX.
//! - [`augment`]: random changes of the training images.
//! - [`eval`]: loss and accuracy, the check of a model file, the confidence threshold, statistics over runs.
//! - [`quantize`]: f32 weights to a model of integers, with calibrated activation ranges.
//! - [`train`]: the recipes and the training loop.
//! - [`run`]: one run on disk: its checkpoint, its metrics and the files it leaves.
//! - [`report`]: the page that shows a run.
//! - [`commands`]: what the program can be asked to do; [`commands::train`] is the main job from end to end.
#![forbid(unsafe_code)]

pub mod augment;
pub mod backend;
pub mod commands;
pub mod data;
pub mod eval;
pub mod exchange;
pub mod model;
pub mod quantize;
pub mod report;
pub mod run;
#[cfg(test)]
mod test_images;
pub mod train;
