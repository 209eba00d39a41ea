//! Trains, quantises and exports LeNet.

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
pub mod report;
pub mod scoring;
pub mod stock_ops;
pub mod training;
pub mod weights;
