//! Trains, quantises and exports LeNet.

pub mod metrics;
pub mod report;
pub mod weights;
