//! Trains, quantises and exports LeNet.

pub mod metrics;
pub mod weights;
