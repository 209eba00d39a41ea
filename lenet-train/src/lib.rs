//! Trains LeNet, quantizes it, exports it, and checks what it exported.
//!
//! The map of the crate, in the order that the data takes; [`pipeline`] is the main job from end to end:
//!
//! - [`dataset`] and [`download`]: where the IDX files come from, the split, the order of an epoch.
//! - [`recipe`] and [`training`]: the numbers, and the loop. [`network`] is LeNet on dfdx, [`optimizer`] its steps, [`device`] the
//!   choice of CPU or CUDA; the CPU convolves by an operation of its own, CUDA by [`stock_ops`]. [`augment`] changes the
//!   images, [`rounding`] the activations of a network that is trained in integers.
//! - [`checkpoint`]: where a run stands between two epochs; [`teachers`]: which finished runs may teach another.
//! - [`quantize`]: f32 weights to a model of integers, with ranges calibrated on [`activations`].
//! - [`confidence`]: from which confidence on a prediction is confident.
//! - [`export`], [`evaluate`] and [`deliver`]: the model file, the check of it through `lenet_infer::Engine`, and the two together.
//! - [`metrics`] and [`report`]: what a run measured, for programs and for people.
//! - [`cross_validation`] and [`bench_accuracy`]: many runs, to choose a recipe by and to say how good it is.
#![deny(unsafe_code)]

pub mod activations;
pub mod augment;
pub mod bench_accuracy;
pub mod checkpoint;
pub mod confidence;
mod conv_block;
pub mod cross_validation;
pub mod dataset;
pub mod deliver;
pub mod device;
pub mod download;
pub mod evaluate;
pub mod export;
pub mod metrics;
pub mod network;
pub mod optimizer;
pub mod output_layer;
pub mod pipeline;
mod progress;
pub mod quantize;
pub mod recipe;
pub mod report;
pub mod rounding;
pub mod scoring;
mod simd;
pub mod stock_ops;
pub mod teachers;
#[cfg(test)]
mod test_images;
pub mod training;
pub mod weights;
mod whole;
