//! One run: its description, its folder and checkpoint, its output while it trains, and its metrics.

pub(crate) mod banner;
pub mod checkpoint;
pub mod config;
pub mod config_file;
pub mod console;
pub mod epoch_log;
pub mod export;
pub mod folder;
pub mod interrupt;
pub mod metrics;
pub(crate) mod progress;
pub mod selection;
pub mod teachers;
pub mod trained;
