//! What the program can be asked to do.

pub mod bench_accuracy;
pub mod cross_validate;
mod deliver;
pub mod train;
