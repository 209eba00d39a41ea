//! Trains, quantises and exports LeNet.
#![deny(unsafe_code)]

pub mod activations;
pub mod checkpoint;
mod conv_block;
pub mod dataset;
pub mod device;
pub mod download;
pub mod metrics;
pub mod network;
pub mod optimizer;
pub mod pipeline;
mod progress;
pub mod recipe;
pub mod scoring;
pub mod stock_ops;
#[cfg(test)]
mod test_images;
pub mod training;
pub mod weights;
