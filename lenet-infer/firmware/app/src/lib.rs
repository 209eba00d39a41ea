//! All that the firmware does on any board: classify the golden digits, print the first, and judge every logit.
//!
//! The map of the crate:
//!
//! - [`Board`]: what a board must offer; all else is the same everywhere.
//! - [`run`]: the program.
//! - [`bench`]: the program whose instructions and stack are measured.
//! - `corpus`, with the feature of that name: the program that compares the core's kernels with the portable ones.
//! - `golden`: the digits, and the logits that every core must give for them.
//! - `picture`: a digit as text.
//! - `stack`: how much stack a call takes, by painting.
#![no_std]

#[cfg(test)]
extern crate std;

mod bench;
mod board;
#[cfg(feature = "corpus")]
mod corpus;
mod golden;
mod picture;
mod run;
mod stack;

pub use bench::bench;
pub use board::{Board, Memory};
#[cfg(feature = "corpus")]
pub use corpus::corpus;
pub use run::run;
