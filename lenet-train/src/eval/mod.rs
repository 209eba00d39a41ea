//! Evaluation: the accuracy of a network in f32 and in integers, its confidence, and statistics over several runs.

pub mod check;
pub mod confidence;
pub mod cross_validation;
pub mod dead_units;
pub mod score;
pub mod score_card;
pub mod statistics;
