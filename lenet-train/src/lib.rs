//! Trains, quantises and exports LeNet.
#![deny(unsafe_code)]

pub mod activations;
pub mod checkpoint;
mod conv_block;
pub mod dataset;
pub mod deliver;
pub mod device;
pub mod download;
pub mod evaluate;
pub mod export;
pub mod metrics;
pub mod network;
pub mod optimizer;
pub mod pipeline;
mod progress;
pub mod quantize;
pub mod recipe;
pub mod report;
pub mod scoring;
pub mod stock_ops;
#[cfg(test)]
mod test_images;
pub mod training;
pub mod weights;
