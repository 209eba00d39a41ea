//! How good a network is: in f32, in integers, and over several runs.

pub mod check;
pub mod confidence;
pub mod cross_validation;
pub mod dead_units;
pub mod score;
pub mod statistics;
