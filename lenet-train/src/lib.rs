//! Trains, quantises and exports LeNet.

pub mod dataset;
pub mod download;
pub mod metrics;
pub mod report;
pub mod weights;
