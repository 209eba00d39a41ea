//! Trains, quantises and exports LeNet.

mod conv_block;
pub mod metrics;
pub mod network;
pub mod optimizer;
pub mod stock_ops;
pub mod weights;
